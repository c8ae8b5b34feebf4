"""Many LoRA adapters on one base model: hooks that send each row of a batch through its own adapter."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle
from transformers.pytorch_utils import Conv1D

from glasshouse.errors import ModelError
from glasshouse.models.adapter import Adapter
from glasshouse.models.low_rank import Selection, Stack, add_adapters, select_rows

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
    found: dict[str, nn.Linear] = {}
    for name, module in model.named_modules():
        if not _is_target(name, module, targets):
            continue
        if not isinstance(module, nn.Linear):
            kind = "a Conv1D, as in GPT-2" if isinstance(module, Conv1D) else f"a {type(module).__name__}"
            raise ModelError(f"Adapters sit on linear layers, and {name} is {kind}.", "Use another base.")
        found[name] = module
    if not found:
        raise ModelError(f"No layer of the base model is named {targets!r}.", "Use targets: all-linear.")
    return found


def _is_target(name: str, module: nn.Module, targets: str | Sequence[str]) -> bool:
    if targets == ALL_LINEAR:
        return isinstance(module, nn.Linear | Conv1D) and re.search(r"\.\d+\.", name) is not None
    if isinstance(targets, str):
        return re.fullmatch(targets, name) is not None
    return any(name == target or name.endswith("." + target) for target in targets)


class AdapterBank:
    """`count` adapters of one base, each row of a batch through its own (or through none: -1).

    LoRA as in Hu et al. 2021 (https://arxiv.org/abs/2106.09685), section 4.1: y = Wx + scale * B(Ax); B·A is
    never formed. The products run in the activations' dtype. Two banks may be installed on one base at a
    time; their contributions add up.
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
        width = sum(rank * (module.in_features + module.out_features) for module in self.modules.values())
        self.device = next(iter(self.modules.values())).weight.device
        self.weights = torch.zeros(0, width, dtype=dtype, device=self.device)
        """[adapter, weight]: every matrix of one adapter, zero-padded to the bank's rank, end to end."""
        self.gradients: Tensor | None = None
        """As `weights`, added to by every backward pass; None unless the bank is trainable."""
        self.grow(count)

    def grow(self, count: int) -> None:
        """Make room for `count` adapters in all; those that are there stay, new ones are zero."""
        old, scales = self.weights, [stack.scale for stack in self.stacks.values()]
        self.weights = old.new_zeros(count, old.shape[1])
        self.weights[: len(old)] = old
        self.gradients = torch.zeros_like(self.weights) if self.trainable else None
        self._adapters += [None] * (count - len(self._adapters))
        self._cut()
        for stack, scale in zip(self.stacks.values(), scales, strict=False):
            stack.scale[: len(scale)] = scale

    def _cut(self) -> None:
        """The stacks: views of `weights` and `gradients`."""
        weights = self._views(self.weights)
        for name, pair in zip(self.modules, weights, strict=True):
            a, b = (view.detach().requires_grad_(self.trainable) for view in pair)
            scale = torch.ones(len(self.weights), dtype=self.dtype, device=self.device)
            self.stacks[name] = Stack(a, b, scale)
        if self.gradients is not None:
            for stack, pair in zip(self.stacks.values(), self._views(self.gradients), strict=True):
                stack.a_gradient, stack.b_gradient = pair

    def _views(self, whole: Tensor) -> list[tuple[Tensor, Tensor]]:
        """For each layer, A [adapter, rank, in] and B [adapter, rank, out] inside a tensor like `weights`."""
        found, start = [], 0
        for module in self.modules.values():
            pair = []
            for features in (module.in_features, module.out_features):
                part = whole[:, start : start + self.rank * features]
                pair.append(part.view(len(whole), self.rank, features))
                start += self.rank * features
            found.append((pair[0], pair[1]))
        return found

    def __len__(self) -> int:
        return len(self._adapters)

    def install(self) -> None:
        """Hook into the base's layers; outside a `rows` block the base still answers as itself."""
        if not self._handles:
            self._handles = [m.register_forward_hook(self._hook(n)) for n, m in self.modules.items()]

    def remove(self) -> None:
        """Take all hooks off the base."""
        while self._handles:
            self._handles.pop().remove()

    def _hook(self, name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], Tensor]:
        def through_adapters(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
            if self._selection is None:
                return output
            return add_adapters(output, inputs[0], self.stacks[name], self._selection)

        return through_adapters

    @contextmanager
    def rows(self, index: Sequence[int] | Tensor) -> Iterator[None]:
        """Inside the block, row i of every batch goes through adapter `index[i]`; -1 is the base alone."""
        chosen = index.tolist() if isinstance(index, Tensor) else list(index)
        before, self._selection = self._selection, select_rows(chosen, self.device)
        try:
            yield
        finally:
            self._selection = before

    @contextmanager
    def learning(self, dtype: torch.dtype) -> Iterator[None]:
        """One step of training: gradients start at zero, and weights must not change inside the block.

        Products take the weights from one copy in `dtype`; cast layer by layer they cost as much again.
        """
        assert self.gradients is not None, "the bank is not trainable"
        self.gradients.zero_()
        if dtype != self.dtype:
            copies = self._views(self.weights.to(dtype))
            for stack, copy in zip(self.stacks.values(), copies, strict=True):
                stack.lowered = copy
        try:
            yield
        finally:
            for stack in self.stacks.values():
                stack.lowered = None

    def set_adapter(self, i: int, adapter: Adapter) -> None:
        """Put an adapter into place `i`, zero-padded to the bank's rank.

        Raises:
            ModelError: it does not fit: rank, layers or shapes.
        """
        if adapter.rank > self.rank:
            problem = f"An adapter of rank {adapter.rank} does not fit a bank of rank {self.rank}."
            raise ModelError(problem, "Make the bank with a higher rank.")
        missing = [name for name in adapter.weights if name not in self.stacks]
        if missing:
            raise ModelError(
                f"The adapter sits on {missing[0]}, which is not there.", "Is it for another base?"
            )
        with torch.no_grad():
            self.weights[i] = 0
            for name, (a, b) in adapter.weights.items():
                stack, rank = self.stacks[name], a.shape[0]
                if (a.shape[1], b.shape[0]) != (stack.a.shape[2], stack.b.shape[2]):
                    raise ModelError(f"The adapter's shapes at {name} differ.", "Is it for another base?")
                stack.a[i, :rank], stack.b[i, :rank] = a.to(stack.a), b.T.to(stack.b)
                stack.scale[i] = adapter.scale[name]
        self._adapters[i] = adapter

    def get_adapter(self, i: int) -> Adapter:
        """A copy of the adapter in place `i` as it is now, without the padding.

        Raises:
            ModelError: nothing was put there.
        """
        adapter = self._adapters[i]
        if adapter is None:
            raise ModelError(f"Place {i} of the bank of adapters is empty.")
        weights = {}
        for name, (a, _) in adapter.weights.items():
            stack, rank = self.stacks[name], a.shape[0]
            weights[name] = (_copy(stack.a[i, :rank]), _copy(stack.b[i, :rank].T))
        return replace(adapter, weights=weights)


def _copy(part: Tensor) -> Tensor:
    return part.detach().cpu().clone(memory_format=torch.contiguous_format)
