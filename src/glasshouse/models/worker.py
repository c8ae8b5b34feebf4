"""One thread per engine: requests of many samples and models, gathered and answered in shared batches.

Samples run in an event loop and ask one by one; an engine is fast when it sees them all. Nothing here blocks
the event loop: loading, rendering and generating happen in the thread. The loop must be asyncio's, Inspect's
default.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from glasshouse.errors import ModelError
from glasshouse.models.base import EngineConfig, load_base, resolve_base
from glasshouse.models.engine import Engine, GenerateRequest, Generation

QUIET_SECONDS = 0.015
"""A batch starts when no request has arrived for so long."""
FULL = 512
"""Requests with which a batch starts at once, so that an endless stream of them cannot hold it back."""

Order = tuple[str, int, int]
"""Sample id, repeat, choice: what decides a request's place in its batch, whenever it arrived."""


@dataclass(frozen=True)
class Answer:
    """One completion and what made it."""

    generation: Generation
    request: GenerateRequest
    engine: Engine
    adapter_hash: str | None


@dataclass(frozen=True)
class _Asked:
    order: Order
    build: Callable[[Engine], GenerateRequest]
    answer: Future[Answer] = field(default_factory=Future)


class Worker:
    """The thread that owns one engine; the base model is loaded when the first request arrives."""

    def __init__(self, name: str, config: EngineConfig) -> None:
        self.name, self.config = name, config
        self._thread = ThreadPoolExecutor(1, "glasshouse-engine")
        self._engine: Engine | None = None
        self._lock = Lock()
        self._waiting: list[_Asked] = []
        self._ready: list[_Asked] = []
        self._arrivals = 0

    async def ask(self, order: Order, build: Callable[[Engine], GenerateRequest]) -> Answer:
        """One completion.

        Args:
            order: the request's place among those that are answered together.
            build: makes the request, in the engine's thread.

        Raises:
            ModelError: the base, the adapter or the request cannot be used.
        """
        asked = _Asked(order, build)
        with self._lock:
            self._waiting.append(asked)
            self._arrivals += 1
            arrival, full = self._arrivals, len(self._waiting) >= FULL
        if not full:
            await asyncio.sleep(QUIET_SECONDS)
        if full or arrival == self._arrivals:
            self._start()
        return await asyncio.wrap_future(asked.answer)

    def _start(self) -> None:
        with self._lock:
            self._ready, self._waiting = self._ready + self._waiting, []
        taken: list[_Asked] = []
        task = self._thread.submit(self._run, taken)
        task.add_done_callback(lambda ended: _pass_on(ended.exception(), taken))

    def _run(self, taken: list[_Asked]) -> None:
        """Answers everything that is ready; `taken` is filled with it."""
        with self._lock:
            taken += sorted(self._ready, key=lambda asked: asked.order)
            self._ready = []
        if not taken:
            return
        if self._engine is None:
            self._engine = Engine(load_base(self.name, self.config), self.config)
        built = [(asked, request) for asked in taken if (request := _build(asked, self._engine))]
        for places, generations in self._engine.stream([request for _, request in built]):
            for place, generation in zip(places, generations, strict=True):
                asked, request = built[place]
                key = self._engine.slots.key(request.adapter) or None
                _give(asked, Answer(generation, request, self._engine, key))
            if all(asked.answer.done() for asked in taken):
                return


def _build(asked: _Asked, engine: Engine) -> GenerateRequest | None:
    """The request; None where its sample is gone, or where it is wrong: then its own sample is told."""
    if asked.answer.cancelled():
        return None
    try:
        request = asked.build(engine)
        engine.check(request)
    except ModelError as error:
        asked.answer.set_exception(error)
        return None
    return request


def _give(asked: _Asked, answer: Answer) -> None:
    with suppress(InvalidStateError):  # the sample was cancelled meanwhile
        asked.answer.set_result(answer)


def _pass_on(error: BaseException | None, taken: list[_Asked]) -> None:
    """Tells every sample that still waits what went wrong."""
    if isinstance(error, RuntimeError) and not isinstance(error, ModelError):
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        error = ModelError(f"The model could not generate: {reason}", "Try a smaller batch_size.")
    for asked in taken:
        if error is not None and not asked.answer.done():
            with suppress(InvalidStateError):
                asked.answer.set_exception(error)


class Workers:
    """The workers of a process: each base and configuration has one, for all models and adapters."""

    def __init__(self) -> None:
        self._workers: dict[tuple[Path, EngineConfig], Worker] = {}

    def get(self, name: str, config: EngineConfig) -> Worker:
        """The worker of a base; its thread is started now if it was not."""
        key = (resolve_base(name).resolve(), config)
        if key not in self._workers:
            self._workers[key] = Worker(name, config)
        return self._workers[key]


WORKERS = Workers()
