"""Which 16-bit format weights were rounded to, and what of a change is rounding's."""

from dataclasses import dataclass

import torch
from torch import Tensor

FORMATS = (torch.bfloat16, torch.float16)
"""The coarser one first."""
LEFT_OUT = 0.01
"""Share of a delta's norm that an adapter made from it may leave out."""
SLACK, WRAPPED = 1.05, 1.5
"""How far the energy of what is left may lie above that of rounding: above the one expected where values lie
anywhere between two steps, and above that of rounding this very sum (less, where few values move at all)."""
MARGIN = 1.1
"""Over the largest singular value of one draw with a fixed seed."""
_EXACT = 2**-20
"""Differences up to this share of a value are those of the arithmetic in fp32."""


def stored_format(weight: Tensor) -> torch.dtype | None:
    """The coarsest 16-bit format that holds every value, whatever it is stored in now; None: a finer one.

    Example:
        >>> stored_format(torch.tensor([0.5, 1.25])), stored_format(torch.tensor([0.1]))
        (torch.bfloat16, None)
    """
    plain = weight.float()
    for kind in FORMATS:
        if bool(((plain - plain.to(kind).float()).abs() <= _EXACT * plain.abs()).all()):
            return kind
    return None


def rounded(weight: Tensor, kind: torch.dtype | None) -> Tensor:
    """The values in fp32 after rounding to a format; as they are without one."""
    return weight.float() if kind is None else weight.to(kind).float()


@dataclass(frozen=True)
class Noise:
    """What rounding does to a matrix of full precision: each value is moved by up to half a step, evenly."""

    energy: float
    """Expected squared norm."""
    edge: float
    """Largest singular value that it has: larger directions are none of rounding's."""


def rounding_noise(weight: Tensor, kind: torch.dtype | None) -> Noise:
    """What rounding to a format does to values as large as these; nothing without a format."""
    if kind is None:
        return Noise(0.0, 0.0)
    limits = torch.finfo(kind)
    step = limits.eps * torch.exp2(torch.frexp(weight.float()).exponent.float() - 1)
    step = step.clamp_min(limits.tiny * limits.eps)
    drawn = step * (torch.rand(weight.shape, generator=torch.Generator().manual_seed(0)) - 0.5)
    return Noise(float(step.norm()) ** 2 / 12, MARGIN * float(torch.linalg.matrix_norm(drawn, 2)))


def factors(change: Tensor, edge: float) -> tuple[Tensor, Tensor]:
    """A and B of the directions that rounding cannot have made, up to all but a little of the change."""
    u, s, v = torch.linalg.svd(change, full_matrices=False)
    rest = (s.square().flip(0).cumsum(0).flip(0)).sqrt()
    rank = int(((s > edge) & (rest > LEFT_OUT / 2 * rest[0])).sum())
    return v[:rank].contiguous(), (u[:, :rank] * s[:rank]).contiguous()


def unexplained(
    change: Tensor, part: Tensor, old: Tensor, kind: torch.dtype | None, expected: float | None
) -> float:
    """Squared norm of a change without the adapter's part, beyond what rounding of the sum explains.

    Args:
        change: of a weight.
        part: of it, that an adapter makes.
        old: the weight before.
        kind: format to which the sum was rounded.
        expected: squared norm that rounding leaves once directions were fitted, which take some of it with
            them; None where none were: then it is known value by value.
    """
    total = old + part
    own = float((rounded(total, kind) - total).norm()) ** 2
    explained = own if expected is None else min(SLACK * expected, WRAPPED * own)
    return max(0.0, float((change - part).norm()) ** 2 - explained)
