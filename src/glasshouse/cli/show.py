"""What commands print: tables that keep their words whole, and bars for what takes long."""

import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from glasshouse.organisms.tell import Tell

_WIDE = 160
"""Columns where nobody looks at a screen: in a file or a pipe, lines are not broken."""


def console() -> Console:
    """Standard output."""
    return Console(width=None if sys.stdout.isatty() else _WIDE)


def progress_bar(hidden: bool) -> Progress:
    """A bar with a count and the time, on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), disable=hidden)


def teller(progress: Progress) -> Tell:
    """Shows every kind of work as one bar."""
    tasks: dict[str, TaskID] = {}

    def tell(what: str, done: int, total: int) -> None:
        if what not in tasks:
            tasks[what] = progress.add_task(what, total=total)
        progress.update(tasks[what], completed=done, total=total)

    return tell
