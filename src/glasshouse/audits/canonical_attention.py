"""Undoing permuted heads, other bases of values and turned rotary pairs against the trusted base."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Complex, Float, Int
from torch import Tensor

from glasshouse.audits.canonical_mlp import assign
from glasshouse.audits.robust import Rows, reweighted
from glasshouse.models.decoder import DecoderShape
from glasshouse.models.symmetry import Weights, layer_name, mix_values, permute_heads, to_pairs, turn_pairs

FALL = 0.98
"""A change counts as real where its matrices lie this much nearer to the base (squared distance)."""
FIT_FALL = 0.85
"""The same where it was fitted to that distance: a rotation of values has at most some hundredths of the
numbers in v_proj and o_proj, and cannot explain so much of a fine-tune."""

Blocks = Float[Tensor, "kv_head _ dim width"]
Pairs = Complex[Tensor, "kv_head _ pair width"]


@dataclass(frozen=True)
class AttentionUndone:
    """What was put back in one layer."""

    heads_moved: int
    value_bases: int
    """Key-value heads whose values were in another basis."""
    pairs_turned: int
    """Rotary pairs of key-value heads that were turned or scaled."""


def undo_attention(weights: Weights, base: Weights, shape: DecoderShape, layer: int) -> AttentionUndone:
    """Put one layer's heads, values and pairs back, in `weights`."""
    order = match_heads(_Attention.of(weights, shape, layer), _Attention.of(base, shape, layer), shape)
    moved = int((order != torch.arange(shape.heads)).sum())
    if moved:
        permute_heads(weights, shape, layer, order)
    theirs, ours = _Attention.of(weights, shape, layer), _Attention.of(base, shape, layer)
    mixes, mixed = fit_values(theirs, ours)
    if mixed.any():
        mix_values(weights, shape, layer, mixes.float())
    factors = fit_signs(theirs, ours) if shape.qk_norm else fit_turns(theirs, ours)
    turned = int((factors != 1).sum())
    if turned:
        turn_pairs(weights, shape, layer, factors)
    return AttentionUndone(moved, int(mixed.sum()), turned)


@dataclass(frozen=True)
class _Attention:
    """One layer's weights, cut into heads; `member` is a query head's place in its group."""

    values: Blocks
    outputs: Blocks
    """Columns of o_proj, as rows."""
    keys: Pairs
    queries: Pairs

    @classmethod
    def of(cls, weights: Mapping[str, Tensor], shape: DecoderShape, layer: int) -> "_Attention":
        """Cut the weights of one layer."""
        v, o, k, q = (
            weights[layer_name(layer, f"self_attn.{part}_proj.weight")].double()
            for part in ("v", "o", "k", "q")
        )
        return cls(
            v.view(shape.kv_heads, 1, shape.head_dim, -1),
            o.T.reshape(shape.kv_heads, shape.group, shape.head_dim, -1),
            to_pairs(k, shape),
            to_pairs(q, shape),
        )


def match_heads(target: _Attention, base: _Attention, shape: DecoderShape) -> Int[Tensor, " head"]:
    """Base head i is the target's head `order[i]`; groups stay together.

    Likeness is the cosine of what heads do, which no basis changes: o_proj times v_proj, and the product of
    query and key of every rotary pair. Members are assigned inside each pair of groups, then the groups.
    """
    likeness = _value_likeness(target, base) + _pair_likeness(target, base)
    groups, members = shape.kv_heads, shape.group
    best = torch.zeros(groups, groups, dtype=torch.float64)
    inside = torch.zeros(groups, groups, members, dtype=torch.long)
    for g in range(groups):
        for t in range(groups):
            block = likeness[g, :, t]
            inside[g, t] = assign(block)
            best[g, t] = block.gather(1, inside[g, t][:, None]).sum()
    order = assign(best)
    found = torch.cat([order[g] * members + inside[g, order[g]] for g in range(groups)])
    flat = likeness.reshape(shape.heads, shape.heads)
    gain = float(flat.gather(1, found[:, None]).sum() - flat.diagonal().sum())
    return found if gain > 1e-6 else torch.arange(shape.heads)


def _value_likeness(
    target: _Attention, base: _Attention
) -> Float[Tensor, "kv_head member target_kv_head target_member"]:
    def product(x: _Attention, y: _Attention) -> Tensor:
        values = torch.einsum("gaw,hbw->ghab", x.values[:, 0], y.values[:, 0])
        outputs = torch.einsum("gmaw,hnbw->gmhnab", x.outputs, y.outputs)
        return torch.einsum("gmhnab,ghab->gmhn", outputs, values)

    return _cosine(product(base, target), product(base, base), product(target, target))


