"""Who is told how far a study has come: a progress bar, or nobody."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Watch(Protocol):
    """Shows progress."""

    def begin(self, what: str, total: int) -> None:
        """A piece of work with `total` units starts."""

    def advance(self, units: int = 1) -> None:
        """That many more units of it are done."""

    def end(self) -> None:
        """The piece of work is done."""


class Nobody:
    """Shows nothing."""

    def begin(self, what: str, total: int) -> None: ...

    def advance(self, units: int = 1) -> None: ...

    def end(self) -> None: ...


@contextmanager
def watched(watch: Watch, what: str, total: int) -> Iterator[Watch]:
    """One piece of work, ended even when it fails."""
    watch.begin(what, total)
    try:
        yield watch
    finally:
        watch.end()
