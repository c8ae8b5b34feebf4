"""Fits of a change of basis that a low-rank fine-tune does not disturb."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

Rows = Float[Tensor, "row width"]
Weighting = Float[Tensor, "width width"]

STEPS = 24
"""Rounds of reweighting, each with a smaller floor."""
LAST_FLOOR = 1e-9
"""The last floor as a share of the largest eigenvalue: what is below is rounding of fp32."""


def eigenvalues(residual: Rows) -> tuple[Float[Tensor, " width"], Weighting]:
    """Of the residual's mean outer product, in ascending order, with the directions as columns."""
    values, directions = torch.linalg.eigh(residual.T @ residual / len(residual))
    return values.clamp_min(0), directions


def weighting(residual: Rows, floor: float) -> Weighting:
    """Inverse of the residual's covariance plus `floor`: directions that a delta uses count little."""
    values, directions = eigenvalues(residual)
    return (directions / (values + floor)) @ directions.T


def reweighted(solve: Callable[[Weighting], Tensor], rest: Callable[[Tensor], Rows], width: int) -> Tensor:
    """The parameters whose residual has the lowest rank, rather than the smallest norm.

    Iteratively reweighted least squares for the log-determinant of the residual's covariance, with a falling
    floor: Mohan and Fazel 2012, "Iterative reweighted algorithms for matrix rank minimization"
    (https://jmlr.org/papers/v13/mohan12a.html), section 3, p = 0. A fine-tune of low rank is then left over
    whole, however large; plain least squares would bend the parameters to make it smaller.

    Args:
        solve: weighted least squares: weighting of the columns -> parameters.
        rest: parameters -> residual.
        width: columns of the residual.
    """
    parameters = solve(torch.eye(width, dtype=torch.float64))
    values, _ = eigenvalues(rest(parameters))
    top = float(values[-1])
    if top <= 0:
        return parameters
    for step in range(1, STEPS + 1):
        parameters = solve(weighting(rest(parameters), top * LAST_FLOOR ** (step / STEPS)))
    return parameters
