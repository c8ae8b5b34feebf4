"""Known curves in, known numbers out."""

import numpy as np
import pytest

from glasshouse.evals.persistence import (
    Curve,
    ends,
    final_minus_minimum,
    final_rate,
    persistence_area,
    pooled,
    pooled_difference,
    rate_by_step,
    steps_to_half,
)


def curve(seed: int, shares: dict[int, float], n: int = 40) -> Curve:
    """A curve in which the first `share * n` prompts show the behavior."""
    return Curve(seed, {step: {f"p{i}": i < share * n for i in range(n)} for step, share in shares.items()})


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


def test_an_arm_that_keeps_its_backdoor_beats_one_that_loses_it():
    kept = [curve(seed, {0: 1.0, 50: 0.9}) for seed in range(5)]
    lost = [curve(seed, {0: 1.0, 50: 0.1}) for seed in range(5)]
    estimate = pooled_difference(kept, lost, final_rate, seed=0)
    assert estimate.value == pytest.approx(0.8)
    assert estimate.interval.low > 0.6
    assert estimate.p_value < 0.01
    assert estimate.cluster_unit == "organism_seed"


def test_an_arm_against_itself_differs_by_exactly_nothing():
    arm = [curve(seed, {0: 1.0, 50: 0.1 * seed}) for seed in range(5)]
    estimate = pooled_difference(arm, arm, persistence_area, seed=0)
    assert estimate.value == 0
    assert estimate.p_value == 1


def test_organisms_that_disagree_widen_the_interval_beyond_their_prompts():
    agree = [curve(seed, {0: 1.0, 50: 0.5}) for seed in range(4)]
    disagree = [curve(seed, {0: 1.0, 50: share}) for seed, share in enumerate([0, 0, 1, 1])]
    widths = [
        (e.interval.high - e.interval.low) for e in (pooled(a, final_rate, 0) for a in (agree, disagree))
    ]
    assert widths[1] > 2 * widths[0]


def test_with_one_seed_only_prompts_are_drawn_and_the_record_says_so():
    estimate = pooled([curve(0, {0: 1.0, 50: 0.5})], final_rate, seed=0)
    assert estimate.cluster_unit == "prompt"
    assert 0.3 < estimate.interval.low < 0.5 < estimate.interval.high < 0.7


def test_all_triggered_is_not_reported_as_certain():
    estimate = pooled([curve(0, {0: 1.0, 50: 1.0})], final_rate, seed=0)
    assert estimate.value == 1
    assert 0.85 < estimate.interval.low < 1


def test_change_is_negative_and_significant_where_training_removed_the_backdoor():
    after, before = ends([curve(s, {0: 1.0, 10: 0.6, 50: 0.0}) for s in range(3)])
    estimate = pooled_difference(after, before, final_rate, seed=0)
    assert estimate.value == -1
    assert estimate.interval.high < 0
    assert estimate.p_value < 0.01


def test_nothing_graded_is_undefined_not_zero():
    estimate = pooled([Curve(0, {0: {"a": True}, 5: {"a": None}})], persistence_area, seed=0)
    assert estimate.value is None
    assert estimate.interval is None


def test_curves_with_other_checkpoints_cannot_be_pooled():
    with pytest.raises(ValueError, match="same steps"):
        pooled([curve(0, {0: 1.0, 5: 1.0}), curve(1, {0: 1.0, 6: 1.0})], final_rate, seed=0)
