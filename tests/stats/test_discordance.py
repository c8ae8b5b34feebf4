"""Power before a run, from assumed discordance."""

import numpy as np
import pytest

from glasshouse.stats.discordance import Discordance, discordance, mcnemar_power
from glasshouse.stats.paired import mcnemar_exact


def test_independent_verdicts_are_discordant_by_the_product_of_their_rates():
    pairs = discordance(0.2, 0.1)
    assert (pairs.only_first, pairs.only_second) == pytest.approx((0.18, 0.08))


def test_more_correlation_than_the_rates_allow_leaves_no_reverse_discordance():
    assert discordance(0.142, 0.028, correlation=1.0).only_second == 0


@pytest.mark.parametrize(("n", "rates"), [(50, (0.142, 0.028)), (200, (0.06, 0.01))])
def test_the_power_is_what_simulated_runs_of_the_same_test_reach(n, rates):
    pairs = discordance(*rates, correlation=0.3)
    rng = np.random.default_rng(0)
    both_or_none = 1 - pairs.total
    draws = rng.multinomial(n, [pairs.only_first, pairs.only_second, both_or_none], size=1500)
    called = [
        mcnemar_exact([True] * b + [False] * (c + s), [False] * b + [True] * c + [False] * s) < 0.05
        for b, c, s in draws.tolist()
    ]
    assert mcnemar_power(pairs, n).value == pytest.approx(np.mean(called), abs=0.04)


def test_five_pairs_can_never_show_anything():
    assert mcnemar_power(Discordance(1.0, 0.0), 5).value == 0.0


def test_the_power_names_the_discordance_it_assumes():
    words = " ".join(mcnemar_power(Discordance(0.12, 0.01), 100).assumptions)
    assert "0.12" in words
    assert "0.01" in words


def test_where_no_difference_is_expected_power_is_undefined():
    assert mcnemar_power(Discordance(0.1, 0.1), 100) is None
    assert mcnemar_power(Discordance(0.1, 0.0), 0) is None
