"""What is assumed of pairs before a run: how two rates fall together; exact power and coverage."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import comb, sqrt

import numpy as np
from jaxtyping import Float, Int
from scipy.special import bdtr, gammaln, xlogy

from glasshouse.records import Interval
from glasshouse.stats.power import Power

_NEGLIGIBLE = 1e-13


@dataclass(frozen=True)
class Discordance:
    """Expected shares of pairs on which two verdicts differ."""

    only_first: float
    only_second: float

    @property
    def total(self) -> float:
        """Share of discordant pairs."""
        return self.only_first + self.only_second

    @property
    def difference(self) -> float:
        """Rate of the first verdict minus rate of the second."""
        return self.only_first - self.only_second


def discordance(first: float, second: float, correlation: float = 0.0) -> Discordance:
    """The discordant shares that two rates and their correlation over pairs imply.

    Args:
        first: rate of the first verdict, in [0, 1].
        second: rate of the second.
        correlation: phi of the two verdicts on one pair; where the rates do not allow as much, as much as
            they do.

    Example:
        >>> discordance(0.5, 0.25)
        Discordance(only_first=0.375, only_second=0.125)
        >>> discordance(0.5, 0.25, correlation=1.0)
        Discordance(only_first=0.25, only_second=0.0)
    """
    both = first * second + correlation * sqrt(first * (1 - first) * second * (1 - second))
    both = min(both, first, second)
    both = max(both, 0.0, first + second - 1)
    return Discordance(first - both, second - both)


def mcnemar_power(pairs: Discordance, n: int, alpha: float = 0.05) -> Power | None:
    """Exact power of McNemar's exact test, in the direction of the expected difference.

    Nothing is approximated: the number of discordant pairs is binomial, and so is their split.

    Args:
        pairs: expected shares of discordant pairs.
        n: pairs.
        alpha: of the two-sided test, after whatever correction for several tests.

    Returns:
        None where there are no pairs or no difference is expected: no effect, no power.

    Example:
        Six pairs, all of them discordant in one direction: 2/64 is below .05, so the test always rejects.

        >>> mcnemar_power(Discordance(1.0, 0.0), 6).value
        1.0
    """
    if n < 1 or pairs.difference == 0:
        return None
    more = max(pairs.only_first, pairs.only_second) / pairs.total
    counts = np.arange(n + 1)
    chance = _binomial(counts, n, pairs.total)
    value = 0.0
    for tosses in counts[chance > _NEGLIGIBLE]:
        most = _most_of_the_rarer(int(tosses), alpha)
        if most >= 0:
            value += float(chance[tosses] * bdtr(most, int(tosses), 1 - more))
    assumptions = (
        f"{n} pairs",
        f"assumed discordance: {pairs.only_first:.3g} in the first condition only, "
        f"{pairs.only_second:.3g} in the second only",
        f"two-sided exact McNemar test at {alpha:g}",
    )
    return Power(min(1.0, value), assumptions)


def coverage(
    pairs: Discordance, n: int, interval: Callable[[int, int, int], Interval | None]
) -> float | None:
    """How often an interval covers the true difference: summed over all outcomes, nothing is drawn.

    Args:
        pairs: the true shares.
        n: pairs.
        interval: from (only first, only second, pairs) to an interval.

    Example:
        >>> round(coverage(Discordance(0.1, 0.1), 5, lambda b, c, n: Interval(-1.0, 1.0, "all")), 9)
        1.0
    """
    first, second, chance = _outcomes(pairs, n)
    covered = 0.0
    for b, c, weight in zip(first.tolist(), second.tolist(), chance.tolist(), strict=True):
        found = interval(b, c, n)
        if found is not None and found.low - 1e-12 <= pairs.difference <= found.high + 1e-12:
            covered += weight
    return covered / float(chance.sum()) if len(chance) else None


@cache
def _most_of_the_rarer(tosses: int, alpha: float) -> int:
    """The largest count of the rarer kind at which the exact test still rejects; -1 where it never does."""
    most, tail = -1, 0.0
    for count in range(tosses // 2 + 1):
        tail += comb(tosses, count) / 2**tosses
        if min(1.0, 2 * tail) >= alpha:
            break
        most = count
    return most


def _binomial(counts: Int[np.ndarray, " n"], n: int, p: float) -> Float[np.ndarray, " n"]:
    log = gammaln(n + 1) - gammaln(counts + 1) - gammaln(n - counts + 1)
    return np.exp(log + xlogy(counts, p) + xlogy(n - counts, 1 - p))


def _outcomes(
    pairs: Discordance, n: int
) -> tuple[Int[np.ndarray, " k"], Int[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    first, second = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    possible = first + second <= n
    first, second = first[possible], second[possible]
    same = n - first - second
    log = gammaln(n + 1) - gammaln(first + 1) - gammaln(second + 1) - gammaln(same + 1)
    log += xlogy(first, pairs.only_first) + xlogy(second, pairs.only_second)
    chance = np.exp(log + xlogy(same, max(0.0, 1 - pairs.total)))
    kept = chance > 1e-10
    return first[kept], second[kept], chance[kept]
