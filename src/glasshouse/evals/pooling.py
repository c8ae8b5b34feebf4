"""Numbers of curves pooled over organism seeds: the organism, not the completion, is repeated.

The interval is Student's t over the seeds' own numbers, with as many degrees of freedom as seeds less one.
All organisms answer the same prompts, so the spread of prompts is added (two-way clustering: Cameron, Gelbach
and Miller 2011, "Robust inference with multiway clustering": variance by seed plus variance by prompt minus
variance by both). A percentile bootstrap over five seeds would exclude no difference three times as often as
it says. With one seed only prompts can be resampled: the number is that organism's, and has no p-value.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri, stdtr, stdtrit

from glasshouse.evals.persistence import Curve, Statistic
from glasshouse.records import Interval
from glasshouse.seeds import numpy_rng
from glasshouse.stats.proportion import wilson

RESAMPLES = 1000
BY_SEED, BY_PROMPT = "organism_seed", "prompt"


@dataclass(frozen=True)
class Estimate:
    """A pooled number with its interval and the probability of a difference at least as large under none."""

    value: float | None
    interval: Interval | None
    p_value: float | None
    """Two-sided; None for a number that is not a difference, and for a difference of single organisms."""
    n: int
    """Completions behind it."""
    cluster_unit: str | None
    """`organism_seed`; `prompt` where there is one seed and the number speaks of that organism alone."""


def pooled(curves: Sequence[Curve], statistic: Statistic, seed: int, level: float = 0.95) -> Estimate:
    """One number of the curve: its mean over organism seeds."""
    return pooled_difference(curves, [], statistic, seed, level)


def pooled_difference(
    first: Sequence[Curve], second: Sequence[Curve], statistic: Statistic, seed: int, level: float = 0.95
) -> Estimate:
    """A number of the first arm's curve minus the second's, paired by organism seed and by prompt.

    Args:
        first: curves of one arm; all have the same steps.
        second: curves of the other arm; empty for the number of the first arm alone.
        statistic: one number per row of rates, for example `persistence_area`.
        seed: seed of the resampling of prompts.
        level: of the interval.

    Returns:
        The mean over the seeds that both arms have; a value of None where a step of one has no graded
        completion in any of them.
    """
    arms = _arms(first, second)
    n = sum(int(arm.graded.sum()) for arm in arms)
    if not arms or n == 0:
        return Estimate(None, None, None, n, None)
    of_seeds = _of_seeds(arms, np.ones((1, 1, arms[0].shown.shape[2])), statistic)[0]
    known = np.isfinite(of_seeds)
    unit = BY_SEED if known.sum() > 1 else BY_PROMPT
    if not known.any():
        return Estimate(None, None, None, n, unit)
    arms, of_seeds = [arm.keep(known) for arm in arms], of_seeds[known]
    value, n = float(of_seeds.mean()), sum(int(arm.graded.sum()) for arm in arms)
    if unit == BY_PROMPT:
        return Estimate(value, _of_one_organism(value, arms, statistic, seed, level), None, n, unit)
    error = _standard_error(of_seeds, arms, statistic, seed) or _without_spread(value, arms)
    if error is None:
        return Estimate(value, None, None, n, unit)
    degrees = len(of_seeds) - 1
    interval = _around(
        value,
        float(stdtrit(degrees, (1 + level) / 2)) * error,
        arms,
        f"t({degrees}) over organism seeds and prompts",
    )
    p_value = float(2 * stdtr(degrees, -abs(value) / error)) if second else None
    return Estimate(value, interval, p_value, n, unit)


@dataclass(frozen=True)
class _Arm:
    steps: tuple[int, ...]
    shown: Float[np.ndarray, "seed step prompt"]
    graded: Float[np.ndarray, "seed step prompt"]
    are_rates: bool
    """Verdicts, not numbers such as nats."""

    def keep(self, seeds: np.ndarray) -> "_Arm":
        return _Arm(self.steps, self.shown[seeds], self.graded[seeds], self.are_rates)


def _arms(first: Sequence[Curve], second: Sequence[Curve]) -> list[_Arm]:
    """Counts by seed, step and prompt (two curves of one seed add up), for the seeds that all arms have."""
    given = [arm for arm in (first, second) if arm]
    seeds = sorted(set.intersection(*({c.organism_seed for c in arm} for arm in given))) if given else []
    prompts = sorted({p for arm in given for c in arm for by_id in c.grades.values() for p in by_id})
    return [_arm(arm, seeds, prompts) for arm in given] if seeds else []


def _arm(curves: Sequence[Curve], seeds: list[int], prompts: list[str]) -> _Arm:
    steps = curves[0].steps
    if any(curve.steps != steps for curve in curves):
        raise ValueError("curves that are pooled must have the same steps")
    shown = np.zeros((len(seeds), len(steps), len(prompts)))
    graded, are_rates = np.zeros_like(shown), True
    row = {seed: i for i, seed in enumerate(seeds)}
    column = {prompt: i for i, prompt in enumerate(prompts)}
    for curve in curves:
        if curve.organism_seed not in row:
            continue
        for t, step in enumerate(steps):
            for prompt, grade in curve.grades[step].items():
                if grade is not None:
                    shown[row[curve.organism_seed], t, column[prompt]] += grade
                    graded[row[curve.organism_seed], t, column[prompt]] += 1
                    are_rates = are_rates and grade in (0, 1)
    return _Arm(steps, shown, graded, are_rates)


Weights = Float[np.ndarray, "resample #seed prompt"]


def _of_seeds(
    arms: Sequence[_Arm], weights: Weights, statistic: Statistic
) -> Float[np.ndarray, "resample seed"]:
    """Each seed's own number, first arm minus second, under each reweighting of the prompts."""
    values = []
    for arm in arms:
        every = np.broadcast_to(weights, (len(weights), *arm.shown.shape[::2]))
        shown = np.einsum("rsp,stp->rst", every, arm.shown, optimize=True)
        graded = np.einsum("rsp,stp->rst", every, arm.graded, optimize=True)
        rates = np.divide(shown, graded, out=np.full_like(shown, np.nan), where=graded > 0)
        flat = statistic(rates.reshape(-1, len(arm.steps)), arm.steps)
        values.append(flat.reshape(rates.shape[:2]))
    return np.asarray(values[0] - values[1] if len(values) == 2 else values[0])


