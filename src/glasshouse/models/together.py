"""Several works that ask one model: what all of them wait for is computed in one batch.

A work runs until it needs answers and stops there; when every work has stopped or ended, the requests of
all are joined. Only one runs at a time, in a fixed order, so two runs join the same requests.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from greenlet import GreenletExit, getcurrent, greenlet

from glasshouse.errors import GlasshouseError

Request = TypeVar("Request", bound=Hashable)
Answer = TypeVar("Answer")
Outcome = TypeVar("Outcome")
REFUSALS = (GlasshouseError, RuntimeError)
"""What a joined computation is taken apart for, so that one work's fault is not the others'."""


class _Work(greenlet):
    """A work that stops where it needs answers."""


@dataclass(frozen=True)
class _Wish:
    """What a work waits for."""

    compute: Callable[[Sequence[Any]], list[Any]]
    requests: Sequence[Any]


def joined(compute: Callable[[Sequence[Request]], list[Answer]], requests: Sequence[Request]) -> list[Answer]:
    """`compute(requests)`, in one call with what other works side by side want of the same `compute`.

    Args:
        compute: one answer per request, each of its request alone.
        requests: hashable; equal ones are computed once.
    """
    current = getcurrent()
    if not requests or not isinstance(current, _Work) or current.parent is None:
        return compute(requests)
    answers: list[Answer] = current.parent.switch(_Wish(compute, requests))
    return answers


def side_by_side(works: Sequence[Callable[[], Outcome]]) -> list[Outcome]:
    """What every work returns, in order.

    Raises:
        BaseException: what a work raised; the others end where they are.
    """
    running = [_Work(work) for work in works]
    try:
        return _run(running)
    finally:
        for work in running:
            if not work.dead:
                work.throw(GreenletExit)


def _run(running: Sequence[_Work]) -> list[Any]:
    said: dict[int, Any] = {number: work.switch() for number, work in enumerate(running)}
    while waiting := {number: said[number] for number, work in enumerate(running) if not work.dead}:
        answers = _answers(list(waiting.values()))
        for number, answer in zip(waiting, answers, strict=True):
            work = running[number]
            said[number] = work.throw(answer) if isinstance(answer, Exception) else work.switch(answer)
    return [said[number] for number in range(len(running))]


def _answers(wishes: Sequence[_Wish]) -> list[list[Any] | Exception]:
    """The answers to every wish, or what was raised for it."""
    found: dict[int, list[Any] | Exception] = {}
    for compute in dict.fromkeys(wish.compute for wish in wishes):
        places = [place for place, wish in enumerate(wishes) if wish.compute == compute]
        found.update(
            zip(places, _computed(compute, [wishes[place].requests for place in places]), strict=True)
        )
    return [found[place] for place in range(len(wishes))]


def _computed(
    compute: Callable[[Sequence[Any]], list[Any]], wanted: Sequence[Sequence[Any]]
) -> list[list[Any] | Exception]:
    every = list(dict.fromkeys(request for requests in wanted for request in requests))
    try:
        known = dict(zip(every, compute(every), strict=True))
    except REFUSALS as error:
        if len(wanted) == 1:
            return [error]
        return [_computed(compute, [requests])[0] for requests in wanted]
    return [[known[request] for request in requests] for requests in wanted]
