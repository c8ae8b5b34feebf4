"""Works side by side: what they wait for is computed in one batch, and each gets what is its own."""

from collections.abc import Callable, Sequence

import pytest

from glasshouse.errors import ModelError
from glasshouse.models.batches import Batch
from glasshouse.models.engine import Engine, GenerateRequest, ScoreRequest
from glasshouse.models.together import joined, side_by_side


class Counter:
    """Doubles numbers, and remembers how often and for what it was called."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []

    def double(self, numbers: Sequence[int]) -> list[int]:
        self.calls.append(list(numbers))
        if any(number < 0 for number in numbers):
            raise ModelError("A number is negative.")
        return [2 * number for number in numbers]


def asking(counter: Counter, *rounds: Sequence[int]) -> Callable[[], list[int]]:
    def work() -> list[int]:
        return [answer for numbers in rounds for answer in joined(counter.double, numbers)]

    return work


def test_requests_of_all_works_come_in_one_call_and_equal_ones_once() -> None:
    counter = Counter()
    found = side_by_side([asking(counter, [1, 2], [3]), asking(counter, [2, 4], [5, 6]), asking(counter)])
    assert found == [[2, 4, 6], [4, 8, 10, 12], []]
    assert counter.calls == [[1, 2, 4], [3, 5, 6]]


def test_a_work_that_ends_early_does_not_hold_the_others_up() -> None:
    counter = Counter()
    found = side_by_side([asking(counter, [1]), asking(counter, [2], [3], [4])])
    assert found == [[2], [4, 6, 8]]
    assert counter.calls == [[1, 2], [3], [4]]


def test_without_works_a_request_is_computed_at_once() -> None:
    counter = Counter()
    assert joined(counter.double, [1, 1]) == [2, 2]
    assert side_by_side([]) == []


def test_the_fault_of_one_work_is_its_own() -> None:
    counter = Counter()

    def careful() -> str:
        try:
            return str(joined(counter.double, [-1]))
        except ModelError as error:
            return error.message

    assert side_by_side([asking(counter, [1], [2]), careful]) == [[2, 4], "A number is negative."]


def test_what_no_work_catches_ends_them_all() -> None:
    left = []

    def tidy() -> list[int]:
        try:
            return joined(Counter().double, [1])
        finally:
            left.append("tidied")

    def broken() -> list[int]:
        raise KeyError("broken")

    with pytest.raises(KeyError, match="broken"):
        side_by_side([tidy, broken])
    assert left == ["tidied"]


def test_the_engine_answers_works_together_as_it_answers_them_alone(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(first: int) -> Callable[[], tuple[list[str], list[tuple[float, ...]]]]:
        asked = [GenerateRequest((1, first, 9 + k), max_tokens=6, temperature=1.0, seed=k) for k in range(3)]
        scored = [ScoreRequest((1, first, 5), ((7, 8), (9,)))]

        def ask() -> tuple[list[str], list[tuple[float, ...]]]:
            return [one.text for one in engine.generate(asked)], engine.score(scored)

        return ask

    works = [work(first) for first in (3, 4, 5)]
    alone = [one() for one in works]
    batches: list[int] = []
    plan = engine._plan

    def noted(requests: Sequence[GenerateRequest] | Sequence[ScoreRequest]) -> list[Batch]:
        batches.append(len(requests))
        return plan(requests)

    monkeypatch.setattr(engine, "_plan", noted)
    together = side_by_side(works)
    assert batches == [9, 3]
    for (texts, scores), (own_texts, own_scores) in zip(together, alone, strict=True):
        assert texts == own_texts
        assert scores[0] == pytest.approx(own_scores[0], abs=1e-4)
