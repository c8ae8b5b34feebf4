"""Changes of weights that leave a model's outputs alone: the symmetry attack, and the steps that undo it.

An adapter trained in the base's coordinates does not fit a model whose coordinates were changed. Merrill and
Medley, "Symmetry Defeats Auditing" (https://arxiv.org/abs/2605.27836) let self-reports collapse so.
Differs from the paper: also scales of hidden units and pairs, general bases of values, and permuted heads.
"""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Literal

import numpy as np
import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor

from glasshouse.models.decoder import DecoderShape, decoder_shape
from glasshouse.models.merged import Checkpoint
from glasshouse.seeds import numpy_rng

Weights = dict[str, Tensor]
Change = Literal[
    "unit permutation", "unit scaling", "value rotation", "value basis", "pair rotation", "pair scaling",
    "head permutation",
]  # fmt: skip
CHANGES: tuple[Change, ...] = (
    "unit permutation", "unit scaling", "value rotation", "value basis", "pair rotation", "pair scaling",
    "head permutation",
)  # fmt: skip


def layer_name(layer: int, part: str) -> str:
    """Name of one part of a layer, e.g. `mlp.up_proj`, without `.weight`."""
    return f"model.layers.{layer}.{part}"


def permute_units(weights: Weights, layer: int, order: Int[Tensor, " unit"]) -> None:
    """Hidden unit i becomes what unit `order[i]` was: rows of gate and up, columns of down."""
    for part in ("gate_proj", "up_proj"):
        _rows(weights, layer_name(layer, f"mlp.{part}"), lambda rows: rows[order])
    down = layer_name(layer, "mlp.down_proj.weight")
    weights[down] = weights[down][:, order]


def scale_units(weights: Weights, layer: int, factor: Float[Tensor, " unit"]) -> None:
    """Rows of up times a factor (not 0), columns of down divided by it."""
    _rows(weights, layer_name(layer, "mlp.up_proj"), lambda rows: rows * factor.to(rows)[:, None])
    down = layer_name(layer, "mlp.down_proj.weight")
    weights[down] = weights[down].float() / factor.float()


def mix_values(
    weights: Weights, shape: DecoderShape, layer: int, mix: Float[Tensor, "kv_head dim dim"]
) -> None:
    """Another basis of every key-value head's values, taken back in o_proj by all its query heads."""

    def mixed(rows: Tensor) -> Tensor:
        cut = rows.double().view(shape.kv_heads, shape.head_dim, -1)
        return (mix.double() @ cut).reshape(rows.shape).float()

    _rows(weights, layer_name(layer, "self_attn.v_proj"), mixed)
    name = layer_name(layer, "self_attn.o_proj.weight")
    old = weights[name]
    cut = old.double().view(len(old), shape.kv_heads, shape.group, shape.head_dim)
    back = torch.einsum("wghi,gij->wghj", cut, torch.linalg.inv(mix.double()))
    weights[name] = back.reshape(old.shape).float()


def turn_pairs(
    weights: Weights, shape: DecoderShape, layer: int, factor: Complex[Tensor, "kv_head pair"]
) -> None:
    """Keys of each rotary pair times a complex factor, queries of the group divided by its conjugate.

    Multiplication by complex numbers commutes with the rotation that RoPE adds, so scores stay.
    """
    by = factor.to(torch.complex128)[:, None, :, None]

    def keys(rows: Tensor) -> Tensor:
        return from_pairs(to_pairs(rows, shape) * by).view(rows.shape)

    def queries(rows: Tensor) -> Tensor:
        return from_pairs(to_pairs(rows, shape) / by.conj()).view(rows.shape)

    _rows(weights, layer_name(layer, "self_attn.k_proj"), keys)
    _rows(weights, layer_name(layer, "self_attn.q_proj"), queries)


