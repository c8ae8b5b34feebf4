"""Undoing permuted and scaled hidden units of one MLP against the trusted base."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from glasshouse.audits.robust import Rows, rank_score, reweighted, spectrum, weighting
from glasshouse.models.symmetry import Weights, layer_name, permute_units, scale_units

ROUNDS = 6
"""Matchings, each with the delta of the last one taken into account."""
FALL = 0.98
"""Scales count as real where, with them, up and down together lie this much nearer to the base (squared)."""


@dataclass(frozen=True)
class Units:
    """Rows of gate, up and down (transposed), each divided by the size of the base's matrix."""

    gate: Rows
    up: Rows
    down: Rows

    def parts(self) -> tuple[Rows, Rows, Rows]:
        """The three, in order."""
        return self.gate, self.up, self.down

    def moved(self, order: Int[Tensor, " unit"], factor: Float[Tensor, " unit"]) -> "Units":
        """Other units in other scales."""
        by = factor[:, None]
        return Units(self.gate[order], self.up[order] * by, self.down[order] / by)


@dataclass(frozen=True)
class UnitMatch:
    """How the target's hidden units lie on the base's."""

    order: Int[Tensor, " unit"]
    """Base unit i is the target's unit `order[i]`."""
    factor: Float[Tensor, " unit"]
    """What its up row is to be multiplied with; 1 where no scale was found."""

    @property
    def moved(self) -> int:
        """Units in another place."""
        return int((self.order != torch.arange(len(self.order))).sum())

    @property
    def scaled(self) -> int:
        """Units in another scale."""
        return int((self.factor != 1).sum())


def units_of(weights: Weights, base: Weights, layer: int) -> Units:
    """The hidden units of a layer, in the sizes of the base."""
    rows = []
    for part in ("gate_proj", "up_proj", "down_proj"):
        name = layer_name(layer, f"mlp.{part}.weight")
        matrix = weights[name].double() / base[name].double().norm().clamp_min(1e-30)
        rows.append(matrix.T if part == "down_proj" else matrix)
    return Units(*rows)


def match_units(target: Units, base: Units) -> UnitMatch:
    """The permutation and the scales under which the target differs from the base by the lowest rank.

    Starts: all three rows side by side; or gate beside the product of up and down, which no scale changes.
    From each, matching and delta are estimated in turn; the start that ends with the lower log-determinant of
    the residuals' covariances is taken.
    """
    count = len(base.gate)
    found = [(torch.arange(count), torch.ones(count, dtype=torch.float64))]
    starts = [assign(_cosine(target, base)), assign(_cosine_without_scale(target, base))]
    in_place = torch.equal(starts[0], found[0][0]) and torch.equal(*starts)
    if in_place and first_scales(target, base, starts[0]) is None:
        return UnitMatch(*found[0])
    for order in starts[:1] if torch.equal(*starts) else starts:
        found += [_refine(target, base, order, scaled) for scaled in (False, True)]
    scores = [rank_score(_rests(target.moved(*match), base), base.parts()) for match in found]
    order, factor = found[min(range(len(found)), key=lambda i: scores[i])]
    return UnitMatch(order, factor)


def undo_units(weights: Weights, layer: int, match: UnitMatch) -> None:
    """Put the units back."""
    if match.moved:
        permute_units(weights, layer, match.order)
    if match.scaled:
        scale_units(weights, layer, match.factor)


def assign(likeness: Float[Tensor, "base target"]) -> Int[Tensor, " base"]:
    """For every row its own column, so that the sum of likenesses is largest (linear assignment)."""
    best = likeness.argmax(1)
    if len(best.unique()) == len(best):
        return best
    return torch.from_numpy(linear_sum_assignment(likeness.numpy(), maximize=True)[1])


def _cosines(x: Rows, y: Rows) -> Tensor:
    unit_x, unit_y = (rows / rows.norm(dim=1, keepdim=True).clamp_min(1e-30) for rows in (x, y))
    return unit_x @ unit_y.T


def _cosine(target: Units, base: Units) -> Tensor:
    return _cosines(torch.cat(base.parts(), 1), torch.cat(target.parts(), 1))


def _cosine_without_scale(target: Units, base: Units) -> Tensor:
    product = _cosines(base.up, target.up) * _cosines(base.down, target.down)
    return _cosines(base.gate, target.gate) + product


def _refine(target: Units, base: Units, order: Tensor, scaled: bool) -> tuple[Tensor, Tensor]:
    """Match again with the last delta's directions counting little, until nothing moves."""
    count = len(order)
    factor = torch.ones(count, dtype=torch.float64)
    whitened: list[Tensor] = [torch.eye(part.shape[1], dtype=torch.float64) for part in base.parts()]
    for _ in range(ROUNDS):
        if scaled:
            factor = _fit_scales(target, base, order, whitened)
        whitened = [_whitening(rest) for rest in _rests(target.moved(order, factor), base)]
        again = assign(_likeness(target, base, whitened, scaled))
        if torch.equal(again, order):
            break
        order = again
    return order, _final_scales(target, base, order) if scaled else factor


