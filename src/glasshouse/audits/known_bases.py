"""Bases that are known by their weights, so that a mirror or a rounded copy of one counts as it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from glasshouse.audits.find_target import find_target
from glasshouse.audits.fingerprint import Fingerprint, distance, fingerprint, relation
from glasshouse.audits.provenance import compare_tokenizers
from glasshouse.audits.text_loss import PLAIN_TEXT
from glasshouse.errors import ModelError
from glasshouse.models.adapter import CONFIG
from glasshouse.models.base import folder_hash, load_tokenizer, phantom_folders
from glasshouse.models.merged import read_checkpoint, read_config

SHAPE = ("model_type", "hidden_size", "intermediate_size", "num_hidden_layers", "vocab_size")
"""Fields of a config in which copies agree; where they differ no weight is read."""


@dataclass(frozen=True)
class Copy:
    """A known base whose weights a folder holds, up to rounding."""

    name: str
    """Of the known base."""
    folder_hash: str
    """Of the folder that was given."""
    distance: float
    """Relative to the weights; 0 for a mirror, about 0.002 for bf16."""

    def record(self) -> dict[str, str | float]:
        """The copy as it stands in a result; no name enters."""
        return {"given_base_hash": self.folder_hash, "given_base_distance": round(self.distance, 4)}


def known_bases(adapter: Path | None) -> dict[str, Path]:
    """Name -> folder: the phantoms that are here, and the base that an introspection adapter names.

    Args:
        adapter: introspection adapter; its base counts where it lies on this disk.
    """
    found = phantom_folders()
    name = _named_by(adapter) if adapter is not None else None
    if name and name.removeprefix("glasshouse/") not in found:
        try:
            folder = find_target(name)
        except ModelError:
            return found  # not on this disk, so nothing is known of it
        if (folder / "config.json").is_file():
            found[name] = folder
    return found


def _named_by(adapter: Path) -> str | None:
    try:
        name = json.loads((adapter / CONFIG).read_text("utf-8")).get("base_model_name_or_path")
    except (OSError, ValueError, AttributeError):
        return None  # reading the adapter says what is wrong
    return name if isinstance(name, str) and name else None


def fingerprints(folder: Path, known: Mapping[str, Path]) -> dict[str, Fingerprint]:
    """Name -> fingerprint of those known bases that have a folder's shape.

    Raises:
        ModelError: the folder has no readable config.
    """
    own = _shape(folder)
    same = {name: path for name, path in known.items() if _shape(path) == own}
    return {name: fingerprint(read_checkpoint(path).weights) for name, path in same.items()}


def find_copy(folder: Path, known: Mapping[str, Path]) -> Copy | None:
    """The known base of which a base's folder is a mirror or a copy in another dtype or in 8 bits.

    None where it is a known base itself, or no copy of one. The tokenizers must agree too.

    Args:
        folder: of a base.
        known: name -> folder.

    Raises:
        ModelError: the folder has no readable config.
    """
    if folder.resolve() in {path.resolve() for path in known.values()}:
        return None
    candidates = fingerprints(folder, known)
    if not candidates:
        return None
    try:
        own = fingerprint(read_checkpoint(folder).weights)
    except ModelError:
        return None  # what cannot be read is no copy; loading it says what is wrong
    for name, other in candidates.items():
        apart = distance(own, other)
        if relation(own, other) == "same" and apart is not None and _same_tokens(folder, known[name]):
            return Copy(name, folder_hash(folder), apart)
    return None


def _shape(folder: Path) -> tuple[object, ...]:
    config = read_config(folder)
    return tuple(config.get(key) for key in SHAPE)


def _same_tokens(folder: Path, known: Path) -> bool:
    try:
        return compare_tokenizers(folder, load_tokenizer(known), PLAIN_TEXT) != "none given"
    except ModelError:
        return False
