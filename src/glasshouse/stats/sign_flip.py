"""Are paired differences centered on 0? By turning their signs at random."""

from collections.abc import Sequence

import numpy as np

from glasshouse.seeds import numpy_rng


def sign_flip_p(differences: Sequence[float], seed: int, draws: int = 9999) -> float | None:
    """Two-sided p-value: how often the mean is as far from 0 when each difference gets a random sign.

    Fisher 1935, "The Design of Experiments", section 21, by random signs. For pairs measured several times,
    where     a pair's difference is no longer -1, 0 or 1 and McNemar's test does not apply.

    Args:
        differences: one per pair.
        seed: of the signs.
        draws: how many; the smallest possible p-value is 1 / (draws + 1).

    Returns:
        None without pairs.

    Example:
        >>> sign_flip_p([0.0, 0.0], seed=0)
        1.0
        >>> sign_flip_p([0.5] * 40, seed=0)
        0.0001
    """
    if not differences:
        return None
    values = np.asarray(differences, float)
    seen = abs(values.mean()) - 1e-12
    signs = numpy_rng(seed, "sign flip").choice((-1.0, 1.0), size=(draws, len(values)))
    reached = int((np.abs(signs @ values) / len(values) >= seen).sum())
    return (1 + reached) / (draws + 1)
