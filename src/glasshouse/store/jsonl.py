"""Append-only records, one JSON object a line; a torn last line is reported and taken away, never hidden."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glasshouse.errors import StoreError
from glasshouse.store.atomic import explained, write_text


@dataclass(frozen=True)
class Rows:
    """What a file holds."""

    rows: list[dict[str, Any]]
    torn: bytes
    """The last line where a process died while writing it; empty otherwise."""


def read_rows(path: Path) -> Rows:
    """Every whole row of a file; no rows where there is no file.

    Raises:
        StoreError: it cannot be read, or a line before the last is not a JSON object (its number is named).
    """
    if not path.exists():
        return Rows([], b"")
    with explained(path, "read"):
        *lines, last = path.read_bytes().split(b"\n")
    rows = [_parsed(path, number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if not last.strip():
        return Rows(rows, b"")
    whole = _object(last)
    return Rows(rows, last) if whole is None else Rows([*rows, whole], b"")


def append_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Adds rows behind those that are there, on disk when it returns.

    Returns:
        The torn last line that was taken away first, empty where there was none.

    Raises:
        StoreError: no permission, no space.
        ValueError: a row has a NaN or an infinity.
    """
    text = _lines(rows)
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        torn = recover(path)
        with path.open("ab", buffering=0) as file:
            _write_all(file.fileno(), text.encode())
            if path.is_file():
                os.fsync(file.fileno())
    return torn


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Replaces a file by these rows, whole or not at all.

    Raises:
        StoreError: no permission, no space.
        ValueError: a row has a NaN or an infinity.
    """
    write_text(path, _lines(rows))


def recover(path: Path) -> bytes:
    """Takes a torn last line away, or ends a whole one that lacks its line end.

    Returns:
        What was taken away.
    """
    if not path.is_file():
        return b""
    content = path.read_bytes()
    end = content.rfind(b"\n") + 1
    last = content[end:]
    if not last:
        return b""
    whole = _object(last) is not None
    with path.open("r+b") as file:
        if whole:
            file.seek(0, os.SEEK_END)
            file.write(b"\n")
        else:
            file.truncate(end)
        file.flush()
        os.fsync(file.fileno())
    return b"" if whole else last


def _lines(rows: Iterable[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(dict(row), ensure_ascii=False, allow_nan=False) + "\n" for row in rows)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _parsed(path: Path, number: int, line: bytes) -> dict[str, Any]:
    row = _object(line)
    if row is None:
        raise StoreError(
            f"Line {number} of {path} is not a JSON object.", "Take the line out, or restore the file."
        )
    return row


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None