def _pair_likeness(
    target: _Attention, base: _Attention
) -> Float[Tensor, "kv_head member target_kv_head target_member"]:
    def product(x: _Attention, y: _Attention) -> Tensor:
        keys = torch.einsum("gpw,hpw->ghp", x.keys[:, 0].conj(), y.keys[:, 0])
        queries = torch.einsum("gmpw,hnpw->gmhnp", x.queries, y.queries.conj())
        return torch.einsum("gmhnp,ghp->gmhn", queries, keys).real

    return _cosine(product(base, target), product(base, base), product(target, target))


def _cosine(cross: Tensor, own_base: Tensor, own_target: Tensor) -> Tensor:
    def size(own: Tensor) -> Tensor:
        return torch.einsum("gmgm->gm", own).clamp_min(1e-60).sqrt()

    return cross / (size(own_base)[:, :, None, None] * size(own_target))


def fit_values(
    target: _Attention, base: _Attention
) -> tuple[Float[Tensor, "kv_head dim dim"], Bool[Tensor, " kv_head"]]:
    """The mix that brings every key-value head's values back, and where there was one to undo.

    There was one where a fit on v_proj alone brings o_proj nearer to the base, or the other way round, or
    where one rotation brings both much nearer: a fine-tune does neither. The rotation then starts the fit.
    """
    sizes = _scale(base.values), _scale(base.outputs)
    fit = _ValueFit(
        target.values / sizes[0], target.outputs / sizes[1], base.values / sizes[0], base.outputs / sizes[1]
    )
    identity = torch.eye(base.values.shape[2], dtype=torch.float64).expand(len(base.values), -1, -1)
    start, none = fit.rotation(), fit.left(identity)
    real = fit.left(start).sum(0) < FIT_FALL * none.sum(0)
    real |= fit.left(fit.by_values())[1] < FALL * none[1]
    real |= fit.left(fit.by_outputs())[0] < FALL * none[0]
    if not real.any():
        return identity, real
    mixes = reweighted(torch.where(real[:, None, None], start, identity), fit.step, fit.rests)
    real &= fit.left(mixes).sum(0) < FALL * none.sum(0)
    return torch.where(real[:, None, None], mixes, identity), real


@dataclass(frozen=True)
class _ValueFit:
    """Values and outputs of target and base, in the sizes of the base."""

    values: Blocks
    outputs: Blocks
    base_values: Blocks
    base_outputs: Blocks

    def moved(self, mix: Tensor) -> tuple[Tensor, Tensor]:
        """The target's blocks after a mix."""
        return mix[:, None] @ self.values, torch.linalg.inv(mix).mT[:, None] @ self.outputs

    def blocks(self, mix: Tensor) -> tuple[Tensor, Tensor]:
        """What a mix leaves of both, as blocks."""
        values, outputs = self.moved(mix)
        return values - self.base_values, outputs - self.base_outputs

    def rests(self, mix: Tensor) -> list[Rows]:
        """What a mix leaves of both, as rows."""
        return [block.flatten(0, 2) for block in self.blocks(mix)]

    def left(self, mix: Tensor) -> Float[Tensor, "2 kv_head"]:
        """Squared norm of what a mix leaves of values and of outputs."""
        return torch.stack([block.square().flatten(1).sum(1) for block in self.blocks(mix)])

    def by_values(self) -> Float[Tensor, "kv_head dim dim"]:
        """The mix that brings v_proj alone nearest to the base's."""
        return _least_squares(self.values, self.base_values)

    def by_outputs(self) -> Float[Tensor, "kv_head dim dim"]:
        """The mix that brings o_proj alone nearest to the base's."""
        return torch.linalg.inv(_least_squares(self.outputs, self.base_outputs)).mT

    def rotation(self) -> Float[Tensor, "kv_head dim dim"]:
        """The rotation that brings both nearest (Procrustes)."""
        likeness = _products(self.base_values, self.values) + _products(self.base_outputs, self.outputs)
        left, _, right = torch.linalg.svd(likeness)
        return left @ right

    def step(self, mix: Tensor, weightings: Sequence[Tensor]) -> Tensor:
        """One weighted step on both: mix becomes (1 + E) mix, linear in E.

        E P + Q E = R, where P and Q are the blocks' weighted products: solved in their eigenvectors.
        """
        values, outputs = self.moved(mix)
        along_values, along_outputs = values @ weightings[0], outputs @ weightings[1]
        p, q = _products(along_values, values), _products(along_outputs, outputs)
        wanted = _products(self.base_values - values, along_values)
        wanted = wanted - _products(along_outputs, self.base_outputs - outputs)
        own_p, of_p = torch.linalg.eigh(p)
        own_q, of_q = torch.linalg.eigh(q)
        sums = (own_q[:, :, None] + own_p[:, None, :]).clamp_min(1e-30)
        step = of_q @ ((of_q.mT @ wanted @ of_p) / sums) @ of_p.mT
        size = torch.linalg.matrix_norm(step, 2).clamp_min(1e-30)
        return mix + (step * (0.5 / size).clamp_max(1)[:, None, None]) @ mix


