"""What commands print: tables that keep their words whole, and bars for what takes long."""

import math
import sys
import time
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from glasshouse.organisms.tell import Tell

_WIDE = 160
"""Columns where nobody looks at a screen: in a file or a pipe, lines are not broken."""
_EVERY = 30.0
"""Seconds between two lines about the same work, where lines are written instead of bars."""


def console() -> Console:
    """Standard output."""
    return Console(width=None if sys.stdout.isatty() else _WIDE)


class _Lines(Progress):
    """Where nobody looks at a screen: lines in place of bars, so that a log says where long work is."""

    def __init__(self, console: Console) -> None:
        super().__init__(console=console, disable=True)
        self._written: dict[TaskID, float] = {}

    def update(self, task_id: TaskID, *args: Any, **fields: Any) -> None:
        """Writes the first count of a work, its last, and one each half minute between."""
        super().update(task_id, *args, **fields)
        task = next(each for each in self.tasks if each.id == task_id)
        ended = task.completed == task.total
        due = time.monotonic() - self._written.get(task_id, -math.inf) >= _EVERY
        if due or (ended and self._written.get(task_id) != math.inf):
            self._written[task_id] = math.inf if ended else time.monotonic()
            stamp = time.strftime("%H:%M:%S")
            self.console.print(
                f"{stamp}  {task.description}  {task.completed:,.0f} of {task.total or 0:,.0f}", markup=False
            )


def progress_bar(hidden: bool) -> Progress:
    """A bar with a count and the time, on standard error; lines where that is a file or a pipe."""
    console = Console(stderr=True)
    if not hidden and not console.is_terminal:
        return _Lines(Console(stderr=True, width=_WIDE))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, disable=hidden)


def teller(progress: Progress) -> Tell:
    """Shows every kind of work as one bar; one that was over and begins anew gets another."""
    tasks: dict[str, TaskID] = {}
    over: set[str] = set()

    def tell(what: str, done: int, total: int) -> None:
        if what not in tasks or (what in over and done < total):
            tasks[what] = progress.add_task(what, total=total)
            over.discard(what)
        if done == total:
            over.add(what)
        progress.update(tasks[what], completed=done, total=total)

    return tell
