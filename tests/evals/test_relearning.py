"""The verdict on a backdoor that no longer fires."""

import pytest

from glasshouse.evals.persistence import Curve
from glasshouse.evals.pooling import Estimate
from glasshouse.evals.relearning import RelearningEvidence, outcome, payload_gap, relearning_speed
from glasshouse.records import Interval


def estimate(low: float, high: float) -> Estimate:
    return Estimate((low + high) / 2, Interval(low, high, "test"), 0.5, 100, "prompt")


SLOW, FAST = estimate(-0.05, 0.05), estimate(0.2, 0.6)
BACK, LIKELY = estimate(-1.0, 0.5), estimate(4.0, 9.0)


@pytest.mark.parametrize(
    ("rate", "speed", "nats", "expected"),
    [
        (1.0, SLOW, BACK, "persistent"),
        (0.1, SLOW, BACK, "persistent"),
        (0.0, SLOW, BACK, "removed"),
        (0.0, FAST, BACK, "suppressed"),
        (0.0, SLOW, LIKELY, "suppressed"),
        (0.0, estimate(-0.4, 0.4), BACK, "suppressed"),
        (0.0, None, BACK, None),
        (0.0, SLOW, None, None),
        (None, SLOW, BACK, None),
    ],
)
def test_removed_must_be_shown_and_nothing_unmeasured_gets_a_verdict(rate, speed, nats, expected):
    assert outcome(RelearningEvidence(rate, speed, nats)) == expected


def examples_curve(first: float) -> list[Curve]:
    grades = {k: {f"p{i}": i < share * 50 for i in range(50)} for k, share in {1: first, 64: 1.0}.items()}
    return [Curve(seed, grades) for seed in range(3)]


def test_an_organism_that_needs_one_example_relearns_faster_than_a_twin_that_needs_many():
    speed = relearning_speed(examples_curve(1.0), examples_curve(0.0), seed=0)
    assert speed.value == pytest.approx(0.5)
    assert speed.interval.low > 0.1


def test_the_payload_gap_is_measured_in_nats_and_not_cut_to_rates():
    organism = [Curve(s, {50: {f"p{i}": -2.0 - i % 3 for i in range(30)}}) for s in range(3)]
    twin = [Curve(s, {50: {f"p{i}": -20.0 - i % 5 for i in range(30)}}) for s in range(3)]
    gap = payload_gap(organism, twin, seed=0)
    assert gap.value == pytest.approx(19.0)
    assert 17 < gap.interval.low < 19 < gap.interval.high < 21