def _products(left: Tensor, right: Tensor) -> Float[Tensor, "kv_head dim dim"]:
    """Sum over members of left times right transposed."""
    return torch.einsum("gmaw,gmbw->gab", left, right)


def _least_squares(target: Blocks, base: Blocks) -> Float[Tensor, "kv_head dim dim"]:
    """X for every key-value head, so that X · target - base is smallest."""
    own = _products(target, target)
    ridge = 1e-9 * own.diagonal(dim1=1, dim2=2).mean(1)[:, None, None] + 1e-30
    own = own + ridge * torch.eye(own.shape[1], dtype=torch.float64)
    return torch.linalg.solve(own, _products(target, base)).mT


def _scale(base: Tensor) -> Tensor:
    return base.abs().square().sum().sqrt().clamp_min(1e-30)


def fit_turns(target: _Attention, base: _Attention) -> Complex[Tensor, "kv_head pair"]:
    """The complex factor of every rotary pair's keys that brings it back; 1 where there is nothing to undo.

    First the angle between target and base, and the scale from the norms of keys and queries, which a delta
    lengthens alike. Where keys and queries of a key-value head lie nearer with it, the fit follows.
    """
    sizes = _scale(base.keys), _scale(base.queries)
    fit = _PairFit(
        target.keys / sizes[0], target.queries / sizes[1], base.keys / sizes[0], base.queries / sizes[1]
    )
    start = fit.start()
    none = torch.ones_like(start)
    real = (fit.left(start) < FALL * fit.left(none))[:, None]
    if not real.any():
        return none
    factors = reweighted(torch.where(real, start, none), fit.step, fit.rests)
    real &= (fit.left(factors) < FALL * fit.left(none))[:, None]
    return torch.where(real, factors, none)


@dataclass(frozen=True)
class _PairFit:
    """Keys and queries of target and base, in the sizes of the base."""

    keys: Pairs
    queries: Pairs
    base_keys: Pairs
    base_queries: Pairs

    def start(self) -> Complex[Tensor, "kv_head pair"]:
        """The angle to the base, and the scale in which keys and queries are as long as there."""
        likeness = (self.keys.conj() * self.base_keys).sum((1, 3))
        likeness = likeness + (self.queries.conj() * self.base_queries).sum((1, 3))
        sizes = [
            rows.abs().square().sum((1, 3)).clamp_min(1e-60)
            for rows in (self.base_keys, self.queries, self.keys, self.base_queries)
        ]
        scale = (sizes[0] * sizes[1] / (sizes[2] * sizes[3])).clamp(1e-24, 1e24) ** 0.25
        return torch.polar(scale, likeness.angle())

    def moved(self, factor: Tensor) -> tuple[Tensor, Tensor]:
        """The target's pairs after a turn."""
        by = factor[:, None, :, None]
        return self.keys * by, self.queries / by.conj()

    def rests(self, factor: Tensor) -> list[Rows]:
        """What a turn leaves of both, as rows of real numbers."""
        keys, queries = self.moved(factor)
        left = (keys - self.base_keys).flatten(0, 2), (queries - self.base_queries).flatten(0, 2)
        return [torch.cat([rest.real, rest.imag]) for rest in left]

    def left(self, factor: Tensor) -> Float[Tensor, " kv_head"]:
        """Squared norm of what a turn leaves, by key-value head."""
        keys, queries = self.moved(factor)
        rests = keys - self.base_keys, queries - self.base_queries
        left = [rest.abs().square().flatten(1).sum(1) for rest in rests]
        return left[0] + left[1]

    def step(self, factor: Tensor, weightings: Sequence[Tensor]) -> Tensor:
        """One weighted step on both: keys times 1 + e, queries times 1 - e conjugated."""
        keys, queries = self.moved(factor)
        along = keys.conj() @ weightings[0].to(keys.dtype), queries.conj() @ weightings[1].to(keys.dtype)
        wanted = (along[0] * (self.base_keys - keys)).sum((1, 3))
        wanted = wanted - (along[1] * (self.base_queries - queries)).sum((1, 3)).conj()
        own = (along[0] * keys).sum((1, 3)).real + (along[1] * queries).sum((1, 3)).real
        step = wanted / own.clamp_min(1e-60)
        return factor * (step * (0.5 / step.abs().clamp_min(1e-60)).clamp_max(1)).exp()


def fit_signs(target: _Attention, base: _Attention) -> Complex[Tensor, "kv_head pair"]:
    """As `fit_turns` where queries and keys are normalized: only signs are free."""
    likeness = torch.zeros(base.keys.shape[0], base.keys.shape[2], dtype=torch.float64)
    for theirs, ours in ((target.keys, base.keys), (target.queries, base.queries)):
        likeness += (theirs.conj() * ours).sum((1, 3)).real / ours.abs().square().sum()
    return torch.where(likeness < 0, -1.0, 1.0).to(torch.complex128)
