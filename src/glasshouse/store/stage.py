"""Stages named by what they are made of: finished work is found again, unfinished work resumes.

A stage's folder is `KIND-HASH12`: the hash of its kind, the version number of that kind (raised by hand when
its meaning changes), its config and the hashes of its inputs. The commit is recorded and not hashed.
`done.json` is written last: a folder with it is finished; the holder of the lock resumes one without it.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from glasshouse.errors import StoreError
from glasshouse.store.atomic import explained, read_json, sync_folder, write_json
from glasshouse.store.hashing import canonical_json, json_hash, plain_json
from glasshouse.store.layout import DONE_FILE, LOCK_NOTE, LOCKS_FILE, RUNS_FOLDER, STAGE_FILE, STAGES_FOLDER
from glasshouse.store.lock import Lock
from glasshouse.store.provenance import now, provenance


@dataclass(frozen=True)
class StageKey:
    """What a stage is made of; two keys that say the same are the same stage."""

    kind: str
    """For example `grow`, `safety`, `evaluate`: letters, digits, `_`."""
    version: int
    """Of the kind's meaning; raised by hand."""
    config: Mapping[str, Any]
    """Everything that is set, as JSON."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Name -> content hash of everything that is read."""

    @property
    def hash(self) -> str:
        """64 hexadecimal digits."""
        return json_hash([self.kind, self.version, self.config, self.inputs])

    @property
    def folder_name(self) -> str:
        """For example `grow-0123456789ab`."""
        return f"{self.kind}-{self.hash[:12]}"


class StageFolder:
    """One stage on disk: finished, or this process's to finish."""

    def __init__(self, path: Path, key: StageKey, lock: Lock | None) -> None:
        self.path = path
        self.key = key
        self._lock = lock
        """None where the stage was finished before."""

    @property
    def done(self) -> bool:
        """Whether the stage is finished."""
        return (self.path / DONE_FILE).exists()

    def finish(self, outputs: Mapping[str, Any]) -> None:
        """Marks the stage finished, after everything in its folder is on disk.

        Args:
            outputs: what the next stages need to know, as JSON: hashes, file names in the folder, numbers.

        Raises:
            StoreError: it was finished before with other outputs, or cannot be written.
        """
        if self.done:
            if canonical_json(self.outputs()) != canonical_json(outputs):
                raise StoreError(
                    f"The stage {self.path} was finished before with other outputs.",
                    "Raise the version of its kind where its meaning changed; otherwise delete the folder.",
                )
        else:
            _sync_below(self.path)
            write_json(self.path / DONE_FILE, {"outputs": plain_json(outputs), "finished": now()})
        self.release()

    def outputs(self) -> dict[str, Any]:
        """What `finish` was given.

        Raises:
            StoreError: the stage is not finished.
        """
        if not self.done:
            raise StoreError(
                f"The stage {self.path} is not finished.", "Run the command that makes it again; it resumes."
            )
        return dict(read_json(self.path / DONE_FILE)["outputs"])

    def release(self) -> None:
        """Lets another process resume the stage."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> "StageFolder":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class Store:
    """Runs and the stages they share, below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.used: dict[str, StageFolder] = {}
        """Every stage asked for so far, by hash, in that order; a run notes them when it is done."""

    @property
    def runs(self) -> Path:
        """Folder of the runs."""
        return self.root / RUNS_FOLDER

    def stage(self, key: StageKey) -> StageFolder:
        """The folder of a stage, made and locked where it is not finished.

        Use it as a context manager, or call `finish` or `release`; a process that dies releases by dying.

        Raises:
            StoreError: another process works in it, it cannot be written, or two keys share a folder's name.
        """
        folder = self._open(key)
        self.used[key.hash] = folder
        return folder

    def _open(self, key: StageKey) -> StageFolder:
        path = self.root / STAGES_FOLDER / key.folder_name
        if (path / DONE_FILE).exists():
            _check_same(path, key)
            return StageFolder(path, key, None)
        with explained(path):
            path.mkdir(parents=True, exist_ok=True)
        lock = Lock(self.root / STAGES_FOLDER / LOCKS_FILE, int(key.hash[:15], 16), path / LOCK_NOTE)
        lock.take()
        folder = StageFolder(path, key, lock)
        if (path / STAGE_FILE).exists():
            _check_same(path, key)
        else:
            write_json(path / STAGE_FILE, _manifest(key))
        if folder.done:
            folder.release()
        return folder


def _manifest(key: StageKey) -> dict[str, Any]:
    return {
        "kind": key.kind,
        "version": key.version,
        "hash": key.hash,
        "config": plain_json(key.config),
        "inputs": dict(key.inputs),
        "provenance": provenance(),
    }


def _check_same(path: Path, key: StageKey) -> None:
    if read_json(path / STAGE_FILE).get("hash") != key.hash:
        raise StoreError(f"{path} belongs to another stage.", f"Delete {path} and run the command again.")


def _sync_below(folder: Path) -> None:
    """Every file's bytes on disk before the mark that says so."""
    with explained(folder):
        for path in sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink()):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        sync_folder(folder)
