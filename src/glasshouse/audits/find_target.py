"""Where a target lies and which base it is to be audited on."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

from glasshouse.audits.blind import is_adapter
from glasshouse.audits.fingerprint import Fingerprint, fingerprint, recognize
from glasshouse.errors import ModelError
from glasshouse.models.adapter import CONFIG
from glasshouse.models.merged import read_checkpoint


@dataclass(frozen=True)
class BaseChoice:
    """Which base a target is audited on, and why."""

    name: str
    hint: str | None
    """What the target's own config says; a hint, since anybody can write it."""
    given: bool
    """Whether the user named the base."""


def find_target(name: str) -> Path:
    """The folder of a target: a folder, or a hub name that is in the local cache (nothing is fetched).

    Raises:
        ModelError: there is none, or it is neither an adapter nor a model.
    """
    folder = Path(name).expanduser()
    if not folder.is_dir():
        folder = _cached(name)
    if not (is_adapter(folder) or (folder / "config.json").is_file()):
        raise ModelError(
            f"{folder} is neither an adapter nor a model: it has no adapter_config.json and no config.json.",
            "Give a PEFT folder or a transformers folder.",
        )
    whole = [path for path in folder.glob("*.safetensors") if not path.name.startswith("adapter_")]
    if is_adapter(folder) and whole:
        problem = f"{folder} holds an adapter and a whole model, and one may hide the other."
        raise ModelError(problem, "Give a folder with the one that you would load.")
    return folder


def _cached(name: str) -> Path:
    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError, ValueError) as error:
        raise ModelError(
            f"There is no folder '{name}' and no such model in the local cache of the hub.",
            f"Check the path, or fetch it with: hf download {name}",
        ) from error


def choose_base(
    target: Path, given: str | None, known: Mapping[str, Fingerprint] | None = None
) -> BaseChoice:
    """The base to audit on: the one given, or else the one recognized by weights, or else the one hinted at.

    Args:
        target: the target's folder.
        given: the base that the user named.
        known: name -> fingerprint of bases; whole checkpoints are looked up there.

    Raises:
        ModelError: nothing says which base it is.
    """
    hint = _hint(target)
    if given:
        return BaseChoice(given, hint, True)
    if known and not is_adapter(target):
        nearest = recognize(fingerprint(read_checkpoint(target).weights), known)
        if nearest:
            return BaseChoice(nearest[0], hint, False)
    if hint:
        return BaseChoice(hint, hint, False)
    raise ModelError(f"{target} does not say what its base is.", "Name it with --base.")


def _hint(target: Path) -> str | None:
    field = "base_model_name_or_path" if is_adapter(target) else "_name_or_path"
    try:
        config = json.loads((target / (CONFIG if is_adapter(target) else "config.json")).read_text("utf-8"))
    except (OSError, ValueError):
        return None  # reading the target says what is wrong
    hint = config.get(field) if isinstance(config, dict) else None
    return hint if isinstance(hint, str) and hint else None
