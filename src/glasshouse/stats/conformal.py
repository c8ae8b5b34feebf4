"""P-values of one model against clean ones: nothing is assumed but that clean ones are exchangeable."""

from collections.abc import Sequence

import numpy as np

from glasshouse.seeds import numpy_rng


def conformal_p(value: float, null: Sequence[float]) -> float | None:
    """Share of clean models, the one at hand counted among them, that reach the value.

    Vovk, Gammerman and Shafer 2005, "Algorithmic Learning in a Random World", chapter 2: if the model at hand
    were one more clean one, the p-value would be at most x with probability at most x, for every x.

    Args:
        value: statistic of the model at hand; large is suspicious.
        null: the same statistic of clean models that took no part in training.

    Returns:
        (1 + number of clean models at or above the value) / (n + 1); None without clean models.

    Example:
        >>> conformal_p(0.9, [0.1, 0.2, 0.9]), conformal_p(1.0, [0.1, 0.2, 0.9])
        (0.5, 0.25)
    """
    if not null:
        return None
    return (1 + sum(clean >= value for clean in null)) / (len(null) + 1)


def can_reach(rate: float, clean: int) -> bool:
    """Whether a p-value against so many clean models can be as small as a rate.

    Where it cannot, no model ever raises an alarm at that rate, and what depends on alarms is undefined.

    Example:
        >>> can_reach(0.05, 19), can_reach(0.05, 18), can_reach(0.01, 99)
        (True, False, True)
    """
    return 1 / (clean + 1) <= rate


def shift_p(matched: Sequence[float], null: Sequence[float], seed: int, draws: int = 9999) -> float | None:
    """Whether clean models made like the one at hand lie above the clean models of the null table.

    One-sided permutation test of the mean rank (Wilcoxon 1945, by random permutations). A small value says
    that the null table does not stand for models of this kind.

    Args:
        matched: statistic of clean models of the same rank, rate and length as the model at hand.
        null: the same statistic of the null table's models.
        seed: of the permutations.
        draws: how many permutations.

    Returns:
        None where either is empty.

    Example:
        >>> shift_p([0.9] * 20, [0.1] * 100, seed=0)
        0.0001
        >>> shift_p([0.5] * 20, [0.5] * 100, seed=0)
        1.0
    """
    if not matched or not null:
        return None
    values = np.array([*matched, *null], float)
    ordered = np.sort(values)
    ranks = (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")) / 2
    seen = ranks[: len(matched)].sum()
    rng = numpy_rng(seed, "shift")
    reached = sum(rng.permutation(ranks)[: len(matched)].sum() >= seen for _ in range(draws))
    return (1 + int(reached)) / (draws + 1)
