"""Weights recognized again: a fingerprint that mirrors, other dtypes and 8-bit copies keep."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from glasshouse.errors import ModelError
from glasshouse.models.merged import EMBEDDING
from glasshouse.seeds import numpy_rng

PROJECTIONS = 64
"""Numbers per weight; the distance of two models is then known within a few hundredths of itself."""
PARTS = ("self_attn.k_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.down_proj")
SEED = 20260401
"""Of the projections; another one would make another kind of fingerprint."""
SAME = 0.03
"""Distance up to which weights are the same numbers, rounded: bf16 moves them by about 0.002 of their norm,
8 bits per row by 0.01."""
RELATED = 0.7
"""Distance up to which one is a fine-tune or a coarser quantization of the other: half of the distance of
strangers, which is the square root of 2."""

Relation = Literal["same", "related", "other"]


@dataclass(frozen=True)
class Fingerprint:
    """Random projections of some weights, each divided by the weight's norm."""

    values: Mapping[str, tuple[float, ...]]
    """Weight name and shape -> projections, of mean square about 1."""


def fingerprint(weights: Mapping[str, Tensor]) -> Fingerprint:
    """Project the embedding and four matrices of the first, the middle and the last layer.

    A projection is s·W·t with fixed random signs s and t. Its mean square is the squared norm of W, and for a
    changed W' the mean squared difference is the squared norm of W' - W: so the distance of two fingerprints
    estimates the relative distance of the weights.

    Args:
        weights: parameter name -> tensor, as transformers names them.

    Raises:
        ModelError: none of these weights is there.
    """
    layers = [int(name.split(".")[2]) for name in weights if name.startswith("model.layers.")]
    last = max(layers, default=0)
    names = [EMBEDDING]
    names += [f"model.layers.{i}.{part}.weight" for i in sorted({0, last // 2, last}) for part in PARTS]
    values = {}
    for name in names:
        tensor = weights.get(name)
        if tensor is not None and tensor.ndim == 2:
            values[f"{name} {tuple(tensor.shape)}"] = _project(name, tensor)
    if not values:
        raise ModelError(
            "These weights are not those of a known kind of decoder.", "Give a transformers model."
        )
    return Fingerprint(values)


def _project(name: str, tensor: Tensor) -> tuple[float, ...]:
    rng = numpy_rng(SEED, "fingerprint", name)
    left, right = (_signs(rng, size) for size in tensor.shape)
    matrix = tensor.to(torch.float32)
    size = float(matrix.norm()) or 1.0
    return tuple(round(float(x), 5) for x in ((left @ matrix) * right).sum(1) / size)


def _signs(rng: np.random.Generator, size: int) -> Tensor:
    return torch.from_numpy(rng.integers(0, 2, (PROJECTIONS, size)) * 2 - 1).to(torch.float32)


def distance(first: Fingerprint, second: Fingerprint) -> float | None:
    """Estimated norm of the difference over the norm of the weights; None where no weight has the same shape.

    About 0 for copies, 0.01 to 0.3 for fine-tunes, 1.41 for strangers. Weights in other coordinates are
    strangers, except the embedding.
    """
    shared = sorted(set(first.values) & set(second.values))
    if not shared:
        return None
    gaps = [np.subtract(first.values[name], second.values[name]) for name in shared]
    return float(np.sqrt(np.mean(np.square(np.stack(gaps)))))


def relation(first: Fingerprint, second: Fingerprint) -> Relation:
    """Whether two fingerprints are of the same weights, of related ones or of others."""
    apart = distance(first, second)
    if apart is None or apart > RELATED:
        return "other"
    return "same" if apart <= SAME else "related"


def recognize(found: Fingerprint, known: Mapping[str, Fingerprint]) -> tuple[str, float] | None:
    """The nearest known model and its distance; None where all are strangers.

    Args:
        found: of the weights in question.
        known: name -> fingerprint of a base.
    """
    near = [(distance(found, other), name) for name, other in sorted(known.items())]
    nearest = min(((apart, name) for apart, name in near if apart is not None), default=None)
    if nearest is None or nearest[0] > RELATED:
        return None
    return nearest[1], nearest[0]
