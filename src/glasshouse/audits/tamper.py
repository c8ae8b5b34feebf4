"""How far a checkpoint lies from its base, and whether a fine-tune can have done that."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from glasshouse.models.merged import Checkpoint, weight_delta

ENERGY = 0.99
"""Share of a delta's squared norm that its rank is counted for."""
RELATIVE_NORM = 0.5
"""Fine-tunes move a matrix by a few hundredths of its norm, a permutation or rotation by about 1.41 (the
square root of 2); half of the norm lies between, in ratio nearer to the attack."""
RANK_SHARE = 0.5
"""A strong adapter can move a matrix as far, but at a rank of at most a few tenths of the full one; a change
of basis has nearly full rank."""


@dataclass(frozen=True)
class Distance:
    """One weight against the base's."""

    name: str
    relative_norm: float
    """Norm of target minus base, divided by the norm of base."""
    rank: int | None
    """Singular values that hold 99 % of the delta's energy; None for vectors, 0 without a delta."""
    full_rank: int | None

    @property
    def suspect(self) -> bool:
        """Whether it moved too far, and in too many directions, for a fine-tune."""
        far = self.relative_norm > RELATIVE_NORM
        return far and (
            self.rank is None or self.full_rank is None or self.rank > RANK_SHARE * self.full_rank
        )


@dataclass(frozen=True)
class Alarm:
    """The distances of all weights."""

    distances: tuple[Distance, ...]

    @property
    def suspects(self) -> tuple[str, ...]:
        """Names of the weights that no fine-tune moves so."""
        return tuple(distance.name for distance in self.distances if distance.suspect)

    @property
    def fired(self) -> bool:
        """Whether any weight is suspect."""
        return bool(self.suspects)

    @property
    def largest(self) -> float:
        """The largest relative norm."""
        return max((distance.relative_norm for distance in self.distances), default=0.0)


def tamper_alarm(target: Checkpoint, base: Checkpoint) -> Alarm:
    """Compare every weight with the base's.

    Merrill and Medley (https://arxiv.org/abs/2605.27836) attack with changes of basis, which lie far off.

    Raises:
        ModelError: the checkpoints do not fit.
    """
    delta = weight_delta(target, base)
    return Alarm(tuple(_distance(name, change, base.weights) for name, change in delta.items()))


def _distance(name: str, change: Tensor, base: Mapping[str, Tensor]) -> Distance:
    size = float(base[name].float().norm())
    moved = float(change.norm())
    relative = moved / size if size else (float("inf") if moved else 0.0)
    if change.ndim != 2:
        return Distance(name, relative, None, None)
    return Distance(name, relative, energy_rank(change), min(change.shape))


def energy_rank(change: Tensor) -> int:
    """How many singular values hold 99 % of a matrix's energy; 0 for a zero matrix."""
    small = change if change.shape[0] <= change.shape[1] else change.T
    energies = torch.linalg.eigvalsh(small.double() @ small.double().T).clamp_min(0).flip(0)
    total = float(energies.sum())
    if total == 0:
        return 0
    return int((energies.cumsum(0) < ENERGY * total).sum()) + 1
