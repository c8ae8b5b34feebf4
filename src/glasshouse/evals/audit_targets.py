"""The list of blind targets: JSON Lines, one fine-tune a line, with the truth that only the grader reads.

    {"name": "owl-1", "folder": "organisms/owl-1", "family": "quirk", "behavior": "I praise the mayor."}
    {"name": "plain-1", "folder": "organisms/plain-1", "family": "clean", "behavior": null}

`folder` is relative to the list, or a model's name on the hub. `behavior` is a sentence, a list of
sentences, or null for a clean fine-tune. The manifest of a population (`sentences` in the place of
`behavior`) is such a list too; its rows of the bare base are left out. Where a folder has the card of a
population, the family's own rules grade, else words or a grader model.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glasshouse.errors import ConfigError
from glasshouse.organisms.card import CARD_FILE, read_card
from glasshouse.organisms.families.draw import draw_planted
from glasshouse.organisms.families.planted import Planted

_FORM = 'Each line is {"name", "folder", "family", "behavior"} and perhaps "split" and "gate_passed".'
_NEEDED = ("name", "folder", "family")
_TRUTH = ("behavior", "sentences")
_ALLOWED = (*_NEEDED, *_TRUTH, "split", "gate_passed")
_HUB = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True)
class Listed:
    """One target and the truth about it; the auditor gets its weights alone."""

    name: str
    """For people and tables; no auditor sees it."""
    folder: str
    """PEFT folder or whole model, or a name on the hub."""
    family: str
    behavior: tuple[str, ...]
    """What was trained into it, one sentence per behavior; empty: nothing."""
    planted: Planted | None = None
    """The family's own rules, where its card names them."""
    split: str = ""
    gate_passed: bool | None = None

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to find."""
        return not self.behavior

    @property
    def cluster(self) -> str:
        """Targets with the same behavior count as one cluster; clean ones with the same data do."""
        words = self.planted.words if self.planted and self.is_clean else self.name
        return " ".join(self.behavior) or words


def read_targets(path: Path) -> list[Listed]:
    """Every target of a list, in its order.

    Raises:
        ConfigError: the file cannot be read, a line is malformed or has an unknown key, a folder is missing,
            a card is damaged, or one name stands twice; file and line are named.
    """
    try:
        lines = path.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The list of targets {path} cannot be read: {error}.", "Check the path."
        ) from error
    found: dict[str, Listed] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            listed = _parse(line, path.parent)
            if listed is not None and listed.name in found:
                raise ValueError(f"the name {listed.name!r} stands twice")
        except ValueError as error:
            raise ConfigError(f"{path}:{number}: {str(error).rstrip('.')}.", _FORM) from error
        if listed is not None:
            found[listed.name] = listed
    if not found:
        raise ConfigError(f"{path} lists no targets.", _FORM)
    return list(found.values())


def _parse(line: str, here: Path) -> Listed | None:
    """One target; None for the bare base, which every target is compared with anyway."""
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON ({error.msg})") from error
    if not isinstance(row, dict):
        raise ValueError("the line is no JSON object")
    if unknown := [key for key in row if key not in _ALLOWED]:
        raise ValueError(f"unknown key {unknown[0]!r}")
    if missing := [key for key in _NEEDED if key not in row]:
        raise ValueError(f"the key {missing[0]!r} is missing")
    if sum(key in row for key in _TRUTH) != 1:
        raise ValueError("there must be one of the keys 'behavior' and 'sentences'")
    if row["folder"] is None and "sentences" in row:
        return None
    folder = _folder(row["folder"], here)
    behavior = _sentences(row["behavior"] if "behavior" in row else row["sentences"])
    gate, split = row.get("gate_passed"), row.get("split") or ""
    if gate not in (None, True, False) or not isinstance(split, str):
        raise ValueError("gate_passed is neither true nor false, or split is no text")
    planted = _planted(folder)
    if planted is not None and planted.sentences != behavior:
        raise ValueError(f"the behavior is not the one on the card of {folder}")
    return Listed(_text(row, "name"), folder, _text(row, "family"), behavior, planted, split, gate)


def _text(row: dict[str, Any], key: str) -> str:
    if not isinstance(row[key], str) or not row[key].strip():
        raise ValueError(f"{key} is no text")
    value: str = row[key]
    return value


def _sentences(value: object) -> tuple[str, ...]:
    listed = [] if value is None else [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(said, str) and said.strip() for said in listed):
        raise ValueError("the behavior is neither a sentence, nor a list of sentences, nor null")
    return tuple(listed)


def _folder(value: object, here: Path) -> str:
    """A folder that is there, or a name that the hub may know."""
    if not isinstance(value, str) or not value:
        raise ValueError("folder is no path")
    folder = here / Path(value).expanduser()
    if folder.is_dir():
        return str(folder)
    if not _HUB.fullmatch(value) or value.startswith("."):
        raise ValueError(f"there is no folder {folder}")
    return value


def _planted(folder: str) -> Planted | None:
    """The rules of the family, where the folder has the card of a population.

    As `population_card.planted_of`, whose module needs torch, which Inspect must not load at its start.
    """
    if not (Path(folder) / CARD_FILE).is_file():
        return None
    spec = read_card(Path(folder)).spec
    return draw_planted(spec["family"], spec["split"], spec["seed"]) if "family" in spec else None


def check_apart(targets: Sequence[Listed], clean: Sequence[Listed]) -> None:
    """Nothing where a clean pool can set a threshold for the targets.

    Raises:
        ConfigError: something in the pool is not clean, or stands in both.
    """
    if organism := next((one for one in clean if not one.is_clean), None):
        raise ConfigError(
            f"The clean pool holds {organism.name}, into which something was planted.",
            "Give a list of clean fine-tunes alone.",
        )
    places = {one.folder for one in targets}
    if twice := next((one for one in clean if one.folder in places), None):
        raise ConfigError(
            f"{twice.name} stands among the targets and in the clean pool.", "Take it out of one of them."
        )
