"""Two verdicts on each sample: the difference of their rates, and whether there is one."""

from collections.abc import Sequence
from math import sqrt

from scipy.special import bdtr, ndtri

from glasshouse.records import Interval


def paired_difference(
    first: Sequence[bool | None], second: Sequence[bool | None], level: float = 0.95
) -> tuple[float, Interval] | None:
    """Rate of the first verdict minus rate of the second, on the pairs in which both were given.

    Bonett and Price 2012, "Adjusted Wald confidence interval for a difference of binomial proportions
    based on paired data": one is added to each discordant count for the interval; the value is not adjusted.

    Args:
        first: a verdict per sample; None where the grader gave none.
        second: the same for the other condition, in the same order of samples.
        level: coverage, between 0 and 1.

    Returns:
        The difference in [-1, 1] and its interval; None where no pair has both verdicts.

    Raises:
        ValueError: the two differ in length.

    Example:
        >>> value, interval = paired_difference([True, True, True, None], [False, True, True, True])
        >>> round(value, 3), round(interval.low, 3), round(interval.high, 3)
        (0.333, -0.456, 0.856)
    """
    only_first, only_second, n = discordant(first, second)
    if n == 0:
        return None
    p, q = (only_first + 1) / (n + 2), (only_second + 1) / (n + 2)
    half = float(ndtri(0.5 + level / 2)) * sqrt((p + q - (p - q) ** 2) / (n + 2))
    interval = Interval(max(-1.0, p - q - half), min(1.0, p - q + half), "Bonett-Price (paired)")
    return (only_first - only_second) / n, interval


def mcnemar_exact(first: Sequence[bool | None], second: Sequence[bool | None]) -> float | None:
    """Two-sided exact p-value of McNemar's test: are the two rates equal?

    McNemar 1947; the discordant pairs are compared with a fair coin.

    Returns:
        None where no pair has both verdicts; 1 where no pair is discordant.

    Example:
        Five heads in five tosses: 2 x 1/32.

        >>> mcnemar_exact([True] * 5, [False] * 5)
        0.0625
    """
    only_first, only_second, n = discordant(first, second)
    if n == 0:
        return None
    tosses = only_first + only_second
    if tosses == 0:
        return 1.0
    return min(1.0, 2 * float(bdtr(min(only_first, only_second), tosses, 0.5)))


def discordant(first: Sequence[bool | None], second: Sequence[bool | None]) -> tuple[int, int, int]:
    """Pairs with only the first True, pairs with only the second True, and pairs with both verdicts."""
    if len(first) != len(second):
        raise ValueError(f"{len(first)} verdicts against {len(second)}: they are not pairs")
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if a is not None and b is not None]
    return sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs), len(pairs)
