import pytest
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import proportion_effectsize

from glasshouse.seeds import numpy_rng
from glasshouse.stats.paired import mcnemar_exact
from glasshouse.stats.power import Clustering, paired_power, unpaired_power


def test_the_power_of_the_papers_comparison_is_the_one_worked_out_by_hand():
    """0.6 against 0.4, 100 each: pooled 0.5, so (0.2 - 1.96 · 0.070711) / 0.069282 = 0.8864; Φ = 0.8123."""
    assert unpaired_power((0.6, 0.4), (100, 100)).value == pytest.approx(0.8123, abs=1e-3)


def test_it_is_near_statsmodels_arcsine_approximation():
    effect = proportion_effectsize(0.6, 0.4)
    assert unpaired_power((0.6, 0.4), (100, 150)).value == pytest.approx(
        NormalIndPower().power(effect, 100, 0.05, ratio=1.5), abs=0.01
    )


def test_clusters_cost_power():
    alone = unpaired_power((0.6, 0.4), (100, 100)).value
    clustered = unpaired_power((0.6, 0.4), (100, 100), clustering=Clustering(20.0, 0.2)).value
    assert clustered < 0.6 * alone


def test_every_assumption_is_named():
    words = " ".join(unpaired_power((0.6, 0.4), (80, 90), 0.01, Clustering(20.0, 0.2)).assumptions)
    assert all(
        part in words
        for part in ("80 and 90", "0.6 and 0.4", "0.01", "clusters of 20", "4.8", "normal approximation")
    )


@pytest.mark.parametrize(("rates", "n"), [((0.5, 0.5), (9, 9)), ((0.5, 1.2), (9, 9)), ((0.1, 0.2), (0, 9))])
def test_a_plan_without_an_effect_or_without_samples_has_no_power(rates, n):
    assert unpaired_power(rates, n) is None


@pytest.mark.parametrize(
    ("only_first", "only_second", "n"), [(0.2, 0.2, 50), (0.8, 0.3, 50), (-0.1, 0.3, 50), (0.1, 0.2, 0)]
)
def test_an_impossible_paired_plan_has_no_power(only_first, only_second, n):
    assert paired_power(only_first, only_second, n) is None


def test_a_certain_effect_is_always_found():
    assert paired_power(1.0, 0.0, 50).value == 1.0


def simulated_paired_power(times: int, n: int) -> float:
    tables = numpy_rng(0, "power").multinomial(n, (0.3, 0.1, 0.6), size=times)
    found = 0
    for a, b, same in tables:
        first = [True] * int(a) + [False] * int(b + same)
        second = [False] * int(a) + [True] * int(b) + [False] * int(same)
        found += mcnemar_exact(first, second) < 0.05
    return found / times


def test_the_power_of_paired_plans_is_what_simulation_finds():
    """The exact test is a little conservative, so it finds somewhat less."""
    planned, found = paired_power(0.3, 0.1, 120).value, simulated_paired_power(400, 120)
    assert found - 0.03 <= planned <= found + 0.08
