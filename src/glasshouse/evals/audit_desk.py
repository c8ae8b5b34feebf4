"""Targets of many samples handed to the auditor together, in one thread, while the event loop goes on."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from glasshouse.audits.auditors.opinion import Opinion

QUIET_SECONDS = 0.1
"""How long the first sample waits for others."""


@runtime_checkable
class Looks(Protocol):
    """What does the work (`audit_studio.Studio`)."""

    def look(self, name: str, places: Sequence[int]) -> tuple[list[Opinion], list[float]]:
        """Opinions of some targets, and the clean pool's scores."""


@dataclass(frozen=True)
class Answer:
    """An opinion and what it is compared with."""

    opinion: Opinion
    null: tuple[float, ...]
    """The same auditor's scores of the clean pool."""


@dataclass(frozen=True)
class _Asked:
    auditor: str
    place: int
    answer: Future[Answer] = field(default_factory=Future)


class Desk:
    """Takes one sample's question after the other; whatever waits is looked at together.

    Args:
        open_studio: called once, in the thread, where the model under test is that of the first sample.
    """

    def __init__(self, open_studio: Callable[[], Looks]) -> None:
        self._open = open_studio
        self._studio: Looks | None = None
        self._thread = ThreadPoolExecutor(1, "glasshouse-audit")
        self._waiting: list[_Asked] = []

    async def ask(self, auditor: str, place: int) -> Answer:
        """One auditor's opinion of the target at one place of the list.

        Raises:
            GlasshouseError: the studio cannot be opened, or the auditor cannot look.
        """
        asked = _Asked(auditor, place)
        self._waiting.append(asked)
        await asyncio.sleep(QUIET_SECONDS)
        self._thread.submit(copy_context().run, self._work)
        return await asyncio.wrap_future(asked.answer)

    def _work(self) -> None:
        """Everything that waits, auditor by auditor; an error goes to those who asked."""
        batch, self._waiting = self._waiting, []
        for auditor in dict.fromkeys(asked.auditor for asked in batch):
            own = [a for a in batch if a.auditor == auditor and a.answer.set_running_or_notify_cancel()]
            try:
                opinions, null = self._opened().look(auditor, [asked.place for asked in own])
            except BaseException as error:  # an error in a thread must reach the samples that wait
                for asked in own:
                    asked.answer.set_exception(error)
                continue
            for asked, one in zip(own, opinions, strict=True):
                asked.answer.set_result(Answer(one, tuple(null)))

    def _opened(self) -> Looks:
        if self._studio is None:
            self._studio = self._open()
        return self._studio
