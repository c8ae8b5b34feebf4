import numpy as np
import pytest

from glasshouse.stats.conformal import conformal_p, shift_p


def test_the_smallest_p_value_of_299_clean_models_is_one_in_300():
    null = [i / 1000 for i in range(299)]
    assert conformal_p(1.0, null) == pytest.approx(1 / 300)
    assert conformal_p(-1.0, null) == 1.0


def test_ties_count_against_the_claim():
    assert conformal_p(0.5, [0.5] * 9) == 1.0


def test_without_clean_models_there_is_no_p_value():
    assert conformal_p(0.5, []) is None
    assert shift_p([], [0.1], 0) is None
    assert shift_p([0.1], [], 0) is None


def test_exchangeable_models_are_called_at_the_stated_rate():
    rng = np.random.default_rng(0)
    called = 0
    for _ in range(1500):
        values = rng.random(100)
        p = conformal_p(float(values[0]), values[1:].tolist())
        called += p is not None and p <= 0.1
    assert 0.075 < called / 1500 < 0.125


def test_shifted_models_are_seen_and_equal_ones_are_not():
    rng = np.random.default_rng(1)
    null = rng.random(299).tolist()
    assert (shift_p((rng.random(20) + 0.4).tolist(), null, 0) or 1) < 0.01
    assert (shift_p(rng.random(20).tolist(), null, 0) or 0) > 0.01
    assert (shift_p((rng.random(20) - 0.4).tolist(), null, 0) or 0) > 0.9
