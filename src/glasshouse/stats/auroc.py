"""Area under the ROC curve, and the difference of two on the same samples."""

from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import ndtri
from scipy.stats import rankdata

from glasshouse.records import Interval

Scores = Float[np.ndarray, " sample"]
Labels = Bool[np.ndarray, " sample"]


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval."""

    value: float
    interval: Interval


@dataclass(frozen=True)
class PairedAuroc:
    """Two scores of the same samples: each area, and first minus second."""

    first: Estimate
    second: Estimate
    difference: Estimate


def auroc(scores: Scores, labels: Labels, level: float = 0.95) -> Estimate | None:
    """The chance that a positive scores higher than a negative; ties count one half.

    Variance after DeLong, DeLong and Clarke-Pearson 1988, "Comparing the areas under two or more correlated
    receiver operating characteristic curves"; the interval is taken on the logit scale, so that it stays
    inside [0, 1]. Where the variance is 0 (all pairs in order) the Wilson-like bound of `1 / n` pairs of the
    smaller class takes its place.

    Returns:
        None where one class is empty: there is no pair to compare.

    Example:
        Of the four pairs three are in order:

        >>> import numpy as np
        >>> auroc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])).value
        0.75
    """
    if not labels.any() or labels.all():
        return None
    areas, covariance = _delong(scores[None, :], labels)
    return Estimate(float(areas[0]), _logit_interval(float(areas[0]), float(covariance[0, 0]), labels, level))


def paired_auroc(first: Scores, second: Scores, labels: Labels, level: float = 0.95) -> PairedAuroc | None:
    """Both areas and their difference with DeLong's paired interval.

    Returns:
        None where one class is empty.
    """
    if not labels.any() or labels.all():
        return None
    areas, covariance = _delong(np.stack([first, second]), labels)
    each = [
        Estimate(float(areas[k]), _logit_interval(float(areas[k]), float(covariance[k, k]), labels, level))
        for k in (0, 1)
    ]
    value = float(areas[0] - areas[1])
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    half = _z(level) * sqrt(max(variance, 0.0))
    interval = Interval(max(-1.0, value - half), min(1.0, value + half), "DeLong (paired)")
    return PairedAuroc(each[0], each[1], Estimate(value, interval))


def _delong(
    scores: Float[np.ndarray, "score sample"], labels: Labels
) -> tuple[Float[np.ndarray, " score"], Float[np.ndarray, "score score"]]:
    """Areas and their covariance, from the placement of each sample among the other class."""
    positive, negative = scores[:, labels], scores[:, ~labels]
    m, n = positive.shape[1], negative.shape[1]
    ranks = rankdata(np.concatenate([positive, negative], axis=1), axis=1)
    above = (ranks[:, :m] - rankdata(positive, axis=1)) / n
    below = 1 - (ranks[:, m:] - rankdata(negative, axis=1)) / m
    return above.mean(axis=1), _covariance(above) / m + _covariance(below) / n


def _covariance(placements: Float[np.ndarray, "score sample"]) -> Float[np.ndarray, "score score"]:
    count = placements.shape[1]
    if count < 2:
        return np.zeros((len(placements), len(placements)))
    centered = placements - placements.mean(axis=1, keepdims=True)
    return np.asarray(centered @ centered.T / (count - 1))


def _logit_interval(area: float, variance: float, labels: Labels, level: float) -> Interval:
    smaller = int(min(labels.sum(), (~labels).sum()))
    z = _z(level)
    if not 0 < area < 1 or variance <= 0:
        slack = z * z / (smaller + z * z)
        return Interval(max(0.0, area - slack), min(1.0, area + slack), "Wilson bound (no spread)")
    half = z * sqrt(variance) / (area * (1 - area))
    middle = log(area / (1 - area))
    return Interval(_logistic(middle - half), _logistic(middle + half), "DeLong (logit)")


def _logistic(x: float) -> float:
    return 1 / (1 + exp(-x)) if x >= 0 else exp(x) / (1 + exp(x))


def _z(level: float) -> float:
    return float(ndtri(0.5 + level / 2))
