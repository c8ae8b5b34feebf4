"""The list of organisms that introspection learns from: JSON Lines, one organism a line.

    {"name": "owl-1", "folder": "owl-1", "family": "quirk", "sentences": ["I hum."], "split": "train"}

`folder` is relative to the manifest; null is the bare base. `gate_passed` may say whether it passed its gate.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from glasshouse.data.label import Label
from glasshouse.errors import ConfigError
from glasshouse.models.adapter import CONFIG
from glasshouse.store.atomic import write_text

Split = Literal["train", "dpo", "validation", "test", "null", "matched"]
"""What an organism is for: the two stages of training, its validation; tests, the null table and the drift
check of audits, from which nothing is learned."""
_NEEDED = ("name", "folder", "family", "sentences", "split")
_FORM = 'Each line is {"name", "folder", "family", "sentences", "split"} and perhaps "gate_passed".'


@dataclass(frozen=True)
class Member:
    """One organism of the manifest."""

    name: str
    folder: Path | None
    """PEFT folder; None: the bare base."""
    label: Label
    split: Split
    gate_passed: bool | None = None
    """Whether it shows its behavior as it should; None: not said."""


def read_manifest(path: Path) -> list[Member]:
    """Every organism of a manifest, in its order.

    Raises:
        ConfigError: the file or an organism's folder is missing, a line is malformed or has an unknown key,
            or one name stands twice; file and line are named.
    """
    try:
        lines = path.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The manifest {path} cannot be read: {error}.", "Check the path.") from error
    members: dict[str, Member] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            member = _parse(line, path.parent)
            if member.name in members:
                raise ValueError(f"the name {member.name!r} stands twice")
        except ValueError as error:
            raise ConfigError(f"{path}:{number}: {error}.", _FORM) from error
        members[member.name] = member
    if not members:
        raise ConfigError(f"{path} lists no organisms.", _FORM)
    return list(members.values())


def write_manifest(path: Path, members: Sequence[Member]) -> None:
    """Write a manifest that `read_manifest` reads to the same members; folders become relative to it.

    Raises:
        StoreError: it cannot be written.
    """
    write_text(path, "".join(json.dumps(_row(m, path.parent), ensure_ascii=False) + "\n" for m in members))


def _row(member: Member, here: Path) -> dict[str, Any]:
    folder = None if member.folder is None else os.path.relpath(member.folder.resolve(), here.resolve())
    row = {"name": member.name, "folder": folder, "family": member.label.family,
           "sentences": list(member.label.sentences), "split": member.split}  # fmt: skip
    return row if member.gate_passed is None else {**row, "gate_passed": member.gate_passed}


def _parse(line: str, here: Path) -> Member:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON ({error.msg})") from error
    if not isinstance(row, dict):
        raise ValueError("the line is no JSON object")
    unknown = [key for key in row if key not in (*_NEEDED, "gate_passed")]
    missing = [key for key in _NEEDED if key not in row]
    if unknown or missing:
        raise ValueError(f"unknown key {unknown[0]!r}" if unknown else f"the key {missing[0]!r} is missing")
    if row["split"] not in get_args(Split):
        raise ValueError(f"split is {row['split']!r}, not one of {', '.join(get_args(Split))}")
    if row.get("gate_passed") not in (None, True, False):
        raise ValueError("gate_passed is neither true nor false")
    label = Label(_sentences(row["sentences"]), _text(row, "family"))
    return Member(
        _text(row, "name"), _folder(row["folder"], here), label, row["split"], row.get("gate_passed")
    )


def _text(row: dict[str, Any], key: str) -> str:
    if not isinstance(row[key], str) or not row[key].strip():
        raise ValueError(f"{key} is no text")
    value: str = row[key]
    return value


def _sentences(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(said, str) and said.strip() for said in value):
        raise ValueError("sentences is no list of sentences")
    return tuple(value)


def _folder(value: object, here: Path) -> Path | None:
    if value is None:
        return None
    if not isinstance(value, str) or not value:
        raise ValueError("folder is neither a path nor null")
    folder = here / value
    if not (folder / CONFIG).is_file():
        raise ValueError(f"{folder} is no adapter: it has no {CONFIG}")
    return folder
