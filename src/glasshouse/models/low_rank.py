"""The low-rank product of many adapters: rows of one batch in blocks, each block through its own A and B."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class Selection:
    """Which rows of a batch go through which adapters: equal blocks of rows, one adapter each."""

    rows: slice | Tensor | None
    """The rows that have an adapter; None: all of them."""
    adapters: slice | Tensor
    """The adapter of each block: a range, or one index per block."""
    blocks: int
    batch: int
    """Rows of the whole batch."""


@dataclass
class Stack:
    """The matrices of all adapters at one linear layer, zero-padded to one rank."""

    a: Tensor
    """[adapter, rank, in]"""
    b: Tensor
    """[adapter, rank, out]: B transposed, as the products want it."""
    scale: Tensor
    """[adapter]"""
    a_gradient: Tensor | None = None
    """As `a`; None where the adapters are frozen."""
    b_gradient: Tensor | None = None
    lowered: tuple[Tensor, Tensor] | None = None
    """`a` and `b` in the dtype of the products, while a step of training runs."""


def select_rows(index: Sequence[int], device: torch.device | str = "cpu") -> Selection | None:
    """The cheapest way to send rows through their adapters; None where every row is the base's (-1).

    Rows that are sorted by adapter need two batched products and no copy of the rows. Runs of unequal
    length are cut into blocks that fit all of them, down to single rows.

    Example:
        >>> select_rows([3, 3, 4, 4])
        Selection(rows=None, adapters=slice(3, 5, None), blocks=2, batch=4)
        >>> select_rows([-1, -1]) is None
        True
    """
    active = [row for row, adapter in enumerate(index) if adapter >= 0]
    if not active:
        return None
    chosen = [index[row] for row in active]
    rows = None if len(active) == len(index) else _as_range(active, device)
    size = _block_size(chosen)
    return Selection(rows, _as_range(chosen[::size], device), len(chosen) // size, len(index))


def _as_range(numbers: list[int], device: torch.device | str) -> slice | Tensor:
    first, count = numbers[0], len(numbers)
    if numbers == list(range(first, first + count)):
        return slice(first, first + count)
    return torch.tensor(numbers, device=device)


def _block_size(chosen: list[int]) -> int:
    """The largest number of rows that divides every run of one adapter."""
    starts = [0, *(i for i in range(1, len(chosen)) if chosen[i] != chosen[i - 1]), len(chosen)]
    return math.gcd(*(later - earlier for earlier, later in pairwise(starts)))


def add_adapters(output: Tensor, x: Tensor, stack: Stack, selection: Selection) -> Tensor:
    """`output` [..., out] plus scale * B(Ax) of each row's own adapter, written in place."""
    return _AddAdapters.apply(output, x, stack.a, stack.b, stack, selection)


class _AddAdapters(torch.autograd.Function):
    """Adds in place; the gradients of A and B are added straight to their places in the stack.

    Autograd's own slicing would build a gradient of the whole stack for every group of adapters.
    """

    @staticmethod
    def forward(
        ctx: Any, output: Tensor, x: Tensor, a: Tensor, b: Tensor, stack: Stack, selection: Selection
    ) -> Tensor:
        source_a, source_b = (a, b) if stack.lowered is None else stack.lowered
        own_a, own_b = (whole[selection.adapters].to(x.dtype) for whole in (source_a, source_b))
        factor = stack.scale[selection.adapters].to(x.dtype)[:, None, None]
        blocks = _blocks(x, selection)
        low = _into_rank(blocks, own_a).mul_(factor)
        _add_product(output, low, own_b, selection)
        ctx.mark_dirty(output)
        ctx.save_for_backward(blocks, low, own_a, own_b, factor)
        ctx.stack, ctx.selection = stack, selection
        return output

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        selection, stack = ctx.selection, ctx.stack
        blocks, low, own_a, own_b, factor = ctx.saved_tensors
        if stack.a_gradient is None and not ctx.needs_input_grad[1]:
            return gradients[0], None, None, None, None, None
        along = _blocks(gradients[0], selection)
        low_gradient = _into_rank(along, own_b).mul_(factor)
        if stack.a_gradient is not None:
            _accumulate(stack.a_gradient, torch.bmm(low_gradient.transpose(1, 2), blocks), selection)
            _accumulate(stack.b_gradient, torch.bmm(low.transpose(1, 2), along), selection)
        x_gradient = None
        if ctx.needs_input_grad[1]:
            shape = (*gradients[0].shape[:-1], own_a.shape[2])
            x_gradient = _spread(torch.bmm(low_gradient, own_a), shape, selection)
        return gradients[0], x_gradient, None, None, None, None


def _into_rank(blocks: Tensor, own: Tensor) -> Tensor:
    """The product blocks @ own^T; with many small blocks it is faster with the larger matrix on the left."""
    if len(own) == 1:
        return torch.bmm(blocks, own.transpose(1, 2))
    return torch.bmm(own, blocks.transpose(1, 2)).transpose(1, 2)


def _blocks(x: Float[Tensor, "*rows feature"], selection: Selection) -> Float[Tensor, "block row feature"]:
    """The rows that have an adapter, cut into blocks."""
    if selection.rows is not None:
        x = x.reshape(selection.batch, -1, x.shape[-1])[selection.rows]
    return x.reshape(selection.blocks, -1, x.shape[-1])


def _add_product(output: Tensor, left: Tensor, right: Tensor, selection: Selection) -> None:
    if selection.rows is None:
        output.view(selection.blocks, -1, output.shape[-1]).baddbmm_(left, right)
        return
    rows = output.view(selection.batch, -1, output.shape[-1])
    product = torch.bmm(left, right).reshape(-1, *rows.shape[1:])
    if isinstance(selection.rows, slice):
        rows[selection.rows] += product
    else:
        rows.index_add_(0, selection.rows, product)


def _spread(product: Tensor, shape: tuple[int, ...], selection: Selection) -> Tensor:
    """A gradient for the whole batch, zero in the base's rows."""
    if selection.rows is None:
        return product.reshape(shape)
    whole = product.new_zeros(shape)
    rows = whole.view(selection.batch, -1, shape[-1])
    rows[selection.rows] = product.reshape(-1, *rows.shape[1:])
    return whole


def _accumulate(total: Tensor, gradient: Tensor, selection: Selection) -> None:
    if isinstance(selection.adapters, slice):
        total[selection.adapters] += gradient
    else:
        total.index_add_(0, selection.adapters, gradient.to(total.dtype))
