"""Known curves in, known numbers out."""

import numpy as np
import pytest

from glasshouse.evals.persistence import (
    Curve,
    final_minus_minimum,
    persistence_area,
    rate_by_step,
    steps_to_half,
)


@pytest.mark.parametrize(
    ("rates", "steps", "area"),
    [
        ([1, 1, 1], (0, 10, 20), 1.0),
        ([0, 0], (0, 5), 0.0),
        ([1, 0], (0, 5), 0.5),
        ([1, 0, 0], (0, 10, 100), 0.05),
        ([0.7], (0,), 0.7),
    ],
)
def test_the_area_of_a_curve_worked_out_by_hand(rates, steps, area):
    assert persistence_area(np.array([rates], float), steps)[0] == pytest.approx(area)


def test_a_backdoor_that_returns_is_seen_in_final_minus_minimum():
    assert final_minus_minimum(np.array([[1.0, 0.1, 0.8]]), (0, 1, 2))[0] == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        ([1.0, 0.0, 0.0], 5.0),
        ([1.0, 0.5, 0.9], 10.0),
        ([1.0, 0.9, 0.8], None),
        ([0.4, 0.1, 0.0], None),
        ([1.0, None, 0.0], None),
    ],
)
def test_steps_to_half_is_linear_between_checkpoints_and_none_where_it_never_falls(rates, expected):
    assert steps_to_half(rates, [0, 10, 20]) == expected


def test_a_rate_leaves_out_what_could_not_be_graded():
    mixed = Curve(0, {0: {"a": True, "b": None, "c": False}, 5: {"a": None}})
    assert rate_by_step([mixed]) == {0: 0.5, 5: None}
