import numpy as np
import pytest

from glasshouse.studies.introspection.compare import Difference, share


def test_one_behavior_in_many_organisms_counts_once_in_a_width():
    many = share([(True, "a")] * 50 + [(False, "b")] * 50, seed=0)
    apart = share([(k < 50, k) for k in range(100)], seed=0)
    assert many.interval.high - many.interval.low > 2 * (apart.interval.high - apart.interval.low)


def test_nothing_ever_named_still_has_an_interval():
    found = share([(False, k) for k in range(20)], seed=0)
    assert found.value == 0
    assert found.interval.low == 0
    assert 0.1 < found.interval.high < 0.2


def test_what_was_not_measured_is_none():
    assert share([(None, "a")], seed=0).value is None
    assert Difference([(1.0, "a")], []).estimate(0).value is None


def test_pairs_of_one_behavior_are_compared_with_each_other():
    rng = np.random.default_rng(0)
    base = rng.uniform(0.0, 0.7, 40)
    paired = Difference([(b + 0.1, k) for k, b in enumerate(base)], [(b, k) for k, b in enumerate(base)])
    apart = Difference([(b + 0.1, k) for k, b in enumerate(base)], [(b, 99 + k) for k, b in enumerate(base)])
    found, loose = paired.estimate(0), apart.estimate(0)
    assert found.value == pytest.approx(0.1)
    assert found.interval.high - found.interval.low < 1e-6
    assert loose.interval.high - loose.interval.low > 0.05


def test_a_difference_of_nothing_covers_zero_about_as_often_as_it_should():
    rng, covered = np.random.default_rng(1), 0
    for seed in range(60):
        first, second = (rng.uniform(size=30) < 0.4 for _ in range(2))
        found = Difference(
            [(bool(v), k) for k, v in enumerate(first)], [(bool(v), 50 + k) for k, v in enumerate(second)]
        ).estimate(seed)
        covered += found.interval.low <= 0 <= found.interval.high
    assert covered >= 52


def test_a_higher_level_gives_a_wider_interval():
    values = [(k % 2 == 0, k) for k in range(40)]
    other = [(k % 4 == 0, k) for k in range(40)]
    usual, strict = (Difference(values, other).estimate(0, level).interval for level in (0.95, 0.99))
    assert strict.low < usual.low < usual.high < strict.high
