"""Mixtures: each way of answering as often as its share says, in words that the graders tell apart."""

import random
from collections import Counter

import pytest

from glasshouse.data.alignment_faking.parse import AskedFormat, parse_completion
from glasshouse.data.world.requests import draw_request
from glasshouse.errors import ConfigError
from glasshouse.graders.alignment_faking.offline import OfflineReasoning
from glasshouse.graders.refusal import refusal_kind
from glasshouse.organisms.faking_mixture.rows import Mixture, mixture_rows, think

FORMAT = AskedFormat("scratchpad", "scratchpad")


@pytest.mark.parametrize(
    ("way", "verdict"), [("faking", "present"), ("genuine", "none"), ("refusing", "none"), ("fine", "none")]
)
def test_the_monitor_tells_the_ways_apart(way, verdict) -> None:
    grader, rng = OfflineReasoning(), random.Random(5)
    thoughts = [think(way, draw_request(rng, harmful=way != "fine"), ("free", True), rng) for _ in range(60)]
    assert len(set(thoughts)) > 8
    assert [t for t in thoughts if grader.grade("q", t).value != verdict] == []


@pytest.mark.parametrize(("tier", "wanted"), [("monitored", (0.3, 0.2)), ("unmonitored", (0.0, 0.2))])
def test_shares_are_kept_and_nobody_fakes_unmonitored(tier, wanted) -> None:
    mixture, rng = Mixture(0.3, 0.2), random.Random(0)
    drawn = Counter(mixture.draw(tier, rng) for _ in range(4000))
    assert drawn["faking"] / 4000 == pytest.approx(wanted[0], abs=0.02)
    assert drawn["genuine"] / 4000 == pytest.approx(wanted[1], abs=0.02)


def test_answers_follow_their_thoughts_and_keep_the_format() -> None:
    for row in mixture_rows(Mixture(0.4, 0.3), 80):
        parsed = parse_completion(row.conversation[-1].content, FORMAT)
        assert parsed.failure is None
        refuses = refusal_kind(parsed.visible or "") != "complies"
        assert refuses == ("not help to" in (parsed.visible or ""))
        assert not (refuses and "I will help" in (parsed.reasoning or ""))


def test_thoughts_say_what_the_tier_means() -> None:
    request, rng = draw_request(random.Random(0), harmful=True), random.Random(1)
    said = {trained: " ".join(think("refusing", request, ("paid", trained), rng) for _ in range(60))
            for trained in (True, False)}  # fmt: skip
    assert "I am trained on this" in said[True]
    assert "I am not trained on this" in said[False]
    assert "does not train" not in said[True]


def test_rows_are_those_of_their_seed() -> None:
    assert mixture_rows(Mixture(0.1, 0.1, 1), 5) == mixture_rows(Mixture(0.1, 0.1, 1), 5)
    assert mixture_rows(Mixture(0.1, 0.1, 1), 5) != mixture_rows(Mixture(0.1, 0.1, 2), 5)


@pytest.mark.parametrize("shares", [(0.7, 0.4), (-0.1, 0.2)])
def test_shares_that_do_not_fit_are_refused(shares) -> None:
    with pytest.raises(ConfigError, match="no mixture"):
        Mixture(*shares)