def _standard_error(
    of_seeds: Float[np.ndarray, " seed"], arms: Sequence[_Arm], statistic: Statistic, seed: int
) -> float:
    """Two-way clustered; never below what the seeds alone say. 0 where nothing varies."""
    seeds, prompts = len(of_seeds), arms[0].shown.shape[2]
    rng = numpy_rng(seed, "prompts")
    even = np.full(prompts, 1 / prompts)
    same = rng.multinomial(prompts, even, size=(RESAMPLES, 1)).astype(float)
    own = rng.multinomial(prompts, even, size=(RESAMPLES, seeds)).astype(float)
    by_seed = of_seeds.var(ddof=1) / seeds
    by_prompt, by_both = (
        float(np.nanvar(_of_seeds(arms, weights, statistic).mean(axis=1))) for weights in (same, own)
    )
    return float(by_seed + max(0.0, by_prompt - by_both)) ** 0.5


def _of_one_organism(
    value: float, arms: Sequence[_Arm], statistic: Statistic, seed: int, level: float
) -> Interval | None:
    prompts = arms[0].shown.shape[2]
    weights = numpy_rng(seed, "prompts").multinomial(
        prompts, np.full(prompts, 1 / prompts), size=(2 * RESAMPLES, 1)
    )
    draws = _of_seeds(arms, weights.astype(float), statistic)[:, 0]
    low, high = np.quantile(draws[np.isfinite(draws)], [(1 - level) / 2, (1 + level) / 2])
    if low < high:
        return Interval(float(low), float(high), "bootstrap (prompt)")
    error = _without_spread(value, arms)
    return (
        None
        if error is None
        else _around(
            value, float(ndtri((1 + level) / 2)) * error, arms, "Wilson widths (no spread to resample)"
        )
    )


def _without_spread(value: float, arms: Sequence[_Arm]) -> float | None:
    """Standard error where all came out the same, from Wilson's bound at each arm's smallest step.

    All-or-nothing data have no spread, and that is not certainty. The arms' errors are added in quadrature
    (as in Newcombe's interval for a difference), completions taken as independent. None for a number that
    is no rate: without spread nothing can be said.
    """
    if not all(arm.are_rates for arm in arms):
        return None
    return float(sum(_wilson_error(arm) ** 2 for arm in arms) ** 0.5)


def _wilson_error(arm: _Arm) -> float:
    n = int(arm.graded.sum(axis=(0, 2)).min())
    bound = wilson(n, n)
    return (1 - bound.low if bound else 1.0) / float(ndtri(0.975))


def _around(value: float, width: float, arms: Sequence[_Arm], method: str) -> Interval:
    """Cut where a rate, or a difference of rates, can be no further."""
    low, high = value - width, value + width
    if all(arm.are_rates for arm in arms):
        low, high = max(low, -1.0 if len(arms) == 2 else 0.0), min(high, 1.0)
    return Interval(float(low), float(high), method)
