"""A logistic regression small enough to read: its weights are a JSON file with the names of the features."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from scipy.optimize import minimize

from glasshouse.errors import GraderError
from glasshouse.store.atomic import read_json


@dataclass(frozen=True)
class Linear:
    """Weights of a logistic regression and the threshold at which it says yes."""

    weights: Mapping[str, float]
    intercept: float
    threshold: float
    """On the probability; frozen on generated text, never on what is measured."""

    def probability(self, features: Mapping[str, float]) -> float:
        """From 0 to 1."""
        z = self.intercept + sum(weight * features[name] for name, weight in self.weights.items())
        return 1 / (1 + exp(-z)) if z >= 0 else exp(z) / (1 + exp(z))

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "intercept": round(self.intercept, 4),
            "threshold": round(self.threshold, 4),
            "weights": {name: round(weight, 4) for name, weight in self.weights.items()},
        }


def fit_linear(
    features: Float[np.ndarray, "sample feature"],
    labels: Bool[np.ndarray, " sample"],
    signs: Mapping[str, int],
    penalty: float = 1.0,
) -> Linear:
    """The weights of largest penalized likelihood, each on the side of zero that its meaning allows.

    Args:
        features: a row per sample, columns in the order of `signs`.
        labels: True for positives; the two classes weigh the same.
        signs: name of each feature -> +1, -1 or 0 for no bound.
        penalty: of the squared weights, in samples.
    """
    weight = np.where(labels, 0.5 / max(1, labels.sum()), 0.5 / max(1, (~labels).sum())) * len(labels)
    target = labels.astype(float)

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        z = features @ parameters[1:] + parameters[0]
        error = weight * (1 / (1 + np.exp(-np.clip(z, -60, 60))) - target)
        value = weight @ (np.logaddexp(0, z) - target * z) + 0.5 * penalty * parameters[1:] @ parameters[1:]
        gradient = np.concatenate([[error.sum()], features.T @ error + penalty * parameters[1:]])
        return float(value), gradient

    bounds = [(None, None), *((0 if s > 0 else None, 0 if s < 0 else None) for s in signs.values())]
    found = minimize(loss, np.zeros(1 + len(signs)), jac=True, bounds=bounds, method="L-BFGS-B").x
    named = {name: float(value) for name, value in zip(signs, found[1:], strict=True)}
    return Linear(named, float(found[0]), 0.5)


def read_linear(path: Path, key: str, names: Sequence[str]) -> Linear:
    """One regression of a weights file.

    Raises:
        GraderError: its features are not those that this version computes.
    """
    kept = read_json(path)[key]
    if list(kept["weights"]) != list(names):
        raise GraderError(f"{path} was trained on other features.", "Type glasshouse graders train.")
    return Linear(kept["weights"], kept["intercept"], kept["threshold"])