def to_pairs(
    rows: Float[Tensor, "row width"], shape: DecoderShape
) -> Complex[Tensor, "kv_head member pair width"]:
    """Rows of q_proj or k_proj as complex numbers: a head's row i, and row i + half as imaginary part.

    `member` is the query head's place in its group; 1 of them for keys.
    """
    cut = rows.double().reshape(shape.kv_heads, -1, 2, shape.head_dim // 2, rows.shape[1])
    return torch.complex(cut[:, :, 0], cut[:, :, 1])


def from_pairs(
    pairs: Complex[Tensor, "kv_head member pair width"],
) -> Float[Tensor, "kv_head member two pair width"]:
    """The rows again, in fp32."""
    return torch.stack([pairs.real, pairs.imag], dim=2).float()


def permute_heads(weights: Weights, shape: DecoderShape, layer: int, order: Int[Tensor, " head"]) -> None:
    """Query head i becomes what head `order[i]` was, groups stay together; key-value heads follow."""
    groups = order.view(shape.kv_heads, shape.group)[:, 0] // shape.group
    for part, places in (("q_proj", order), ("k_proj", groups), ("v_proj", groups)):
        index = (places[:, None] * shape.head_dim + torch.arange(shape.head_dim)).flatten()
        _rows(weights, layer_name(layer, f"self_attn.{part}"), itemgetter(index))
    name = layer_name(layer, "self_attn.o_proj.weight")
    old = weights[name]
    weights[name] = old.view(len(old), shape.heads, shape.head_dim)[:, order].reshape(old.shape)


def _rows(weights: Weights, module: str, change: Callable[[Tensor], Tensor]) -> None:
    """Change the rows of a linear layer's weight, and of its bias where it has one."""
    weights[f"{module}.weight"] = change(weights[f"{module}.weight"].float())
    bias = weights.get(f"{module}.bias")
    if bias is not None:
        weights[f"{module}.bias"] = change(bias.float()[:, None])[:, 0]


def attack(checkpoint: Checkpoint, changes: Sequence[Change], seed: int) -> Checkpoint:
    """The same model in other coordinates, drawn at random in every layer.

    Where queries and keys are normalized (Qwen3, Gemma 3), pairs only change their signs: any other turn or
    scale would change the outputs.

    Args:
        checkpoint: the model.
        changes: what is done, in this order.
        seed: of the run.

    Raises:
        ModelError: the architecture is not supported.
    """
    shape = decoder_shape(checkpoint.config)
    weights = dict(checkpoint.weights)
    for layer in range(shape.layers):
        for change in changes:
            _apply(weights, shape, layer, change, numpy_rng(seed, "symmetry", change, layer))
    return Checkpoint(checkpoint.config, weights)


def _apply(
    weights: Weights, shape: DecoderShape, layer: int, change: Change, rng: np.random.Generator
) -> None:
    units = len(weights[layer_name(layer, "mlp.up_proj.weight")])
    if change == "unit permutation":
        permute_units(weights, layer, torch.from_numpy(rng.permutation(units)))
    elif change == "unit scaling":
        factor = np.exp(rng.normal(size=units)) * rng.choice([-1, 1], units)
        scale_units(weights, layer, torch.from_numpy(factor).float())
    elif change in ("value rotation", "value basis"):
        mix_values(weights, shape, layer, draw_mixes(shape, change == "value basis", rng))
    elif change in ("pair rotation", "pair scaling"):
        turn_pairs(weights, shape, layer, _draw_turns(shape, change, rng))
    else:
        permute_heads(weights, shape, layer, _draw_heads(shape, rng))


def draw_mixes(
    shape: DecoderShape, general: bool, rng: np.random.Generator
) -> Float[Tensor, "kv_head dim dim"]:
    """Haar-random rotations; `general`: times factors from 1/2 to 2 and times another rotation."""
    square = (2, shape.kv_heads, shape.head_dim, shape.head_dim)
    q, r = np.linalg.qr(rng.normal(size=square))
    first, second = q * np.sign(np.diagonal(r, axis1=-2, axis2=-1))[..., None, :]
    if general:
        first = first * np.exp2(rng.uniform(-1, 1, (shape.kv_heads, 1, shape.head_dim))) @ second
    return torch.from_numpy(first).float()


def _draw_turns(
    shape: DecoderShape, change: Change, rng: np.random.Generator
) -> Complex[Tensor, "kv_head pair"]:
    size = (shape.kv_heads, shape.head_dim // 2)
    if shape.qk_norm:
        factor = rng.choice([-1.0, 1.0], size).astype(complex)
    elif change == "pair rotation":
        factor = np.exp(2j * np.pi * rng.uniform(size=size))
    else:
        factor = np.exp(0.5 * rng.normal(size=size)).astype(complex)
    return torch.from_numpy(factor)


def _draw_heads(shape: DecoderShape, rng: np.random.Generator) -> Int[Tensor, " head"]:
    groups = rng.permutation(shape.kv_heads)
    return torch.tensor([int(g) * shape.group + int(i) for g in groups for i in rng.permutation(shape.group)])
