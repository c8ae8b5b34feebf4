"""One process at a time in a stage; a process that dies, however it dies, leaves no lock behind.

A lock is one byte of one file per store, locked by the operating system (`fcntl.lockf`): it ends with its
process, works across the machines of a cluster, is not inherited by a fork and costs one descriptor for any
number of stages. The note in the stage's folder says who works there; a stale one stops nobody.
"""

import fcntl
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from glasshouse.errors import StoreError
from glasshouse.store.atomic import explained, read_json, write_json
from glasshouse.store.provenance import now

_OPEN: dict[Path, int] = {}
"""Descriptor of each store's lock file: closing one would drop every lock on it, so none is closed."""


@dataclass(frozen=True)
class Lock:
    """The right to work in one stage; this process may take one of its own again."""

    file: Path
    """Shared by all stages of a store."""
    byte: int
    """Which byte of the file is this stage's."""
    note: Path
    """Where the owner is written down."""

    def take(self) -> None:
        """Takes the lock.

        Raises:
            StoreError: another process that lives has it, or the file system has no locks.
        """
        descriptor = _descriptor(self.file)
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, self.byte)
        except (BlockingIOError, PermissionError) as error:
            problem = f"{self._owner()} is working in {self.note.parent}."
            raise StoreError(problem, "Wait for it, or end it, and run the command again.") from error
        except OSError as error:
            problem = f"The file system of {self.file} has no locks ({error.strerror})."
            raise StoreError(problem, "Choose a folder on a local disk.") from error
        write_json(self.note, {"process": os.getpid(), "host": socket.gethostname(), "since": now()})

    def release(self) -> None:
        """Gives the lock back."""
        self.note.unlink(missing_ok=True)
        fcntl.lockf(_descriptor(self.file), fcntl.LOCK_UN, 1, self.byte)

    def _owner(self) -> str:
        try:
            who = read_json(self.note)
        except StoreError:
            return "Another process"
        return f"Process {who['process']} on {who['host']}"


def _descriptor(file: Path) -> int:
    path = file.resolve()
    if path not in _OPEN or os.fstat(_OPEN[path]).st_nlink == 0:
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            _OPEN[path] = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    return _OPEN[path]
