"""Every random stream of a run, derived by name from the run's one seed."""

import hashlib
import random

import numpy as np


def derive_seed(run_seed: int, *names: str | int) -> int:
    """A seed in [0, 2**63) for one named use; the same on every machine and Python version.

    Args:
        run_seed: the one seed of the run.
        names: what the stream is for, from general to special, e.g. `"eval", sample_id, repeat`.

    Example:
        >>> derive_seed(1, "farm", 0) == derive_seed(1, "farm", 0)
        True
        >>> derive_seed(1, "farm", 0) == derive_seed(1, "farm", "0")
        False
    """
    text = repr((run_seed, *names)).encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big") >> 1


def python_rng(run_seed: int, *names: str | int) -> random.Random:
    """A generator of the standard library for one named use."""
    return random.Random(derive_seed(run_seed, *names))


def numpy_rng(run_seed: int, *names: str | int) -> np.random.Generator:
    """A numpy generator for one named use."""
    return np.random.default_rng(derive_seed(run_seed, *names))
