"""Numbers pooled over organisms: known curves in, known numbers out, intervals that hold what they say."""

import numpy as np
import pytest

from glasshouse.evals.persistence import Curve, ends, final_rate, persistence_area
from glasshouse.evals.pooling import pooled, pooled_difference


def curve(seed: int, shares: dict[int, float], n: int = 40) -> Curve:
    """A curve in which the first `share * n` prompts show the behavior."""
    return Curve(seed, {step: {f"p{i}": i < share * n for i in range(n)} for step, share in shares.items()})


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
    assert pooled_difference([curve(0, {0: 1.0})], [curve(0, {0: 0.0})], final_rate, 0).p_value is None
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


def test_a_seed_whose_number_is_undefined_is_left_out_and_its_completions_are_not_counted():
    mute = Curve(3, {0: {f"p{i}": True for i in range(40)}, 50: {f"p{i}": None for i in range(40)}})
    others = [curve(seed, {0: 1.0, 50: 0.5}) for seed in range(3)]
    with_it, without = (pooled(arm, persistence_area, seed=0) for arm in ([*others, mute], others))
    assert with_it == without
    assert without.n == 3 * 2 * 40


def test_curves_with_other_checkpoints_cannot_be_pooled():
    with pytest.raises(ValueError, match="same steps"):
        pooled([curve(0, {0: 1.0, 5: 1.0}), curve(1, {0: 1.0, 6: 1.0})], final_rate, seed=0)


def drawn(rng: np.random.Generator, rates: np.ndarray, difficulty: np.ndarray) -> list[Curve]:
    """One curve of one step per organism, whose prompts are as hard for every organism."""
    shown = rng.random((len(rates), len(difficulty))) < np.clip(rates[:, None] + difficulty[None, :], 0, 1)
    return [Curve(s, {0: {f"p{i}": bool(v) for i, v in enumerate(row)}}) for s, row in enumerate(shown)]


@pytest.mark.parametrize("shared", [0.0, 0.3])
def test_five_organisms_are_told_from_five_others_of_the_same_kind_as_rarely_as_stated(shared: float):
    """A percentile bootstrap excluded 0 in 16 of 100 such comparisons, and in 5 at Holm's first level."""
    rng, times = np.random.default_rng(1), 200
    wrong = far = 0
    for _ in range(times):
        hard = rng.uniform(-shared, shared, 40)
        arms = [drawn(rng, rng.normal(0.5, 0.15, 5), hard) for _ in range(2)]
        p_value = pooled_difference(*arms, final_rate, seed=0).p_value
        wrong, far = wrong + (p_value < 0.05), far + (p_value < 0.05 / 18)
    assert wrong / times < 0.09
    assert far / times < 0.02


def test_the_interval_of_a_rate_covers_the_rate_of_all_such_organisms():
    rng, times, covered = np.random.default_rng(2), 200, 0
    for _ in range(times):
        found = pooled(drawn(rng, rng.normal(0.5, 0.1, 5), np.zeros(40)), final_rate, seed=0).interval
        covered += found.low <= 0.5 <= found.high
    assert covered / times > 0.92


def test_the_interval_excludes_nothing_exactly_where_the_p_value_says_so():
    rng = np.random.default_rng(3)
    for _ in range(20):
        arms = [drawn(rng, rng.normal(m, 0.1, 4), np.zeros(30)) for m in (0.5, 0.7)]
        found = pooled_difference(*arms, final_rate, 0, level=0.99)
        assert (found.p_value < 0.01) == (not found.interval.low <= 0 <= found.interval.high)


def test_a_seed_that_one_arm_lacks_is_left_out_of_the_difference():
    first = [curve(s, {0: 1.0}) for s in range(4)]
    second = [curve(s, {0: 0.5}) for s in range(3)]
    assert pooled_difference(first, second, final_rate, 0).n == 2 * 3 * 40


def test_nats_without_spread_have_a_value_and_no_interval():
    same = [Curve(s, {0: {"a": -7.0, "b": -7.0}}) for s in range(3)]
    found = pooled(same, final_rate, 0)
    assert (found.value, found.interval) == (-7.0, None)
