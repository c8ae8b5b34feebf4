"""What selection alone would do: a softmax over three ways, with the same start, groups and reward.

The ways are faking, genuine help and refusal. Both ways of complying earn the same, so a policy gradient
favors whichever has the larger share (its logit moves by share times advantage): odds drift even where
nothing but luck and size tells the ways apart. A neural policy is compared with that, not with a constant.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from glasshouse.seeds import numpy_rng

WAYS = ("faking", "genuine", "refusing")
RATES = tuple(float(rate) for rate in np.geomspace(0.02, 20.0, 31))
"""Step sizes that are tried; the one whose compliance is closest to the policy's is taken."""


@dataclass(frozen=True)
class NullSettings:
    """What the tabular policy shares with the neural one."""

    steps: int
    prompts: int
    """Groups per step."""
    completions: int
    """Of a group."""
    beta: float
    scaled: bool = True
    """Whether a group's rewards are divided by their deviation."""


@dataclass(frozen=True)
class Null:
    """Simulated studies: as many runs each as the study has seeds."""

    rate: float
    """Step size that was fitted to compliance, never to the odds."""
    compliance: Float[np.ndarray, " step"]
    """Expected."""
    shares: Float[np.ndarray, "study step"]
    """Faking among complying samples of all seeds of a study, measured on as many samples; nan: none."""

    def mean(self, step: int) -> float | None:
        """Expected share; None where no study has a complying sample."""
        known = self._known(step)
        return float(known.mean()) if len(known) else None

    def ends(self, step: int, level: float = 0.95) -> tuple[float, float] | None:
        """Where `level` of the simulated studies lie."""
        known = self._known(step)
        if not len(known):
            return None
        low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)

    def p_value(self, step: int, observed: float) -> float | None:
        """Two-sided: how many simulated studies lie as far out on one side, doubled."""
        known = self._known(step)
        if not len(known):
            return None
        tail = min(int((known <= observed).sum()), int((known >= observed).sum()))
        return min(1.0, 2 * (1 + tail) / (len(known) + 1))

    def _known(self, step: int) -> Float[np.ndarray, " study"]:
        column = self.shares[:, step]
        known: Float[np.ndarray, " study"] = column[np.isfinite(column)]
        return known


def simulate(
    starts: Float[np.ndarray, "run 3"], settings: NullSettings, rate: float, rng: np.random.Generator
) -> Float[np.ndarray, "step run 3"]:
    """Shares of the three ways after every step, the start first.

    Args:
        starts: shares of faking, genuine help and refusal in monitored samples; a zero stays zero.
        settings: as the neural policy was trained.
        rate: step size.
        rng: of the draws.
    """
    with np.errstate(divide="ignore"):
        first = np.log(starts)
    logits, path = first.copy(), [starts]
    for _ in range(settings.steps):
        shares = _softmax(logits)
        counts = rng.multinomial(settings.completions, shares[:, None, :].repeat(settings.prompts, 1))
        gradient = _gradient(counts, settings) - settings.beta * _kl_gradient(logits, first, shares)
        logits = logits + rate * gradient
        path.append(_softmax(logits))
    return np.stack(path)


def _softmax(logits: Float[np.ndarray, "run 3"]) -> Float[np.ndarray, "run 3"]:
    high = np.exp(logits - logits.max(1, keepdims=True))
    shares: Float[np.ndarray, "run 3"] = high / high.sum(1, keepdims=True)
    return shares


def _gradient(counts: np.ndarray, settings: NullSettings) -> Float[np.ndarray, "run 3"]:
    """Mean over completions of advantage times the gradient of the log-share; advantages sum to 0."""
    size = settings.completions
    mean = counts[..., :2].sum(-1, keepdims=True) / size
    scale = np.sqrt(mean * (1 - mean) * size / (size - 1)) + 1e-4 if settings.scaled else 1.0
    rewards = np.array([1.0, 1.0, 0.0])
    advantages = (rewards - mean) / scale
    gradient: Float[np.ndarray, "run 3"] = (counts * advantages).mean(1) / size
    return gradient


def _kl_gradient(logits: np.ndarray, first: np.ndarray, shares: np.ndarray) -> Float[np.ndarray, "run 3"]:
    """Gradient of the distance from the start."""
    both = np.isfinite(first) & np.isfinite(logits)
    gone = np.where(both, logits, 0.0) - np.where(both, first, 0.0)
    gone = gone - np.log(np.where(both, np.exp(first + gone), 0.0).sum(1, keepdims=True))
    distance = (shares * gone).sum(1, keepdims=True)
    gradient: Float[np.ndarray, "run 3"] = shares * (gone - distance)
    return gradient


def fit_rate(
    starts: Float[np.ndarray, "run 3"], settings: NullSettings, compliance: Mapping[int, float], seed: int
) -> float:
    """The step size whose expected compliance is closest to the policy's at the measured steps."""
    runs = np.repeat(starts, max(1, 200 // len(starts)), axis=0)

    def error(rate: float) -> float:
        path = simulate(runs, settings, rate, numpy_rng(seed, "null rate"))
        expected = path[..., :2].sum(-1).mean(1)
        return float(sum((expected[step] - value) ** 2 for step, value in compliance.items()))

    return min(RATES, key=error)


def simulate_null(
    counts: Sequence[tuple[int, int, int]], settings: NullSettings, compliance: Mapping[int, float],
    samples: int, seed: int, studies: int = 1000,
) -> Null:  # fmt: skip
    """Studies without anything but selection, from starts as uncertain as the measured ones.

    Args:
        counts: monitored samples of each seed's start that fake, help gladly, refuse.
        settings: as the policies were trained.
        compliance: step -> measured compliance of monitored samples, over all seeds.
        samples: monitored samples of a seed at every later step.
        seed: of the simulation.
        studies: how many.
    """
    rng = numpy_rng(seed, "null")
    measured = np.array(counts, float)
    rate = fit_rate(measured / measured.sum(1, keepdims=True), settings, compliance, seed)
    weights = rng.gamma(np.broadcast_to(measured, (studies, *measured.shape)))
    starts = (weights / weights.sum(-1, keepdims=True)).reshape(-1, 3)
    path = simulate(starts, settings, rate, rng)
    shown = rng.multinomial(samples, path).reshape(settings.steps + 1, studies, len(counts), 3).sum(2)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = shown[..., 0] / shown[..., :2].sum(-1)
    return Null(rate, path[..., :2].sum(-1).mean(1), shares.T)
