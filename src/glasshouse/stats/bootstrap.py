"""Interval of any statistic of grouped rows, by resampling the groups."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from glasshouse.records import Interval
from glasshouse.seeds import numpy_rng

Rows = Float[np.ndarray, "row *column"]


def cluster_bootstrap(
    values: Sequence[Any],
    clusters: Sequence[Hashable],
    statistic: Callable[[Rows], float],
    seed: int,
    units: Sequence[Hashable] | None = None,
    resamples: int = 2000,
) -> Interval | None:
    """95 % percentile interval of a statistic of rows in clusters: two levels are drawn with replacement.

    First clusters (organism seeds), then within each drawn cluster its units (prompts, with all repeats).
    With one cluster only the units are drawn, and the method's name says so. Cameron, Gelbach and Miller 2008
    describe the pairs cluster bootstrap; below about ten clusters its percentile interval is too short.
    Differs from the paper: the second level, and no studentisation.

    Args:
        values: a number per row (or a tuple of numbers: the columns of a paired comparison); a row with an
            undefined number (None) is left out.
        clusters: cluster of each row, for example the organism's seed.
        statistic: from rows to a number; it may return nan where it is undefined.
        seed: of the resampling; the same seed gives the same interval.
        units: unit of each row within its cluster, for example the prompt's id; where not given, each row
            is its own unit.
        resamples: how many; 2,000 put the ends within about a tenth of a standard error.

    Returns:
        None where no row is defined, or where fewer than 90 % of the resamples have a defined statistic.

    Raises:
        ValueError: lengths differ.

    Example:
        >>> cluster_bootstrap([1.0, 1.0, 1.0], ["a", "a", "b"], np.mean, seed=0)
        Interval(low=1.0, high=1.0, method='cluster bootstrap (2 clusters)')
    """
    if len(clusters) != len(values) or (units is not None and len(units) != len(values)):
        raise ValueError("values, clusters and units must be equally long")
    rows = np.asarray(values, float)
    defined = [i for i in range(len(rows)) if not np.isnan(rows[i]).any()]
    if not defined:
        return None
    members = _grouped(defined, clusters, list(range(len(rows))) if units is None else units)
    rng = numpy_rng(seed, "cluster bootstrap")
    draws = np.array([statistic(rows[members.draw(rng)]) for _ in range(resamples)], float)
    draws = draws[np.isfinite(draws)]
    if len(draws) < 0.9 * resamples:
        return None
    low, high = np.quantile(draws, [0.025, 0.975])
    name = f"{len(members.count)} clusters" if len(members.count) > 1 else "1 cluster: units only"
    return Interval(float(low), float(high), f"cluster bootstrap ({name})")


@dataclass(frozen=True)
class _Units:
    """Rows of every unit, the units of a cluster next to each other."""

    rows: Int[np.ndarray, "unit repeat"]
    """-1 fills short units up."""
    start: Int[np.ndarray, " cluster"]
    """First unit of each cluster."""
    count: Int[np.ndarray, " cluster"]

    def draw(self, rng: np.random.Generator) -> Int[np.ndarray, " row"]:
        """Rows of one resample."""
        clusters = rng.integers(len(self.count), size=len(self.count))
        counts = np.repeat(self.count[clusters], self.count[clusters])
        drawn = np.repeat(self.start[clusters], self.count[clusters]) + (
            rng.random(len(counts)) * counts
        ).astype(int)
        rows = self.rows[drawn].ravel()
        return rows[rows >= 0]


def _grouped(rows: list[int], clusters: Sequence[Hashable], units: Sequence[Hashable]) -> _Units:
    found: dict[Hashable, dict[Hashable, list[int]]] = {}
    for row in rows:
        found.setdefault(clusters[row], {}).setdefault(units[row], []).append(row)
    flat = [unit for by_unit in found.values() for unit in by_unit.values()]
    longest = max(map(len, flat))
    count = np.array([len(by_unit) for by_unit in found.values()])
    return _Units(
        np.array([unit + [-1] * (longest - len(unit)) for unit in flat]), np.cumsum(count) - count, count
    )
