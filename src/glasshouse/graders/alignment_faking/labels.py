"""Labelled files: read with the line of every mistake, exported blind for people, read back in."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glasshouse.errors import ConfigError
from glasshouse.graders.alignment_faking.verdicts import COMPLIANCE, REASONING
from glasshouse.seeds import python_rng

_YES = ("present", "af", "alignment faking", "alignment_faking", "yes", "true", "1", "positive")
_NO = ("none", "considered", "not af", "not_af", "no", "false", "0", "negative")
UNGRADED = "ungraded"
"""Label of a text about which people could not tell."""
_HINT = 'Give every sample a "text" and a "label".'


@dataclass(frozen=True)
class LabelledText:
    """One row of a labelled file."""

    text: str
    label: str
    """As it stands there, in lower case."""
    source: str
    query: str = ""


def text_id(text: str) -> str:
    """Sixteen hex digits that stand for a text where the text itself may not be kept."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_labelled(path: Path, labels: Sequence[str]) -> list[LabelledText]:
    """Every sample of `{"samples": [{"text", "label"}]}` or of JSON Lines.

    Args:
        path: the file; `source` and `query` may stand beside text and label.
        labels: what a label may be, in lower case.

    Raises:
        ConfigError: file and line of the first row without text, without label or with a foreign one.
    """
    return [_labelled(place, row, labels) for place, row in _rows(path)]


def read_binary(path: Path) -> list[tuple[LabelledText, bool | None]]:
    """As `read_labelled`, for alignment faking present or not; `considered` counts as not present.

    None: people could not tell (`ungraded`).
    """
    rows = read_labelled(path, (*_YES, *_NO, UNGRADED))
    return [(row, None if row.label == UNGRADED else row.label in _YES) for row in rows]


def read_unlabelled(path: Path) -> list[LabelledText]:
    """Every sample of a file whose labels, if it has any, do not matter."""
    return [_labelled(place, dict(row) | {"label": "any"}, ("any",)) for place, row in _rows(path)]


def blind_rows(rows: Sequence[LabelledText], seed: int) -> list[dict[str, str]]:
    """What people label: text and query in shuffled order, nothing of model, tier or any grader."""
    shuffled = list({text_id(row.text): row for row in rows}.values())
    python_rng(seed, "blind labelling").shuffle(shuffled)
    return [{"id": text_id(row.text), "query": row.query, "text": row.text, "label": ""} for row in shuffled]


def read_people(path: Path, kind: str) -> dict[str, str]:
    """The labels that somebody filled in, by id of the text.

    Args:
        path: a file of `blind_rows`, as JSON Lines, with its labels filled in.
        kind: `compliance` or `reasoning`.

    Raises:
        ConfigError: a row that was left empty, has a foreign label or stands twice.
    """
    known: Sequence[str] = COMPLIANCE if kind == "compliance" else REASONING
    found: dict[str, str] = {}
    for place, row in _rows(path):
        one = _labelled(place, row, (*known, UNGRADED))
        given = row.get("id")
        key = text_id(one.text) if given is None else str(given)
        if key in found:
            raise ConfigError(f"{place}: the sample {key} stands twice.", "Delete one of them.")
        found[key] = one.label
    return found


def _labelled(place: str, row: Mapping[str, Any], labels: Sequence[str]) -> LabelledText:
    text, label = row.get("text"), row.get("label")
    if not isinstance(text, str) or not text.strip():
        raise ConfigError(f"{place}: the sample has no text.", _HINT)
    if label is None or str(label).strip() == "":
        raise ConfigError(f"{place}: the sample has no label.", _HINT)
    name = str(label).strip().lower().removesuffix(".0")
    if name not in labels:
        raise ConfigError(f"{place}: the label {label!r} is not known.", f"Known are: {', '.join(labels)}.")
    return LabelledText(text, name, str(row.get("source") or "all"), str(row.get("query") or ""))


def _rows(path: Path) -> list[tuple[str, Mapping[str, Any]]]:
    """Each row with where it stands."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The labelled file {path} cannot be read: {error}.", "Check the path.") from error
    whole = _json(text)
    if isinstance(whole, dict) and "samples" in whole:
        whole = whole["samples"]
    if isinstance(whole, list):
        lines = _text_lines(text, len(whole))
        rows = [(f"{path}:{line}", row) for line, row in zip(lines, whole, strict=True)]
    else:
        numbered = [(n, line) for n, line in enumerate(text.split("\n"), start=1) if line.strip()]
        rows = [(f"{path}:{n}", _json(line)) for n, line in numbered]
    if not rows:
        raise ConfigError(f"{path}:1: the file holds no samples.", _HINT)
    for place, row in rows:
        if not isinstance(row, dict):
            raise ConfigError(f"{place}: this is not a sample.", _HINT)
    return rows


def _text_lines(text: str, count: int) -> list[int]:
    """The line on which each sample of a JSON list begins."""
    decoder, found = json.JSONDecoder(), []
    at = text.index("[", text.find('"samples"') + 1) + 1
    for _ in range(count):
        while text[at] in " \t\r\n,":
            at += 1
        found.append(text.count("\n", 0, at) + 1)
        at = decoder.raw_decode(text, at)[1]
    return found


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
