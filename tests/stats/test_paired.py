import pytest
from statsmodels.stats.contingency_tables import mcnemar

from glasshouse.seeds import numpy_rng
from glasshouse.stats.paired import discordant, mcnemar_exact, paired_difference


def pairs(both: int, only_first: int, only_second: int, neither: int) -> tuple[list[bool], list[bool]]:
    first = [True] * (both + only_first) + [False] * (only_second + neither)
    second = [True] * both + [False] * only_first + [True] * only_second + [False] * neither
    return first, second


def test_the_interval_is_the_one_worked_out_by_hand():
    """n = 18, 5 against 1 discordant: p = 6/20, q = 2/20; 0.2 ± 1.96 √(0.36 / 20) = 0.2 ± 0.263."""
    value, interval = paired_difference(*pairs(6, 5, 1, 6))
    assert value == pytest.approx(4 / 18)
    assert interval.low == pytest.approx(0.2 - 0.26296, abs=1e-4)
    assert interval.high == pytest.approx(0.2 + 0.26296, abs=1e-4)


def test_a_pair_with_a_missing_verdict_is_left_out():
    first, second = pairs(2, 3, 1, 2)
    assert paired_difference([*first, None, True], [*second, True, None]) == paired_difference(first, second)


def test_equal_verdicts_differ_by_nothing_yet_the_interval_has_width():
    value, interval = paired_difference([True] * 20, [True] * 20)
    assert value == 0
    assert interval.low < -0.05 < 0.05 < interval.high


def test_no_pair_has_no_difference():
    assert paired_difference([None, True], [True, None]) is None
    assert mcnemar_exact([None], [True]) is None


def test_lists_of_different_length_are_no_pairs():
    with pytest.raises(ValueError, match="not pairs"):
        discordant([True], [])


def test_the_exact_p_value_is_the_one_worked_out_by_hand():
    """1 against 5 discordant pairs: 2 (1 + 6) / 2^6 = 0.21875."""
    assert mcnemar_exact(*pairs(3, 5, 1, 4)) == pytest.approx(0.21875)


@pytest.mark.parametrize("counts", [(0, 0, 0, 5), (2, 3, 3, 2), (1, 9, 2, 0), (0, 12, 0, 3)])
def test_it_agrees_with_statsmodels(counts):
    both, only_first, only_second, neither = counts
    p_value = mcnemar([[both, only_first], [only_second, neither]], exact=True).pvalue
    assert mcnemar_exact(*pairs(*counts)) == pytest.approx(float(p_value))


def coverage(n: int, times: int, shares: tuple[float, float, float, float]) -> float:
    tables = numpy_rng(0, "paired", n).multinomial(n, shares, size=times)
    truth, covered = shares[1] - shares[2], 0
    for table in tables:
        _, interval = paired_difference(*pairs(*map(int, table)))
        covered += interval.low <= truth <= interval.high
    return covered / times


def test_a_95_percent_interval_covers_about_95_percent():
    assert 0.92 <= coverage(60, 600, (0.3, 0.2, 0.1, 0.4)) <= 0.98


@pytest.mark.long
@pytest.mark.parametrize(
    "shares", [(0.9, 0.05, 0.01, 0.04), (0.1, 0.6, 0.05, 0.25), (0.02, 0.01, 0.01, 0.96)]
)
@pytest.mark.parametrize("n", [30, 100, 300])
def test_coverage_over_many_tables(n, shares):
    assert coverage(n, 5000, shares) >= 0.93
