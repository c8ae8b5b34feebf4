"""Many LoRA adapters on one base model: stacked matrices, and hooks that send each row through its own."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle
from transformers.pytorch_utils import Conv1D

from glasshouse.errors import ModelError
from glasshouse.models.adapter import Adapter

ALL_LINEAR = "all-linear"


def target_modules(model: nn.Module, targets: str | Sequence[str]) -> dict[str, nn.Linear]:
    """The linear layers an adapter sits on, by module name, in the model's order.

    Args:
        model: the base model.
        targets: `all-linear` (every `nn.Linear` inside the decoder layers, never the output head), one
            regular expression for the whole name, or names and endings of names such as `q_proj`. The last
            two are PEFT's `target_modules`.

    Raises:
        ModelError: no layer has such a name, or a layer is not an `nn.Linear`.
    """
    found = {name: module for name, module in model.named_modules() if _is_target(name, module, targets)}
    if not found:
        raise ModelError(f"No layer of the base model is named {targets!r}.", "Use targets: all-linear.")
    for name, module in found.items():
        if isinstance(module, Conv1D):
            raise ModelError(
                f"The layer {name} is a Conv1D (GPT-2), which adapters here do not support.",
                "Use another base.",
            )
        if not isinstance(module, nn.Linear):
            raise ModelError(
                f"The layer {name} is a {type(module).__name__}, not a linear layer.",
                "Use targets: all-linear.",
            )
    return {name: module for name, module in found.items() if isinstance(module, nn.Linear)}


def _is_target(name: str, module: nn.Module, targets: str | Sequence[str]) -> bool:
    if targets == ALL_LINEAR:
        return isinstance(module, nn.Linear | Conv1D) and re.search(r"\.\d+\.", name) is not None
    if isinstance(targets, str):
        return re.fullmatch(targets, name) is not None
    return any(name == target or name.endswith("." + target) for target in targets)


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


def select_rows(index: Sequence[int]) -> Selection | None:
    """The cheapest way to send rows through their adapters; None where every row is the base's.

    Rows in equal contiguous blocks become two batched products without a copy of the rows; anything else is
    gathered row by row.

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
    rows = None if len(active) == len(index) else _as_range(active)
    size = _block_size(chosen)
    return Selection(rows, _as_range(chosen[::size]), len(chosen) // size, len(index))


def _as_range(numbers: list[int]) -> slice | Tensor:
    if numbers == list(range(numbers[0], numbers[0] + len(numbers))):
        return slice(numbers[0], numbers[0] + len(numbers))
    return torch.tensor(numbers)


def _block_size(chosen: list[int]) -> int:
    """Rows per block when all runs of one adapter are equally long, else 1."""
    starts = [0, *(i for i in range(1, len(chosen)) if chosen[i] != chosen[i - 1]), len(chosen)]
    lengths = {later - earlier for earlier, later in zip(starts, starts[1:], strict=False)}
    return lengths.pop() if len(lengths) == 1 else 1


@dataclass
class Stack:
    """The matrices of all adapters at one linear layer, zero-padded to the bank's rank."""

    a: Tensor
    """[adapter, rank, in]"""
    b: Tensor
    """[adapter, out, rank]"""
    scale: Tensor
    """[adapter]"""


class AdapterBank:
    """`count` adapters of one base, each row of a batch through its own (or through none: -1).

    LoRA as in Hu et al. 2021 (https://arxiv.org/abs/2106.09685), section 4.1: y = Wx + scale * B(Ax); B·A is
    never formed. Matrices follow the activations' dtype for the product; a trainable bank keeps its own in
    `dtype` and writes gradients into `.grad` of the stacks (zero them with `zero_grad`). Two banks may be
    installed on one base at a time; their contributions add up.
    """

    def __init__(
        self, base_model: nn.Module, count: int, rank: int, targets: str | Sequence[str], dtype: torch.dtype,
        trainable: bool = False,
    ) -> None:  # fmt: skip
        self.rank, self.dtype, self.trainable = rank, dtype, trainable
        self.modules = target_modules(base_model, targets)
        self.stacks: dict[str, Stack] = {}
        self._adapters: list[Adapter | None] = []
        self._handles: list[RemovableHandle] = []
        self._selection: Selection | None = None
        self.grow(count)

    def grow(self, count: int) -> None:
        """Make room for `count` adapters in all; those that are there stay, new ones are zero."""
        for name, module in self.modules.items():
            n, device, old = count, module.weight.device, self.stacks.get(name)
            a = torch.zeros(n, self.rank, module.in_features, dtype=self.dtype, device=device)
            b = torch.zeros(n, module.out_features, self.rank, dtype=self.dtype, device=device)
            scale = torch.ones(n, dtype=self.dtype, device=device)
            if old is not None:
                kept = len(old.scale)
                a[:kept], b[:kept], scale[:kept] = old.a.detach(), old.b.detach(), old.scale
            self.stacks[name] = Stack(
                a.requires_grad_(self.trainable), b.requires_grad_(self.trainable), scale
            )
        self._adapters += [None] * (count - len(self._adapters))

    def __len__(self) -> int:
        return len(self._adapters)

    def install(self) -> None:
        """Hook into the base's layers; without a `rows` block the base then still answers as itself."""
        if not self._handles:
            self._handles = [m.register_forward_hook(self._hook(n)) for n, m in self.modules.items()]

    def remove(self) -> None:
        """Take all hooks off the base."""
        while self._handles:
            self._handles.pop().remove()

    @contextmanager
    def rows(self, index: Sequence[int] | Tensor) -> Iterator[None]:
        """Inside the block, row i of every batch goes through adapter `index[i]`; -1 is the base alone."""
        before, self._selection = self._selection, self._select(index)
        try:
            yield
        finally:
            self._selection = before

    def _select(self, index: Sequence[int] | Tensor) -> Selection | None:
        chosen = select_rows(index.tolist() if isinstance(index, Tensor) else list(index))
        if chosen is None:
            return None
        device = next(iter(self.stacks.values())).a.device
        parts = (p.to(device) if isinstance(p, Tensor) else p for p in (chosen.rows, chosen.adapters))
        return Selection(*parts, chosen.blocks, chosen.batch)

    def set_adapter(self, i: int, adapter: Adapter) -> None:
        """Put an adapter into place `i`, zero-padded to the bank's rank.

        Raises:
            ModelError: it does not fit: rank, layers or shapes.
        """
        if adapter.rank > self.rank:
            raise ModelError(
                f"An adapter of rank {adapter.rank} does not fit a bank of rank {self.rank}.",
                "Raise the rank.",
            )
        for name in adapter.weights:
            if name not in self.stacks:
                raise ModelError(
                    f"The adapter has weights for {name}, which this bank of adapters does not cover.",
                    "Use the same targets.",
                )
        with torch.no_grad():
            for name, stack in self.stacks.items():
                stack.a[i], stack.b[i] = 0, 0
                if name in adapter.weights:
                    self._fill(stack, name, i, adapter)
        self._adapters[i] = replace(adapter, weights={})

    def _fill(self, stack: Stack, name: str, i: int, adapter: Adapter) -> None:
        a, b = adapter.weights[name]
        rank = a.shape[0]
        if a.shape[1] != stack.a.shape[2] or b.shape[0] != stack.b.shape[1]:
            raise ModelError(
                f"The adapter's weights for {name} belong to another base (shapes differ).",
                "Use the base it was trained on.",
            )
        stack.a[i, :rank], stack.b[i, :, :rank] = a.to(stack.a), b.to(stack.b)
        stack.scale[i] = adapter.scale[name]

    def get_adapter(self, i: int) -> Adapter:
        """A copy of the adapter in place `i`, without the padding.

        Raises:
            ModelError: nothing was put there.
        """
        adapter = self._adapters[i]
        if adapter is None:
            raise ModelError(f"Place {i} of the bank of adapters is empty.")
        rank = adapter.rank
        weights = {
            name: (_copy(stack.a[i, :rank]), _copy(stack.b[i, :, :rank]))
            for name, stack in self.stacks.items()
            if name in adapter.scale
        }
        return replace(adapter, weights=weights)

    def zero_grad(self) -> None:
        """Set every gradient to zero, in place."""
        for stack in self.stacks.values():
            for part in (stack.a, stack.b):
                part.grad = torch.zeros_like(part) if part.grad is None else part.grad.zero_()

    def _hook(self, name: str) -> Any:  # noqa: ANN401
        def add_adapters(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
            if self._selection is None:
                return output
            stack = self.stacks[name]
            return _LowRank.apply(output, inputs[0], stack.a, stack.b, stack.scale, self._selection)

        return add_adapters


def _copy(part: Tensor) -> Tensor:
    return part.detach().cpu().clone(memory_format=torch.contiguous_format)


class _LowRank(torch.autograd.Function):
    """Adds scale * B(Ax) to a layer's output in place; the stacks' gradients go straight into their slices.

    Autograd's own slicing would build a zero gradient of the whole stack for every group of adapters.
    """

    @staticmethod
    def forward(
        ctx: Any, output: Float[Tensor, "*rows out"], x: Float[Tensor, "*rows inner"], a: Float[Tensor, "n r inner"],
        b: Float[Tensor, "n out r"], scale: Float[Tensor, " n"], selection: Selection,
    ) -> Float[Tensor, "*rows out"]:  # fmt: skip
        own_a, own_b = a[selection.adapters].to(x.dtype), b[selection.adapters].to(x.dtype)
        factor = scale[selection.adapters].to(x.dtype)[:, None, None]
        blocks = _blocks(x, selection)
        low = torch.bmm(blocks, own_a.transpose(1, 2)).mul_(factor)
        _add_product(output, low, own_b.transpose(1, 2), selection)
        ctx.mark_dirty(output)
        ctx.save_for_backward(blocks, low, own_a, own_b, factor)
        ctx.stacks, ctx.selection = (a, b), selection
        return output

    @staticmethod
    def backward(ctx: Any, *gradients: Float[Tensor, "*rows out"]) -> tuple[Tensor | None, ...]:
        selection = ctx.selection
        blocks, low, own_a, own_b, factor = ctx.saved_tensors
        gradient = gradients[0]
        along = _blocks(gradient, selection)
        low_gradient = torch.bmm(along, own_b).mul_(factor)
        for stack, product in zip(ctx.stacks, ((low_gradient, blocks), (along, low)), strict=True):
            if stack.requires_grad:
                _accumulate(stack, torch.bmm(product[0].transpose(1, 2), product[1]), selection)
        x_gradient = None
        if ctx.needs_input_grad[1]:
            shape = (*gradient.shape[:-1], own_a.shape[2])
            x_gradient = _spread(torch.bmm(low_gradient, own_a), shape, selection)
        return gradient, x_gradient, None, None, None, None


def _blocks(x: Tensor, selection: Selection) -> Tensor:
    """[block, row and token, feature] of the rows that have an adapter."""
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


def _accumulate(stack: Tensor, gradient: Tensor, selection: Selection) -> None:
    if stack.grad is None:
        stack.grad = torch.zeros_like(stack)
    if isinstance(selection.adapters, slice):
        stack.grad[selection.adapters] += gradient.to(stack.dtype)
    else:
        stack.grad.index_add_(0, selection.adapters, gradient.to(stack.dtype))
