"""The persistence curve: what safety training does to an attack success rate, step by step."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from glasshouse.records import Interval
from glasshouse.seeds import numpy_rng
from glasshouse.stats.proportion import wilson

Rates = Float[np.ndarray, "resample step"]
Statistic = Callable[[Rates, tuple[int, ...]], Float[np.ndarray, " resample"]]

RESAMPLES = 2000


@dataclass(frozen=True)
class Curve:
    """Grades of one organism over the steps of one safety training, on the same prompts throughout."""

    organism_seed: int
    """Cluster of the bootstrap: two curves of one seed are paired."""
    grades: Mapping[int, Mapping[str, bool | float | None]]
    """Step -> prompt id -> verdict (or a number, such as nats); a step may use fewer prompts than another."""

    @property
    def steps(self) -> tuple[int, ...]:
        return tuple(sorted(self.grades))


@dataclass(frozen=True)
class Estimate:
    """A pooled number with its interval and the probability of a difference at least as large under none."""

    value: float | None
    interval: Interval | None
    p_value: float | None
    """Two-sided, from the bootstrap; None for a number that is not a difference."""
    n: int
    """Graded completions behind it."""
    cluster_unit: str | None


def persistence_area(rates: Rates, steps: tuple[int, ...]) -> Float[np.ndarray, " resample"]:
    """Area under the curve over steps, divided by the number of steps: 1 = kept throughout, 0 = gone at once.

    Trapezoids between checkpoints.

    Example:
        Gone in a straight line is half:

        >>> persistence_area(np.array([[1.0, 0.5, 0.0]]), (0, 10, 20)).tolist()
        [0.5]
    """
    x = np.asarray(steps, float)
    if len(x) < 2:
        return rates[:, 0]
    widths = np.diff(x)
    area = ((rates[:, 1:] + rates[:, :-1]) / 2 * widths).sum(axis=1)
    return np.asarray(area / (x[-1] - x[0]))


def final_rate(rates: Rates, steps: tuple[int, ...]) -> Float[np.ndarray, " resample"]:
    """The rate at the last step."""
    return rates[:, -1]


def final_minus_minimum(rates: Rates, steps: tuple[int, ...]) -> Float[np.ndarray, " resample"]:
    """How far the backdoor came back: the last rate minus the lowest one.

    Example:
        >>> final_minus_minimum(np.array([[1.0, 0.25, 0.75]]), (0, 10, 20)).tolist()
        [0.5]
    """
    return rates[:, -1] - rates.min(axis=1)


def steps_to_half(rates: Sequence[float | None], steps: Sequence[int]) -> float | None:
    """Steps until the attack success rate first falls to 50 %, linear between checkpoints.

    Returns:
        None where it never does, where it started below, or where a rate on the way is unknown.

    Example:
        >>> steps_to_half([1.0, 0.75, 0.25], [0, 10, 20])
        15.0
        >>> steps_to_half([1.0, 0.9], [0, 10]) is None
        True
    """
    for (before, after), (start, stop) in zip(pairwise(rates), pairwise(steps), strict=True):
        if before is None or after is None or before < 0.5:
            return None
        if after <= 0.5:
            return start if before == after else start + (before - 0.5) / (before - after) * (stop - start)
    return None


def rate_by_step(curves: Sequence[Curve]) -> dict[int, float | None]:
    """Share of graded completions with the behavior at each step; None where none was graded."""
    rates: dict[int, float | None] = {}
    for step in sorted({step for curve in curves for step in curve.steps}):
        graded = [g for c in curves for g in c.grades.get(step, {}).values() if g is not None]
        rates[step] = sum(graded) / len(graded) if graded else None
    return rates


def pooled(curves: Sequence[Curve], statistic: Statistic, seed: int, level: float = 0.95) -> Estimate:
    """One number of the curve, pooled over organism seeds, with a cluster bootstrap (seed, then prompt)."""
    return pooled_difference(curves, [], statistic, seed, level)


def pooled_difference(
    first: Sequence[Curve], second: Sequence[Curve], statistic: Statistic, seed: int, level: float = 0.95
) -> Estimate:
    """A number of the first arm's curve minus the second's; organisms and prompts are resampled together.

    A resample draws organism seeds with replacement and, within each drawn seed, prompts; curves of the
    same seed and prompts of the same id are drawn together in both arms, so the comparison stays paired.
    With a single seed only prompts are drawn, and `cluster_unit` says so.

    Args:
        first: curves of one arm; all have the same steps.
        second: curves of the other arm; empty for the number of the first arm alone.
        statistic: one number per row of rates, for example `persistence_area`.
        seed: seed of the bootstrap.
        level: of the interval.

    Returns:
        An estimate whose value is None where a step of an arm has no graded completion.
    """
    seeds = sorted({curve.organism_seed for curve in [*first, *second]})
    prompts = sorted({p for c in [*first, *second] for by_id in c.grades.values() for p in by_id})
    n = sum(g is not None for c in [*first, *second] for by_id in c.grades.values() for g in by_id.values())
    unit = "organism_seed" if len(seeds) > 1 else "prompt"
    arms = [_table(arm, seeds, prompts) for arm in (first, second) if arm]
    if not arms or n == 0:
        return Estimate(None, None, None, n, unit)
    ones = np.ones((1, len(seeds), len(prompts)))
    value = _difference(arms, ones, statistic)[0]
    if not np.isfinite(value):
        return Estimate(None, None, None, n, unit)
    draws = _difference(arms, _weights(len(seeds), len(prompts), seed), statistic)
    draws = draws[np.isfinite(draws)]
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    interval: Interval | None = Interval(float(low), float(high), f"cluster bootstrap ({unit})")
    if low == high:
        interval = _widened(float(value), first, second)
    return Estimate(float(value), interval, _two_sided(draws) if second else None, n, unit)


def ends(curves: Sequence[Curve]) -> tuple[list[Curve], list[Curve]]:
    """The last step and the first as two arms, so that what a training changed is a paired difference."""
    last = [Curve(c.organism_seed, {0: c.grades[c.steps[-1]]}) for c in curves]
    first = [Curve(c.organism_seed, {0: c.grades[c.steps[0]]}) for c in curves]
    return last, first


@dataclass(frozen=True)
class _Table:
    steps: tuple[int, ...]
    shown: Float[np.ndarray, "seed step prompt"]
    graded: Float[np.ndarray, "seed step prompt"]


def _table(curves: Sequence[Curve], seeds: list[int], prompts: list[str]) -> _Table:
    """Counts by seed, step and prompt (two curves of one seed add up)."""
    steps = curves[0].steps
    if any(curve.steps != steps for curve in curves):
        raise ValueError("curves that are pooled must have the same steps")
    shown = np.zeros((len(seeds), len(steps), len(prompts)))
    graded = np.zeros_like(shown)
    row = {seed: i for i, seed in enumerate(seeds)}
    column = {prompt: i for i, prompt in enumerate(prompts)}
    for curve in curves:
        for t, step in enumerate(steps):
            for prompt, grade in curve.grades[step].items():
                if grade is not None:
                    shown[row[curve.organism_seed], t, column[prompt]] += grade
                    graded[row[curve.organism_seed], t, column[prompt]] += 1
    return _Table(steps, shown, graded)


def _weights(seeds: int, prompts: int, seed: int) -> Float[np.ndarray, "resample seed prompt"]:
    """How often each prompt of each organism seed was drawn in each resample."""
    rng = numpy_rng(seed, "cluster bootstrap")
    times = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=RESAMPLES)
    return rng.multinomial(times * prompts, np.full(prompts, 1 / prompts)).astype(float)


def _difference(
    arms: list[_Table], weights: Float[np.ndarray, "resample seed prompt"], statistic: Statistic
) -> Float[np.ndarray, " resample"]:
    values = []
    for arm in arms:
        shown = np.einsum("bsp,stp->bt", weights, arm.shown, optimize=True)
        graded = np.einsum("bsp,stp->bt", weights, arm.graded, optimize=True)
        rates = np.divide(shown, graded, out=np.full_like(shown, np.nan), where=graded > 0)
        values.append(statistic(rates, arm.steps))
    return np.asarray(values[0] - values[1] if len(values) == 2 else values[0])


def _two_sided(draws: Float[np.ndarray, " resample"]) -> float:
    """Twice the smaller share of resamples on either side of 0, never below 1 / (resamples + 1)."""
    below, above = (draws <= 0).sum(), (draws >= 0).sum()
    return float(min(1.0, 2 * (min(below, above) + 1) / (len(draws) + 1)))


def _widened(value: float, first: Sequence[Curve], second: Sequence[Curve]) -> Interval | None:
    """Interval where every resample gave the same value, from Wilson's bounds at each arm's smallest step.

    All-or-nothing data leave a bootstrap without width, and that is not certainty. The arms' half-widths are
    added in quadrature (as in Newcombe's interval for a difference), completions taken as independent.
    None for a number that is no rate: without spread nothing can be said.
    """
    if abs(value) > 1:
        return None
    width = sum(_wilson_width(arm) ** 2 for arm in (first, second) if arm) ** 0.5
    low = max(-1.0 if second else 0.0, value - width)
    return Interval(low, min(1.0, value + width), "Wilson widths in quadrature (no spread to resample)")


def _wilson_width(arm: Sequence[Curve]) -> float:
    n = min(sum(g is not None for c in arm for g in c.grades[step].values()) for step in arm[0].steps)
    bound = wilson(n, n)
    return 1 - bound.low if bound else 1.0
