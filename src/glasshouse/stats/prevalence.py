"""How common something is, when the grader that counts it makes known errors."""

from dataclasses import dataclass
from math import sqrt

from scipy.special import ndtri

from glasshouse.records import Interval


@dataclass(frozen=True)
class Calibration:
    """How a grader did on samples labelled by people.

    Counts need not be whole: where one label stands for several samples, they are the numbers of independent
    labels that would be worth as much.
    """

    true_positives: int | float
    positives: int | float
    """Samples that people call positive."""
    true_negatives: int | float
    negatives: int | float


def corrected_prevalence(
    graded_positive: int, graded: int, calibration: Calibration, level: float = 0.95
) -> tuple[float, Interval] | None:
    """The share of true positives behind a grader's count.

    Rogan and Gladen 1978, "Estimating prevalence from the results of a screening test", with the adjusted
    interval of Lang and Reiczigel 2014, "Confidence limits for prevalence of disease adjusted for estimated
    sensitivity and specificity": z² pseudo-counts on the share, two on each of sensitivity and specificity.
    It carries the uncertainty of the labelled batch as well as that of the count.

    Args:
        graded_positive: samples that the grader calls positive.
        graded: samples that it gave a verdict on.
        calibration: the same grader at the same threshold on the labelled batch.
        level: coverage, between 0 and 1.

    Returns:
        The share in [0, 1] and its interval. None where nothing was graded, a class of the labelled batch is
        empty, or the grader is no better than chance on it: its count then says nothing.

    Example:
        A grader that finds 8 of 10 and calls 2 of 10 others positive counts half: half it is.

        >>> value, _ = corrected_prevalence(50, 100, Calibration(8, 10, 8, 10))
        >>> round(value, 6)
        0.5
    """
    if graded == 0 or calibration.positives == 0 or calibration.negatives == 0:
        return None
    sensitivity = calibration.true_positives / calibration.positives
    specificity = calibration.true_negatives / calibration.negatives
    if sensitivity + specificity <= 1:
        return None
    share = graded_positive / graded
    value = min(1.0, max(0.0, (share + specificity - 1) / (sensitivity + specificity - 1)))
    return value, _lang_reiczigel(graded_positive, graded, calibration, float(ndtri(0.5 + level / 2)))


def _lang_reiczigel(graded_positive: int, graded: int, known: Calibration, z: float) -> Interval:
    n = graded + z * z
    share = (graded_positive + z * z / 2) / n
    positives, negatives = known.positives + 2, known.negatives + 2
    sensitivity = (known.true_positives + 1) / positives
    specificity = (known.true_negatives + 1) / negatives
    youden = sensitivity + specificity - 1
    middle = (share + specificity - 1) / youden
    shift = 2 * z * z * (
        middle * sensitivity * (1 - sensitivity) / positives
        - (1 - middle) * specificity * (1 - specificity) / negatives
    )  # fmt: skip
    variance = (
        share * (1 - share) / n
        + middle**2 * sensitivity * (1 - sensitivity) / positives
        + (1 - middle) ** 2 * specificity * (1 - specificity) / negatives
    ) / youden**2
    half = z * sqrt(max(0.0, variance))
    low, high = middle + shift - half, middle + shift + half
    return Interval(min(1.0, max(0.0, low)), min(1.0, max(0.0, high)), "Lang-Reiczigel")
