"""Many tests at once: adjusted p-values, and the levels at which their intervals say the same."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

P = Float[np.ndarray, " test"]


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """P-values that control the chance of any false rejection.

    Holm 1979, "A simple sequentially rejective multiple test procedure". A test without a
    p-value is not counted.

    Example:
        Two tests: the smaller is doubled, the larger may not come out below it.

        >>> holm([0.03, None, 0.02])
        [0.04, None, 0.04]
    """
    return _adjusted(p_values, _holm_sorted)


def benjamini_hochberg(p_values: Sequence[float | None]) -> list[float | None]:
    """P-values that control the expected share of false rejections among the rejections.

    Benjamini and Hochberg 1995, "Controlling the false discovery rate". Holds for independent or positively
    dependent tests.

    Example:
        >>> benjamini_hochberg([0.01, 0.04, None])
        [0.02, 0.04, None]
    """
    return _adjusted(p_values, _bh_sorted)


def holm_levels(p_values: Sequence[float | None], alpha: float = 0.05) -> list[float | None]:
    """Level at which each test's own interval excludes its null value exactly where Holm rejects.

    The k-th smallest of m p-values is compared with alpha / (m - k + 1) until the first that is too large; it
    and all after it share that step's level (Holm's step-down, read as intervals).

    Example:
        The first of two is tested at 0.025 and rejected; the second at 0.05.

        >>> holm_levels([0.5, 0.001])
        [0.95, 0.975]
    """
    known = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    levels: list[float | None] = [None] * len(p_values)
    threshold, stopped = alpha, False
    for rank, (p, i) in enumerate(known):
        threshold = threshold if stopped else alpha / (len(known) - rank)
        stopped = stopped or p > threshold
        levels[i] = 1 - threshold
    return levels


def _adjusted(p_values: Sequence[float | None], adjust: Callable[[P], P]) -> list[float | None]:
    known = [i for i, p in enumerate(p_values) if p is not None]
    if any(not 0 <= float(p_values[i] or 0) <= 1 for i in known):
        raise ValueError("a p-value lies between 0 and 1")
    result: list[float | None] = [None] * len(p_values)
    if not known:
        return result
    p = np.array([p_values[i] for i in known], float)
    order = np.argsort(p, kind="stable")
    for i, value in zip(order, adjust(p[order]), strict=True):
        result[known[i]] = float(min(1.0, value))
    return result


def _holm_sorted(p: P) -> P:
    return np.maximum.accumulate(p * np.arange(len(p), 0, -1))


def _bh_sorted(p: P) -> P:
    return np.minimum.accumulate((p * len(p) / np.arange(1, len(p) + 1))[::-1])[::-1]
