"""The score interval for paired differences, against its definition and against exact coverage."""

import pytest

from glasshouse.stats.discordance import Discordance, coverage, discordance
from glasshouse.stats.paired import paired_difference
from glasshouse.stats.tango import tango, tango_score


def test_the_ends_are_where_the_score_test_just_rejects():
    interval = tango(12, 3, 80)
    for end in (interval.low, interval.high):
        assert abs(tango_score(12, 3, 80, end)) == pytest.approx(1.959964, abs=1e-5)


def test_turning_the_two_conditions_round_turns_the_interval_round():
    there, back = tango(9, 2, 60), tango(2, 9, 60)
    assert there.low == pytest.approx(-back.high)
    assert there.high == pytest.approx(-back.low)


def test_it_agrees_with_the_published_example():
    """Tango 1998, table II: 44 pairs, 1 and 0 discordant; upper end 0.1184."""
    interval = tango(1, 0, 44)
    assert interval.low == pytest.approx(-0.0600, abs=0.005)
    assert interval.high == pytest.approx(0.1184, abs=0.003)


def test_with_many_pairs_it_comes_close_to_bonett_and_price():
    first = [True] * 300 + [False] * 700
    second = [True] * 200 + [False] * 100 + [True] * 50 + [False] * 650
    score, wald = tango(100, 50, 1000), paired_difference(first, second)[1]
    assert (score.low, score.high) == pytest.approx((wald.low, wald.high), abs=0.002)


def test_without_pairs_there_is_no_interval_and_impossible_counts_are_an_error():
    assert tango(0, 0, 0) is None
    with pytest.raises(ValueError, match="discordant"):
        tango(3, 3, 5)


@pytest.mark.parametrize("rates", [(0.142, 0.028), (0.06, 0.01), (0.5, 0.5)])
@pytest.mark.parametrize("correlation", [0.0, 0.5])
def test_it_covers_the_truth_about_as_often_as_it_says(rates, correlation):
    share = coverage(discordance(*rates, correlation), 30, tango)
    assert share >= 0.93


def test_coverage_sees_an_interval_that_is_too_short():
    assert coverage(Discordance(0.2, 0.1), 25, lambda b, c, n: tango(b, c, n, level=0.5)) < 0.7
