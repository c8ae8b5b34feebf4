"""How far two raters agree beyond chance."""

from collections.abc import Hashable, Sequence
from math import sqrt

import numpy as np
from scipy.special import ndtri

from glasshouse.records import Interval


def cohen_kappa(
    first: Sequence[Hashable], second: Sequence[Hashable], level: float = 0.95
) -> tuple[float, Interval] | None:
    """Cohen's kappa of two raters on the same samples, unweighted.

    Cohen 1960; large-sample standard error of Fleiss, Cohen and Everitt 1969, "Large sample standard errors
    of kappa and weighted kappa", equation 13 (the one for intervals, not for the test of zero).

    Returns:
        None without samples, or where both raters give everything the same one label: chance agreement is
        then complete and kappa is not defined.

    Raises:
        ValueError: the two differ in length.

    Example:
        Agreement 3/4, chance agreement 1/2:

        >>> value, _ = cohen_kappa(["a", "a", "b", "b"], ["a", "a", "b", "a"])
        >>> round(value, 6)
        0.5
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} labels against {len(second)}: they are not of the same samples")
    names = list(dict.fromkeys([*first, *second]))
    table = np.zeros((len(names), len(names)))
    for a, b in zip(first, second, strict=True):
        table[names.index(a), names.index(b)] += 1
    n = len(first)
    if n == 0 or len(names) == 1:
        return None
    table /= n
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    agreed, chance = float(np.trace(table)), float(rows @ columns)
    kappa = (agreed - chance) / (1 - chance)
    half = float(ndtri(0.5 + level / 2)) * sqrt(max(0.0, _variance(table, kappa, chance) / n))
    return kappa, Interval(max(-1.0, kappa - half), min(1.0, kappa + half), "Fleiss-Cohen-Everitt")


def _variance(table: np.ndarray, kappa: float, chance: float) -> float:
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    both = columns[:, None] + rows[None, :]
    diagonal = np.diag(table) @ (1 - (rows + columns) * (1 - kappa)) ** 2
    off = (1 - kappa) ** 2 * ((table - np.diag(np.diag(table))) * both**2).sum()
    return float((diagonal + off - (kappa - chance * (1 - kappa)) ** 2) / (1 - chance) ** 2)
