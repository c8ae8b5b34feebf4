"""Shares of organisms and their differences, with intervals from resampling behaviors."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from glasshouse.evals.pooling import Estimate
from glasshouse.records import Interval
from glasshouse.seeds import numpy_rng
from glasshouse.stats.bootstrap import cluster_bootstrap
from glasshouse.stats.proportion import wilson

RESAMPLES = 4000
UNIT = "behavior"
Value = tuple[float | bool | None, Hashable]
"""A number of one organism, in [0, 1] or undefined, and its behavior."""


def share(values: Sequence[Value], seed: int) -> Estimate:
    """The mean of organisms' numbers, clustered by behavior.

    Where every organism gives the same 0 or 1 a bootstrap has no width; the interval is then Wilson's over
    the behaviors, each counted once, which is the wider the fewer behaviors there are.

    Example:
        >>> share([(True, "a"), (False, "b"), (None, "c")], seed=0).value
        0.5
        >>> share([(1.0, "a"), (1.0, "a")], seed=0).interval.method
        'Wilson over 1 behaviors'
    """
    known = [(float(value), cluster) for value, cluster in values if value is not None]
    if not known:
        return Estimate(None, None, None, 0, None)
    numbers, clusters = [value for value, _ in known], [cluster for _, cluster in known]
    mean = float(np.mean(numbers))
    if len(set(numbers)) == 1 and mean in (0.0, 1.0):
        different = len(set(clusters))
        bound = wilson(round(mean) * different, different)
        assert bound is not None
        interval: Interval | None = Interval(bound.low, bound.high, f"Wilson over {different} behaviors")
    else:
        interval = cluster_bootstrap(numbers, clusters, lambda rows: float(np.mean(rows)), seed)
    return Estimate(mean, interval, None, len(known), UNIT)


@dataclass(frozen=True)
class Difference:
    """Two groups of organisms; those of one behavior are resampled together, so pairs stay pairs."""

    first: Sequence[Value]
    second: Sequence[Value]

    def estimate(self, seed: int, level: float = 0.95) -> Estimate:
        """Mean of the first minus mean of the second, with a bootstrap over behaviors.

        Example:
            >>> found = Difference([(1.0, "a"), (1.0, "b")], [(0.0, "a"), (0.0, "b")]).estimate(0)
            >>> found.value, found.n
            (1.0, 4)
        """
        sums = _sums(self.first, self.second)
        if sums is None or not (sums[:, 1].sum() and sums[:, 3].sum()):
            return Estimate(None, None, None, 0, None)
        value = float(_gaps(sums[None])[0])
        rng = numpy_rng(seed, "difference")
        drawn = sums[rng.integers(len(sums), size=(RESAMPLES, len(sums)))]
        gaps = _gaps(drawn)
        gaps = gaps[np.isfinite(gaps)]
        n = round(float(sums[:, 1].sum() + sums[:, 3].sum()))
        if len(gaps) < 0.9 * RESAMPLES:
            return Estimate(value, None, None, n, UNIT)
        low, high = np.quantile(gaps, [(1 - level) / 2, (1 + level) / 2])
        tail = min(int((gaps <= 0).sum()), int((gaps >= 0).sum()))
        p_value = min(1.0, 2 * (1 + tail) / (len(gaps) + 1))
        interval = Interval(float(low), float(high), f"cluster bootstrap ({len(sums)} behaviors)")
        return Estimate(value, interval, p_value, n, UNIT)


def _sums(first: Sequence[Value], second: Sequence[Value]) -> Float[np.ndarray, "behavior 4"] | None:
    """Sum and count of the first group, and of the second, behavior by behavior."""
    found: dict[Hashable, list[float]] = {}
    for place, values in ((0, first), (2, second)):
        for value, cluster in values:
            if value is not None:
                row = found.setdefault(cluster, [0.0, 0.0, 0.0, 0.0])
                row[place] += float(value)
                row[place + 1] += 1
    return np.array(list(found.values()), float) if found else None


def _gaps(sums: Float[np.ndarray, "draw behavior 4"]) -> Float[np.ndarray, " draw"]:
    """First mean minus second mean of each draw; nan where a group is empty."""
    total = sums.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        gaps: Float[np.ndarray, " draw"] = total[:, 0] / total[:, 1] - total[:, 2] / total[:, 3]
    return gaps
