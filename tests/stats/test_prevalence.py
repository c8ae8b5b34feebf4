import numpy as np
import pytest

from glasshouse.stats.prevalence import Calibration, corrected_prevalence


def test_a_perfect_grader_needs_no_correction() -> None:
    found = corrected_prevalence(30, 100, Calibration(10**6, 10**6, 10**6, 10**6))
    assert found is not None
    assert found[0] == pytest.approx(0.3)


def test_a_grader_at_chance_says_nothing() -> None:
    assert corrected_prevalence(30, 100, Calibration(5, 10, 5, 10)) is None


def test_more_false_alarms_than_hits_mean_none() -> None:
    found = corrected_prevalence(1, 100, Calibration(9, 10, 90, 100))
    assert found is not None
    assert found[0] == 0
    assert found[1].low == 0


def test_an_empty_class_says_nothing() -> None:
    assert corrected_prevalence(1, 100, Calibration(0, 0, 9, 10)) is None


@pytest.mark.parametrize("truth", [0.02, 0.12, 0.5])
def test_the_interval_covers_the_truth(truth: float) -> None:
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(500):
        known = Calibration(int(rng.binomial(60, 0.85)), 60, int(rng.binomial(100, 0.95)), 100)
        share = truth * 0.85 + (1 - truth) * 0.05
        found = corrected_prevalence(int(rng.binomial(352, share)), 352, known)
        assert found is not None
        hits += found[1].low <= truth <= found[1].high
    assert hits / 500 >= 0.93
