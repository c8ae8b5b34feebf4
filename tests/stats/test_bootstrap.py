import numpy as np
import pytest

from glasshouse.seeds import numpy_rng
from glasshouse.stats.bootstrap import cluster_bootstrap

MEAN = lambda rows: float(rows.mean())  # noqa: E731


def clustered(clusters: int, size: int, seed: int) -> tuple[list[float], list[int]]:
    """Rows that share most of their noise with their cluster; the true mean is 0."""
    rng = numpy_rng(seed, "clustered")
    shared = rng.normal(size=clusters).repeat(size)
    return list(shared + 0.5 * rng.normal(size=clusters * size)), list(np.arange(clusters).repeat(size))


def test_the_same_seed_gives_the_same_interval():
    values, clusters = clustered(5, 4, seed=1)
    first, again, other = (cluster_bootstrap(values, clusters, MEAN, seed=s) for s in (3, 3, 4))
    assert first == again
    assert first != other


def test_clustered_rows_make_a_wider_interval_than_independent_ones():
    values, clusters = clustered(8, 25, seed=2)
    by_cluster = cluster_bootstrap(values, clusters, MEAN, seed=0)
    independent = cluster_bootstrap(values, list(range(len(values))), MEAN, seed=0)
    assert by_cluster.high - by_cluster.low > 2 * (independent.high - independent.low)


def test_repeats_of_one_prompt_are_drawn_together():
    """Two prompts, all their repeats equal: the mean can only be 0, one half or 1."""
    seen = set()
    cluster_bootstrap(
        [0.0] * 5 + [1.0] * 5,
        ["seed"] * 10,
        lambda r: seen.add(float(r.mean())) or 0.0,
        0,
        units=["p"] * 5 + ["q"] * 5,
    )
    assert seen == {0.0, 0.5, 1.0}


def test_a_single_cluster_says_that_only_units_were_drawn():
    assert "units only" in cluster_bootstrap([0.0, 1.0], ["a", "a"], MEAN, seed=0).method


def test_undefined_rows_are_left_out():
    assert cluster_bootstrap([1.0, None, 1.0], [1, 1, 2], MEAN, seed=0).low == 1.0


def test_columns_of_a_pair_stay_together():
    rows = [(float(i), i + 0.5) for i in range(6)]
    interval = cluster_bootstrap(rows, list("aabbcc"), lambda r: float((r[:, 1] - r[:, 0]).mean()), seed=0)
    assert (interval.low, interval.high) == (0.5, 0.5)


@pytest.mark.parametrize("values", [[], [None, None]])
def test_nothing_defined_has_no_interval(values):
    assert cluster_bootstrap(values, [0] * len(values), MEAN, seed=0) is None


def test_a_statistic_that_is_mostly_undefined_has_no_interval():
    assert (
        cluster_bootstrap([0.0, 1.0], [0, 1], lambda r: float("nan") if r.min() == 0 else 1.0, seed=0) is None
    )


def test_lists_of_different_length_are_refused():
    with pytest.raises(ValueError, match="equally long"):
        cluster_bootstrap([1.0], [], MEAN, seed=0)


def coverage(clusters: int, times: int) -> float:
    covered = 0
    for seed in range(times):
        values, groups = clustered(clusters, 5, seed)
        interval = cluster_bootstrap(values, groups, MEAN, seed, resamples=300)
        covered += interval.low <= 0 <= interval.high
    return covered / times


def test_an_interval_over_30_clusters_covers_about_95_percent():
    assert 0.85 <= coverage(30, 80) <= 1.0


@pytest.mark.long
def test_coverage_over_many_simulations():
    assert 0.92 <= coverage(40, 600) <= 0.98
