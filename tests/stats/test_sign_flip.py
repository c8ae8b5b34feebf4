"""Random signs on paired differences."""

import numpy as np

from glasshouse.stats.sign_flip import sign_flip_p


def test_four_equal_differences_agree_with_all_sixteen_signs():
    """Two of the 16 sign patterns are as extreme: 1/8."""
    assert abs(sign_flip_p([0.5] * 4, seed=1) - 2 / 16) < 0.015


def test_differences_around_nothing_are_rarely_called():
    rng = np.random.default_rng(0)
    p = [sign_flip_p(rng.normal(size=30).tolist(), seed=i, draws=199) for i in range(100)]
    assert sum(value < 0.05 for value in p) <= 12


def test_without_pairs_there_is_no_p_value():
    assert sign_flip_p([], seed=0) is None
