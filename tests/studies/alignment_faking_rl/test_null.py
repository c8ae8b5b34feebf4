"""The tabular null: compliance rises, odds drift with the larger share, and nothing comes from nothing."""

import numpy as np
import pytest

from glasshouse.studies.alignment_faking_rl.null import NullSettings, fit_rate, simulate, simulate_null

SETTINGS = NullSettings(steps=30, prompts=6, completions=8, beta=0.0)


def starts(*shares: float, runs: int = 400) -> np.ndarray:
    return np.tile(np.array(shares), (runs, 1))


def last_shares(path: np.ndarray) -> np.ndarray:
    return path[-1, :, 0] / path[-1, :, :2].sum(-1)


def test_reward_raises_compliance_and_without_steps_nothing_moves() -> None:
    path = simulate(starts(0.06, 0.06, 0.88), SETTINGS, 2.0, np.random.default_rng(0))
    rising = path[..., :2].sum(-1).mean(1)
    assert rising[0] == pytest.approx(0.12)
    assert rising[-1] > 0.9
    assert np.allclose(
        simulate(starts(0.1, 0.2, 0.7), SETTINGS, 0.0, np.random.default_rng(0))[-1], [0.1, 0.2, 0.7]
    )


def test_equal_ways_drift_apart_by_luck_alone_and_stay_equal_on_average() -> None:
    found = last_shares(simulate(starts(0.06, 0.06, 0.88), SETTINGS, 2.0, np.random.default_rng(1)))
    assert found.mean() == pytest.approx(0.5, abs=0.05)
    assert found.std() > 0.1


def test_the_larger_way_grows_larger() -> None:
    found = last_shares(simulate(starts(0.02, 0.10, 0.88), SETTINGS, 2.0, np.random.default_rng(2)))
    assert found.mean() < 2 / 12 - 0.03


def test_a_way_that_never_occurs_never_comes() -> None:
    path = simulate(starts(0.12, 0.0, 0.88), SETTINGS, 2.0, np.random.default_rng(3))
    assert (path[..., 1] == 0).all()
    assert np.isfinite(path).all()


def test_the_pull_to_the_start_holds_compliance_back() -> None:
    pulled = NullSettings(steps=30, prompts=6, completions=8, beta=0.5)
    free, held = (
        simulate(starts(0.06, 0.06, 0.88), each, 2.0, np.random.default_rng(4))[-1, :, :2].sum(-1).mean()
        for each in (SETTINGS, pulled)
    )
    assert held < free - 0.02


def test_the_step_size_is_found_again_from_compliance() -> None:
    shares = starts(0.06, 0.06, 0.88)
    path = simulate(shares, SETTINGS, 1.0, np.random.default_rng(5))
    measured = {step: float(path[step, :, :2].sum(-1).mean()) for step in (0, 10, 20, 30)}
    assert fit_rate(shares[:1], SETTINGS, measured, 0) == pytest.approx(1.0, rel=0.5)


def test_the_p_value_is_large_for_what_the_null_gives_and_small_for_the_rest() -> None:
    counts = [(11, 11, 154)] * 5
    null = simulate_null(counts, SETTINGS, {0: 0.125, 30: 0.95}, 176, 0, studies=300)
    expected, ends = null.mean(30), null.ends(30)
    assert expected == pytest.approx(0.5, abs=0.1)
    assert ends[0] < expected < ends[1]
    assert null.p_value(30, expected) > 0.5
    assert null.p_value(30, 0.99) < 0.05
    assert null.p_value(0, 0.5) > 0.5


def test_a_start_with_one_way_has_nothing_to_compare() -> None:
    null = simulate_null([(20, 0, 156)] * 2, SETTINGS, {0: 0.12, 30: 0.9}, 176, 0, studies=50)
    assert null.mean(30) == 1.0
    assert null.ends(30) == (1.0, 1.0)
