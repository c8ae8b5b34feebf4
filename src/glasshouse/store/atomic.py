"""Files that are there whole or not at all, whenever the process dies."""

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from glasshouse.errors import StoreError

FULL = (errno.ENOSPC, errno.EDQUOT)
FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


def write_text(path: Path, text: str) -> None:
    """Replaces a file: readers see the old text or the new one, never a part.

    Raises:
        StoreError: no permission, no space, no such place.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:
    """Replaces a file by a value, indented for people.

    Raises:
        StoreError: as `write_text`.
        ValueError: the value has a NaN or an infinity.
    """
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """What a JSON file holds.

    Raises:
        StoreError: it is missing, unreadable or not JSON.
    """
    with explained(path, "read"):
        text = path.read_bytes()
    try:
        return json.loads(text)
    except ValueError as error:
        raise StoreError(f"{path} is not JSON ({error}).", "Restore it, or delete it and resume.") from error


def sync_folder(folder: Path) -> None:
    """Makes a rename in a folder survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def explained(path: Path, verb: str = "write") -> Iterator[None]:
    """Turns what the operating system refuses into one sentence.

    Raises:
        StoreError: for every OSError inside.
    """
    try:
        yield
    except StoreError:
        raise
    except OSError as error:
        raise StoreError(*_in_words(error, path, verb)) from error


def _in_words(error: OSError, path: Path, verb: str) -> tuple[str, str]:
    if error.errno in FULL:
        return (
            f"The disk is full: {path} could not be written.",
            "Free some space and run the command again; it resumes.",
        )
    if error.errno in FORBIDDEN:
        return f"No permission to {verb} {path}.", "Choose another folder, or change its rights."
    return f"Cannot {verb} {path}: {error.strerror or error}.", "Check the path."
