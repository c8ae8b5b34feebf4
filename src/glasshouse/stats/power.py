"""How likely a planned comparison is to find what it looks for, with everything that was assumed."""

from dataclasses import dataclass
from math import sqrt

from scipy.special import ndtr, ndtri


@dataclass(frozen=True)
class Power:
    """The power of a plan."""

    value: float
    """Chance of a two-sided p-value below alpha if the assumptions hold."""
    assumptions: tuple[str, ...]
    """Everything the value rests on, in words."""


@dataclass(frozen=True)
class Clustering:
    """How much less each completion says where completions come in clusters."""

    size: float = 1.0
    """Completions per cluster."""
    correlation: float = 0.0
    """Of two completions of one cluster, 0 to 1."""

    @property
    def design_effect(self) -> float:
        """How many clustered completions say as much as one independent one (Kish 1965).

        Example:
            >>> Clustering(size=11.0, correlation=0.1).design_effect
            2.0
        """
        return 1 + (self.size - 1) * self.correlation

    def in_words(self) -> str:
        if self.design_effect == 1:
            return "completions independent of each other"
        effect = f"design effect {self.design_effect:.3g}"
        return f"clusters of {self.size:g} with correlation {self.correlation:g}: {effect}"


INDEPENDENT = Clustering()


def unpaired_power(
    rates: tuple[float, float],
    n: tuple[int, int],
    alpha: float = 0.05,
    clustering: Clustering = INDEPENDENT,
) -> Power | None:
    """Power of a two-sided comparison of two independent rates.

    Normal approximation with the pooled rate under no difference (Fleiss, Levin and Paik 2003, chapter 4,
    without continuity correction); the chance of a significant result in the wrong direction is not counted.

    Args:
        rates: expected rate of each arm.
        n: completions per arm.
        alpha: of the test, after whatever correction for several tests.
        clustering: of the completions within an arm.

    Returns:
        None where an arm is empty, a rate lies outside [0, 1] or the rates are equal: no effect, no power.

    Example:
        >>> round(unpaired_power((0.6, 0.28), (100, 100)).value, 3)
        0.997
    """
    if min(n) < 1 or not all(0 <= rate <= 1 for rate in rates) or rates[0] == rates[1]:
        return None
    effective = [count / clustering.design_effect for count in n]
    pooled = sum(r * m for r, m in zip(rates, effective, strict=True)) / sum(effective)
    under_none = sqrt(pooled * (1 - pooled) * sum(1 / m for m in effective))
    under_plan = sqrt(sum(r * (1 - r) / m for r, m in zip(rates, effective, strict=True)))
    return Power(
        _chance(abs(rates[0] - rates[1]), under_none, under_plan, alpha),
        (
            f"two independent arms of {n[0]} and {n[1]} completions",
            f"rates {rates[0]:g} and {rates[1]:g}",
            *_test_in_words(alpha, clustering),
        ),
    )


def paired_power(
    only_first: float,
    only_second: float,
    n: int,
    alpha: float = 0.05,
    clustering: Clustering = INDEPENDENT,
) -> Power | None:
    """Power of McNemar's two-sided test on pairs.

    Normal approximation of Connor 1987, "Sample size for testing differences in proportions for the
    paired-sample design".

    Args:
        only_first: expected share of pairs in which only the first condition shows the behavior.
        only_second: the same for the second.
        n: pairs.
        alpha: of the test, after whatever correction for several tests.
        clustering: of the pairs.

    Returns:
        None where there are no pairs, the shares are impossible or equal: no effect, no power.

    Example:
        >>> round(paired_power(0.3, 0.1, 100).value, 2)
        0.9
    """
    shares_fit = min(only_first, only_second) >= 0 and only_first + only_second <= 1
    if n < 1 or not shares_fit or only_first == only_second:
        return None
    difference, discordant = only_first - only_second, only_first + only_second
    effective = n / clustering.design_effect
    under_none = sqrt(discordant / effective)
    under_plan = sqrt((discordant - difference**2) / effective)
    return Power(
        _chance(abs(difference), under_none, under_plan, alpha),
        (
            f"{n} pairs",
            f"the behavior in the first condition only: {only_first:g}, in the second only: {only_second:g}",
            *_test_in_words(alpha, clustering),
        ),
    )


def _chance(effect: float, under_none: float, under_plan: float, alpha: float) -> float:
    excess = effect - float(ndtri(1 - alpha / 2)) * under_none
    if under_plan == 0:
        return 1.0 if excess > 0 else 0.0
    return float(ndtr(excess / under_plan))


def _test_in_words(alpha: float, clustering: Clustering) -> tuple[str, ...]:
    return (f"two-sided test at {alpha:g}", "normal approximation", clustering.in_words())
