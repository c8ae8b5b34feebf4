import pytest
from statsmodels.stats.proportion import proportion_confint

from glasshouse.seeds import numpy_rng
from glasshouse.stats.proportion import wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"), [(53, 53, 0.932, 1.0), (0, 300, 0.0, 0.0126), (60, 100, 0.502, 0.691)]
)
def test_the_bounds_are_those_of_a_table(successes, n, low, high):
    interval = wilson(successes, n)
    assert interval.low == pytest.approx(low, abs=5e-4)
    assert interval.high == pytest.approx(high, abs=5e-4)


@pytest.mark.parametrize("successes", [0, 1, 7, 20])
@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_it_agrees_with_statsmodels(successes, level):
    low, high = proportion_confint(successes, 20, alpha=1 - level, method="wilson")
    interval = wilson(successes, 20, level)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=1e-12)


def test_no_trial_has_no_interval():
    assert wilson(0, 0) is None


@pytest.mark.parametrize(("successes", "n"), [(-1, 5), (6, 5)])
def test_impossible_counts_are_refused(successes, n):
    with pytest.raises(ValueError, match="successes"):
        wilson(successes, n)


def coverage(rate: float, n: int, times: int) -> float:
    draws = numpy_rng(0, "coverage", n).binomial(n, rate, size=times)
    intervals = [wilson(int(k), n) for k in draws]
    return sum(i.low <= rate <= i.high for i in intervals) / times


def test_a_95_percent_interval_covers_about_95_percent():
    assert 0.93 <= coverage(0.3, 100, 2000) <= 0.97


@pytest.mark.long
@pytest.mark.parametrize("rate", [0.02, 0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("n", [50, 100, 300])
def test_coverage_over_many_rates_and_sizes(rate, n):
    assert coverage(rate, n, 20_000) >= 0.91
