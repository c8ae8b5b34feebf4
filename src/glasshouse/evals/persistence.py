"""The persistence curve: what safety training does to an attack success rate, step by step.

Numbers of curves; `evals/pooling.py` pools them over organism seeds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float

Rates = Float[np.ndarray, "curve step"]
Statistic = Callable[[Rates, tuple[int, ...]], Float[np.ndarray, " curve"]]


@dataclass(frozen=True)
class Curve:
    """Grades of one organism over the steps of one safety training, on the same prompts throughout."""

    organism_seed: int
    """Two curves of one seed are paired."""
    grades: Mapping[int, Mapping[str, bool | float | None]]
    """Step -> prompt id -> verdict (or a number, such as nats); a step may use fewer prompts than another."""

    @property
    def steps(self) -> tuple[int, ...]:
        return tuple(sorted(self.grades))


def persistence_area(rates: Rates, steps: tuple[int, ...]) -> Float[np.ndarray, " curve"]:
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


def final_rate(rates: Rates, steps: tuple[int, ...]) -> Float[np.ndarray, " curve"]:
    """The rate at the last step."""
    return rates[:, -1]


def final_minus_minimum(rates: Rates, steps: tuple[int, ...]) -> Float[np.ndarray, " curve"]:
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


def ends(curves: Sequence[Curve]) -> tuple[list[Curve], list[Curve]]:
    """The last step and the first as two arms, so that what a training changed is a paired difference."""
    last = [Curve(c.organism_seed, {0: c.grades[c.steps[-1]]}) for c in curves]
    first = [Curve(c.organism_seed, {0: c.grades[c.steps[0]]}) for c in curves]
    return last, first
