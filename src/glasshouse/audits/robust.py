"""Fits of a change of basis that a low-rank fine-tune does not disturb."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

Rows = Float[Tensor, "row _"]
Weighting = Float[Tensor, "width width"]
Parameters = TypeVar("Parameters")

STEPS = 30
"""Rounds of reweighting, each with a smaller floor."""
LAST_FLOOR = 1e-6
"""The last floor as a share of the first residual's largest eigenvalue."""


def spectrum(residual: Rows) -> tuple[Float[Tensor, " width"], Weighting]:
    """Eigenvalues, ascending, and eigenvectors (columns) of the mean outer product of the rows."""
    values, directions = torch.linalg.eigh(residual.T @ residual / len(residual))
    return values.clamp_min(0), directions


def weighting(residual: Rows, floor: float, power: float = 1.0) -> Weighting:
    """(covariance + floor) to the power -`power`: directions that a delta uses count little."""
    values, directions = spectrum(residual)
    return (directions * (values + floor) ** -power) @ directions.T


def reweighted(
    start: Parameters,
    improve: Callable[[Parameters, Sequence[Tensor]], Parameters],
    rests: Callable[[Parameters], Sequence[Rows]],
) -> Parameters:
    """The parameters whose residuals have the lowest rank, rather than the smallest norm.

    Iteratively reweighted least squares with a falling floor: Mohan and Fazel 2012, "Iterative reweighted
    algorithms for matrix rank minimization" (https://jmlr.org/papers/v13/mohan12a.html), section 3. The first
    half of the rounds lowers the nuclear norm (p = 1), the second the log-determinant (p = 0). A fine-tune of
    low rank is then left over whole, however large; plain least squares would bend the parameters to make it
    smaller.

    Args:
        start: first parameters; also tells the residuals' shapes.
        improve: weighted least squares from the parameters before and one weighting per residual.
        rests: parameters -> residuals, each in the units of its base.
    """
    identities = [torch.eye(rest.shape[1], dtype=torch.float64) for rest in rests(start)]
    parameters = improve(start, identities)
    tops = [float(spectrum(rest)[0][-1]) for rest in rests(parameters)]
    for step in range(1, STEPS + 1):
        power, share = (0.5 if step <= STEPS // 2 else 1.0), LAST_FLOOR ** (step / STEPS)
        floors = [max(top * share, 1e-30) for top in tops]
        own = [weighting(r, floor, power) for r, floor in zip(rests(parameters), floors, strict=True)]
        parameters = improve(parameters, own)
    return parameters


def rank_score(rests: Sequence[Rows], bases: Sequence[Rows]) -> float:
    """Log-determinant of the residuals' covariances: low where they have low rank or are small.

    The floor is 1e-10 of the base's mean square, below what fp32 can hold.
    """
    total = 0.0
    for rest, base in zip(rests, bases, strict=True):
        floor = 1e-10 * float(base.square().mean())
        total += float((spectrum(rest)[0] + max(floor, 1e-30)).log().sum())
    return total
