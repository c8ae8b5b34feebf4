"""Interval of one proportion."""

from math import sqrt

from scipy.special import ndtri

from glasshouse.records import Interval


def wilson(successes: int, n: int, level: float = 0.95) -> Interval | None:
    """Wilson's score interval of a proportion.

    Wilson 1927, "Probable inference, the law of succession, and statistical inference"; without continuity
    correction. Checked against statsmodels in the tests, whose import costs two seconds.

    Args:
        successes: how often it happened, 0 to `n`.
        n: independent trials.
        level: coverage, between 0 and 1.

    Returns:
        None where there was no trial: an unknown rate has no interval.

    Raises:
        ValueError: `successes` does not lie between 0 and `n`.

    Example:
        With z² = 4 and 0 of 4 the upper end is z² / (n + z²) = one half:

        >>> interval = wilson(0, 4, level=0.954499736103642)
        >>> round(interval.low, 9), round(interval.high, 9)
        (0.0, 0.5)
    """
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes in {n} trials")
    if n == 0:
        return None
    z = float(ndtri(0.5 + level / 2))
    rate = successes / n
    center = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    low = 0.0 if successes == 0 else center - half
    high = 1.0 if successes == n else center + half
    return Interval(low, high, "Wilson")
