"""Adapters of the local engine: read when first asked for, the oldest dropped, each row through its own.

Nothing is trained here, so the adapters of a batch are put side by side once: two products per layer serve
all rows, and a row's zeros hide the other adapters from it.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from glasshouse.errors import ModelError
from glasshouse.models.adapter import Adapter, adapter_hash, check_fits, read_adapter
from glasshouse.models.base import Base
from glasshouse.models.batches import MOST_ADAPTERS

Pair = tuple[Float[Tensor, "rank in"], Float[Tensor, "rank out"]]
"""A, and B transposed with the factor folded in."""


@dataclass(frozen=True)
class SideBySide:
    """The adapters of one batch at one layer."""

    a: Float[Tensor, "in rank"]
    b: Float[Tensor, "rank out"]
    seen: Float[Tensor, "row 1 rank"] | None
    """1 where a row's own adapter is, else 0; None where all rows have the only one."""

    def add(self, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        """Forward hook: the layer's output plus what each row's own adapter adds."""
        low = inputs[0] @ self.a
        if self.seen is not None:
            low = low.mul_(self.seen)
        width = output.shape[-1]
        return output.view(-1, width).addmm_(low.view(-1, low.shape[-1]), self.b).view_as(output)


class AdapterSlots:
    """Folder of an adapter -> its matrices; the same folder with other contents is another adapter."""

    def __init__(self, base: Base) -> None:
        self.base = base
        self._held: OrderedDict[str, dict[str, Pair]] = OrderedDict()
        self._known: dict[Path, tuple[tuple[int, int], str]] = {}
        self._layers = {n: m for n, m in base.model.named_modules() if isinstance(m, nn.Linear)}

    def key(self, folder: Path | None) -> str:
        """Hash of the adapter's contents; empty for the bare base. Read again when the file changes."""
        if folder is None:
            return ""
        try:
            state = (folder / "adapter_model.safetensors").stat()
        except OSError as error:
            raise ModelError(f"{folder} is no adapter.", "Give a PEFT folder.") from error
        seen = (state.st_mtime_ns, state.st_size)
        if self._known.get(folder, (None, ""))[0] != seen:
            self._known[folder] = (seen, adapter_hash(folder))
        return self._known[folder][1]

    def check(self, folder: Path | None) -> None:
        """Nothing where an adapter can be used.

        Raises:
            ModelError: it is corrupt, or belongs to another base.
        """
        if folder is not None:
            self._hold(folder, self.key(folder))

    @contextmanager
    def rows(self, folders: Sequence[Path | None]) -> Iterator[None]:
        """Inside the block, row i goes through the adapter of `folders[i]`; None: the base alone."""
        keys = {folder: self.key(folder) for folder in dict.fromkeys(folders) if folder is not None}
        for folder, key in keys.items():
            self._hold(folder, key)
        order = list(dict.fromkeys(keys.values()))
        places = [-1 if folder is None else order.index(keys[folder]) for folder in folders]
        handles = [
            self._layers[name].register_forward_hook(adapters.add)
            for name, adapters in self._side_by_side(order, places).items()
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _hold(self, folder: Path, key: str) -> None:
        if key in self._held:
            self._held.move_to_end(key)
            return
        adapter = read_adapter(folder)
        shapes = {name: (layer.out_features, layer.in_features) for name, layer in self._layers.items()}
        check_fits(adapter, shapes, folder)
        while len(self._held) >= MOST_ADAPTERS:
            self._held.popitem(last=False)
        self._held[key] = self._pairs(adapter)

    def _pairs(self, adapter: Adapter) -> dict[str, Pair]:
        dtype, device = self.base.model.dtype, self.base.model.device
        return {
            name: (a.to(device, dtype), (b.T * adapter.scale[name]).to(device, dtype))
            for name, (a, b) in adapter.weights.items()
        }

    def _side_by_side(self, order: Sequence[str], places: Sequence[int]) -> dict[str, SideBySide]:
        """Every layer's adapters, in the order of their keys; `places` is each row's adapter there, or -1."""
        names = dict.fromkeys(name for key in order for name in self._held[key])
        device = self.base.model.device
        own = torch.tensor(places, device=device)[:, None] == torch.arange(len(order), device=device)
        found = {}
        for name in names:
            pairs = [self._held[key].get(name) for key in order]
            there = [pair for pair in pairs if pair is not None]
            ranks = torch.tensor([0 if pair is None else len(pair[0]) for pair in pairs], device=device)
            a, b = torch.cat([a for a, _ in there]).T.contiguous(), torch.cat([b for _, b in there])
            seen = None if bool(own.all()) else own.to(a.dtype).repeat_interleave(ranks, 1)[:, None]
            found[name] = SideBySide(a, b, seen)
        return found
