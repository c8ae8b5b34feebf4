"""Score interval for the difference of two paired proportions."""

from collections.abc import Callable
from math import sqrt

from scipy.special import ndtri

from glasshouse.records import Interval

_HALVINGS = 40


def tango(only_first: int, only_second: int, n: int, level: float = 0.95) -> Interval | None:
    """Interval of the rate of the first verdict minus the rate of the second, from discordant pairs.

    Tango 1998, "Equivalence test and confidence interval for the difference in proportions for the
    paired-sample design", equations 8 to 10: the differences that a score test would not reject. It holds its
    level better than Bonett and Price's where few pairs are discordant and the verdicts go together.

    Args:
        only_first: pairs in which only the first verdict is True.
        only_second: pairs in which only the second one is.
        n: pairs with both verdicts.
        level: coverage, between 0 and 1.

    Returns:
        None where there is no pair.

    Raises:
        ValueError: more pairs are discordant than there are.

    Example:
        Nothing discordant in n pairs: the ends are ± z² / (n + z²), as for one proportion; here z² = 4.

        >>> interval = tango(0, 0, 12, level=0.954499736103642)
        >>> round(interval.low, 6), round(interval.high, 6)
        (-0.25, 0.25)
    """
    if min(only_first, only_second) < 0 or only_first + only_second > n:
        raise ValueError(f"{only_first} and {only_second} discordant pairs of {n}")
    if n == 0:
        return None
    z = float(ndtri(0.5 + level / 2))
    value = (only_first - only_second) / n

    def rejects(difference: float) -> bool:
        return abs(tango_score(only_first, only_second, n, difference)) > z

    return Interval(_end(rejects, value, -1.0), _end(rejects, value, 1.0), "Tango (paired)")


def tango_score(only_first: int, only_second: int, n: int, difference: float) -> float:
    """Score statistic of the hypothesis that the two rates differ by `difference`; 0 at the observed one.

    Example:
        At no difference it is McNemar's: (b - c) / sqrt(b + c).

        >>> tango_score(9, 0, 50, 0.0)
        3.0
    """
    excess = only_first - only_second - n * difference
    if abs(excess) < 1e-12:
        return 0.0
    a = 2 * n
    b = -only_first - only_second + (2 * n - only_first + only_second) * difference
    c = -only_second * difference * (1 - difference)
    share = (sqrt(max(0.0, b * b - 4 * a * c)) - b) / (2 * a)
    variance = n * (2 * share + difference * (1 - difference))
    return excess / sqrt(variance) if variance > 1e-15 else float("inf") * excess


def _end(rejects: Callable[[float], bool], value: float, limit: float) -> float:
    """The last difference between the observed one and a limit that is not rejected."""
    if not rejects(limit):
        return limit
    inside, outside = value, limit
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        inside, outside = (inside, middle) if rejects(middle) else (middle, outside)
    return inside