def _whitening(rest: Rows) -> Tensor:
    """The weighting of a residual, its floor at the noise: the median eigenvalue."""
    values, _ = spectrum(rest)
    floor = max(float(values.median()), 1e-10 * float(values[-1]), 1e-30)
    return weighting(rest, floor)


def _likeness(target: Units, base: Units, weightings: list[Tensor], scaled: bool) -> Tensor:
    """Minus the weighted squared distance of every base unit to every target unit, at its best scale."""
    total = torch.zeros(len(base.gate), len(target.gate), dtype=torch.float64)
    for i, (t, b, w) in enumerate(zip(target.parts(), base.parts(), weightings, strict=True)):
        cross, own_t, own_b = b @ w @ t.T, ((t @ w) * t).sum(1), ((b @ w) * b).sum(1)
        if scaled and i > 0:  # the distance at the best scale of this unit alone
            total -= own_b[:, None] - cross.square() / own_t.clamp_min(1e-30)
        else:
            total -= own_b[:, None] + own_t - 2 * cross
    return total


def _rests(target: Units, base: Units) -> list[Rows]:
    return [t - b for t, b in zip(target.parts(), base.parts(), strict=True)]


def _scale_to(target: Rows, base: Rows, weights: Tensor) -> Float[Tensor, " unit"]:
    """The factor of every target row that brings it nearest to the base's; 1 where nothing is alike."""
    along = target @ weights
    factor = (along * base).sum(1) / (along * target).sum(1).clamp_min(1e-30)
    return torch.where(factor.abs() < 1e-6, torch.ones_like(factor), factor)


def _fit_scales(target: Units, base: Units, order: Tensor, weightings: list[Tensor]) -> Tensor:
    """One weighted fit on up and one on down; the one that leaves less of both matrices."""
    fits = (
        _scale_to(target.up[order], base.up, weightings[1]),
        1 / _scale_to(target.down[order], base.down, weightings[2]),
    )
    left = []
    for fit in fits:
        _, up, down = _rests(target.moved(order, fit), base)
        left.append(float(((up @ weightings[1]) * up).sum() + ((down @ weightings[2]) * down).sum()))
    return fits[0] if left[0] <= left[1] else fits[1]


def first_scales(target: Units, base: Units, order: Tensor) -> Float[Tensor, " unit"] | None:
    """Scales read off the norms of up and down, with the sign of their likeness; None where there are none.

    A delta lengthens both rows alike, so the ratio of their norms stays. As nothing is fitted to the distance
    from the base, a fine-tune does not come nearer by chance.
    """
    up, down = target.up[order], target.down[order]
    ratio = (down.norm(dim=1) * base.up.norm(dim=1)) / (up.norm(dim=1) * base.down.norm(dim=1)).clamp_min(
        1e-60
    )
    factor = ratio.clamp(1e-12, 1e12).sqrt()
    likeness = (up * base.up).sum(1) * factor + (down * base.down).sum(1) / factor
    factor = torch.where(likeness < 0, -factor, factor)
    before, after = (
        sum(float(rest.square().sum()) for rest in _rests(target.moved(order, by), base)[1:])
        for by in (torch.ones_like(factor), factor)
    )
    return factor if after < FALL * before else None


def _final_scales(target: Units, base: Units, order: Tensor) -> Tensor:
    """Scales that leave a delta of lowest rank; ones where there is no sign of any."""
    first = first_scales(target, base, order)
    if first is None:
        return torch.ones(len(order), dtype=torch.float64)

    def rests(factor: Tensor) -> list[Rows]:
        return _rests(target.moved(order, factor), base)[1:]

    return reweighted(first, _Joint(target.up[order], target.down[order], base), rests)


@dataclass(frozen=True)
class _Joint:
    """One step of the fit on both matrices: up times factor, down divided by it, linear in the step."""

    up: Rows
    down: Rows
    base: Units

    def __call__(self, factor: Tensor, weightings: Sequence[Tensor]) -> Tensor:
        up, down = self.up * factor[:, None], self.down / factor[:, None]
        along_up, along_down = up @ weightings[0], down @ weightings[1]
        wanted = (along_up * (self.base.up - up)).sum(1) - (along_down * (self.base.down - down)).sum(1)
        step = wanted / ((along_up * up).sum(1) + (along_down * down).sum(1)).clamp_min(1e-30)
        return factor * step.clamp(-0.5, 0.5).exp()
