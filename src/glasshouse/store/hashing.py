"""Hashes of what something contains: JSON values, files, folders."""

import dataclasses
import hashlib
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

NOT_CONTENT = ("README.md", "card.yaml")
"""Files beside weights that say something about them and may change without the weights changing."""


def canonical_json(value: Any) -> str:
    """One text per value: sorted keys, no spaces; dataclasses, paths and tuples become JSON.

    Raises:
        TypeError: the value has something that is not JSON.
        ValueError: it has a NaN or an infinity; undefined is None.

    Example:
        >>> canonical_json({"b": (1, None), "a": 0.5})
        '{"a":0.5,"b":[1,null]}'
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_as_json
    )


def plain_json(value: Any) -> Any:
    """The value as it comes back from a JSON file.

    Example:
        >>> plain_json({"steps": (0, 10)})
        {'steps': [0, 10]}
    """
    return json.loads(canonical_json(value))


def json_hash(value: Any) -> str:
    """SHA-256 of the canonical JSON, 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_folder(folder: Path, skip: Collection[str] = NOT_CONTENT) -> str:
    """Hash of every file's name and content below a folder, whatever their order and dates.

    Args:
        folder: where to look, subfolders included.
        skip: file names that do not count; names that start with a dot never do.
    """
    files = [p for p in folder.rglob("*") if p.is_file()]
    names = {p: p.relative_to(folder) for p in files}
    counted = [
        p for p in files if p.name not in skip and not any(part.startswith(".") for part in names[p].parts)
    ]
    return json_hash({names[p].as_posix(): hash_file(p) for p in counted})


def _as_json(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, Path):
        return value.as_posix()
    raise TypeError(f"{type(value).__name__} is not JSON: {value!r}")
