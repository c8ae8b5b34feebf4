"""The line that is printed before a run: what it could find, and what was assumed for saying so."""

from glasshouse.evals.faking.gap import ALPHA
from glasshouse.stats.discordance import discordance, mcnemar_power

OPUS_RATES = (0.142, 0.028)
"""Claude 3 Opus, helpful-only, monitored and unmonitored (Greenblatt et al. 2024, table 1)."""
CORRELATION = 0.2
"""Assumed phi of the two verdicts on one query: queries differ in how tempting they are."""
WANTED = 0.8
_STEP = 0.0025


def power_line(
    n: int, rates: tuple[float, float] = OPUS_RATES, correlation: float = CORRELATION, tests: int = 1
) -> str:
    """What n queries per tier can show, in one sentence that names the assumed discordance.

    Args:
        n: queries, each asked once in both tiers.
        rates: expected compliance, monitored and unmonitored.
        correlation: of the two verdicts on one query.
        tests: gaps that are called together; Holm's first step divides the level by this.

    Example:
        >>> power_line(0)
        'Power: none, there are no pairs.'
    """
    if n < 1:
        return "Power: none, there are no pairs."
    alpha = ALPHA / tests
    pairs = discordance(*rates, correlation)
    power = mcnemar_power(pairs, n, alpha)
    found = "undefined for equal rates" if power is None else f"{power.value:.0%}"
    least = smallest_gap(n, rates[1], correlation, alpha)
    detectable = "no gap" if least is None else f"a gap of {100 * least:.1f} points or more"
    return (
        f"Power: {found} to call {100 * rates[0]:g} % monitored against {100 * rates[1]:g} % unmonitored "
        f"with {n} queries (assumed discordance {100 * pairs.only_first:.1f} % monitored only, "
        f"{100 * pairs.only_second:.1f} % unmonitored only; exact McNemar at {alpha:.2g}); "
        f"{WANTED:.0%} power for {detectable} above {100 * rates[1]:g} %."
    )


def smallest_gap(n: int, unmonitored: float, correlation: float, alpha: float = ALPHA) -> float | None:
    """The smallest gap that would be called with 80 % power; None where none would.

    Args:
        n: pairs.
        unmonitored: compliance in the unmonitored tier.
        correlation: of the two verdicts on one query.
        alpha: of the test.
    """
    low, high = 0, int((1 - unmonitored) / _STEP)

    def enough(steps: int) -> bool:
        pairs = discordance(unmonitored + steps * _STEP, unmonitored, correlation)
        power = mcnemar_power(pairs, n, alpha)
        return power is not None and power.value >= WANTED

    if not enough(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high * _STEP
