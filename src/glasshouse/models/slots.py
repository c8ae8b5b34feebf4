"""Adapters of the local engine: read when first asked for, kept in a bank, the oldest dropped."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

from glasshouse.errors import ModelError
from glasshouse.models.adapter import Adapter, adapter_hash, check_fits, read_adapter
from glasshouse.models.bank import AdapterBank
from glasshouse.models.base import Base
from glasshouse.models.batches import MOST_ADAPTERS


class AdapterSlots:
    """Folder of an adapter -> its place in a bank; the same folder with other contents is another adapter."""

    def __init__(self, base: Base) -> None:
        self.base = base
        self._bank: AdapterBank | None = None
        self._held: OrderedDict[str, Adapter] = OrderedDict()
        self._places: dict[str, int] = {}
        self._known: dict[Path, tuple[tuple[int, int], str]] = {}
        self._shapes = {
            name: (module.out_features, module.in_features)
            for name, module in base.model.named_modules()
            if isinstance(module, torch.nn.Linear)
        }

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

    @contextmanager
    def rows(self, folders: Sequence[Path | None]) -> Iterator[None]:
        """Inside the block, row i goes through the adapter of `folders[i]`; None: the base alone."""
        if all(folder is None for folder in folders):
            yield
            return
        wanted = {folder: self.key(folder) for folder in dict.fromkeys(folders) if folder is not None}
        self._hold(wanted)
        assert self._bank is not None
        index = [-1 if folder is None else self._places[wanted[folder]] for folder in folders]
        self._bank.install()
        try:
            with self._bank.rows(index):
                yield
        finally:
            self._bank.remove()

    def _hold(self, wanted: dict[Path, str]) -> None:
        if len(set(wanted.values())) > MOST_ADAPTERS:
            raise ModelError(
                f"A batch asks for more than {MOST_ADAPTERS} adapters.", "Ask for fewer at once."
            )
        for folder, key in wanted.items():
            if key in self._held:
                self._held.move_to_end(key)
                continue
            adapter = self._read(folder)
            self._place(key, adapter, set(wanted.values()))

    def _read(self, folder: Path) -> Adapter:
        adapter = read_adapter(folder)
        check_fits(adapter, self._shapes, folder)
        return adapter

    def check(self, folder: Path | None) -> None:
        """Nothing where an adapter can be used.

        Raises:
            ModelError: it is corrupt, or belongs to another base.
        """
        if folder is not None and self.key(folder) not in self._held:
            self._hold({folder: self.key(folder)})

    def _place(self, key: str, adapter: Adapter, in_use: set[str]) -> None:
        if len(self._held) >= MOST_ADAPTERS:
            oldest = next(k for k in self._held if k not in in_use)
            self._held.pop(oldest)
            place = self._places.pop(oldest)
        else:
            place = len(self._held)
        self._held[key], self._places[key] = adapter, place
        if self._bank is None or adapter.rank > self._bank.rank or not self._has(adapter):
            self._rebuild()
            return
        if place >= len(self._bank):
            self._bank.grow(min(MOST_ADAPTERS, max(4, 2 * place)))
        self._bank.set_adapter(place, adapter)

    def _has(self, adapter: Adapter) -> bool:
        assert self._bank is not None
        return set(adapter.weights) <= set(self._bank.stacks)

    def _rebuild(self) -> None:
        """A bank with the rank and the layers that all held adapters need."""
        rank = max(adapter.rank for adapter in self._held.values())
        layers = sorted({name for adapter in self._held.values() for name in adapter.weights})
        count = max(4, max(self._places.values()) + 1)
        dtype = next(self.base.model.parameters()).dtype
        self._bank = AdapterBank(self.base.model, count, rank, layers, dtype)
        for key, adapter in self._held.items():
            self._bank.set_adapter(self._places[key], adapter)
