"""Organisms from disk, read and laid out by a thread before they are needed."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, Queue
from threading import Event, Thread

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from glasshouse.errors import ModelError
from glasshouse.models.adapter import PREFIX, WEIGHTS, Adapter, check_fits, read_adapter
from glasshouse.models.bank import ALL_LINEAR, AdapterBank, target_modules
from glasshouse.training.introspection.frozen import FrozenRow, Shelf
from glasshouse.training.introspection.rows import Unit, share_out

SMALLEST_RANK = 8
SHELVES = 2
"""Steps whose organisms are laid out: the one that is computed, and the next."""


@dataclass(frozen=True)
class Ready:
    """One step, prepared."""

    units: list[Unit]
    passes: list[list[Unit]]
    """The same units as they go through the base together, those of one organism side by side."""
    shelf: Shelf
    """With their organisms in it, until the next step is taken."""


def bank_rank(rank: int) -> int:
    """The rank to which an adapter is padded: the next power of two, 8 at least.

    Organisms of like rank share a bank. One bank for all would cost an organism of rank 8 eight times its
    own products beside one of rank 64; one bank for every rank would cut a batch into crumbs.

    Example:
        >>> bank_rank(1), bank_rank(8), bank_rank(9), bank_rank(64)
        (8, 8, 16, 64)
    """
    return max(SMALLEST_RANK, 1 << (rank - 1).bit_length())


def check_organisms(model: nn.Module, folders: Sequence[Path | None]) -> list[int]:
    """The ranks of some organisms (0: the bare base), from the heads of their files alone.

    Raises:
        ModelError: a file is not there or damaged, or an organism is one of another base.
    """
    layers = target_modules(model, ALL_LINEAR)
    shapes = {name: (layer.out_features, layer.in_features) for name, layer in layers.items()}
    ranks = []
    for folder in folders:
        adapter = None if folder is None else _head(folder)
        if adapter is not None:
            check_fits(adapter, shapes, folder or Path())
        ranks.append(adapter.rank if adapter else 0)
    return ranks


def _head(folder: Path) -> Adapter:
    """An adapter without its numbers."""
    try:
        with safe_open(folder / WEIGHTS, "pt") as file:
            sizes = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        problem = f"{folder / WEIGHTS} cannot be read: {error}."
        raise ModelError(problem, "Write the adapter again.") from error
    weights = {}
    for key, size in sizes.items():
        name = key.removeprefix(PREFIX).removesuffix(".lora_A.weight")
        other = sizes.get(key.replace(".lora_A.", ".lora_B."))
        if key.endswith(".lora_A.weight") and other:
            weights[name] = (torch.empty(size, device="meta"), torch.empty(other, device="meta"))
    if not weights:
        raise ModelError(f"{folder} holds no LoRA matrices.", "Write the adapter again.")
    return Adapter(max(a.shape[0] for a, _ in weights.values()), 1.0, False, (), weights, {}, {})


class AdapterStream:
    """The organisms of a training, kept in memory as far as there is room, read again beyond that."""

    def __init__(
        self, model: nn.Module, folders: Sequence[Path | None], dtype: torch.dtype, cache_mib: float
    ) -> None:
        self.model, self.folders, self.dtype = model, folders, dtype
        self._room = cache_mib
        self._shelves = [Shelf(model, dtype) for _ in range(SHELVES)]
        self._kept: dict[int, FrozenRow] = {}
        self._moulds: dict[int, AdapterBank] = {}

    @property
    def kept_mib(self) -> float:
        """Memory of the organisms that are kept."""
        return sum((row.mib for row in self._kept.values()), 0.0)

    @contextmanager
    def read_ahead(self, steps: Iterable[list[Unit]], tokens_per_pass: int) -> Iterator[Iterator[Ready]]:
        """Inside the block, the steps in order; a thread reads and lays out the next one meanwhile."""
        waiting: Queue[Ready | Exception] = Queue()
        free: Queue[Shelf] = Queue()
        for shelf in self._shelves:
            free.put(shelf)
        stopped = Event()

        def fill() -> None:
            try:
                for units in steps:
                    shelf = _get(free, stopped)
                    if shelf is None:
                        return
                    waiting.put(self._prepare(units, shelf, tokens_per_pass))
            except Exception as error:  # raised again where the step is taken
                waiting.put(error)

        thread = Thread(target=fill, daemon=True)
        thread.start()
        try:
            yield _take(waiting, free)
        finally:
            stopped.set()
            thread.join()
            for shelf in self._shelves:
                shelf.remove()

    def _prepare(self, units: list[Unit], shelf: Shelf, tokens_per_pass: int) -> Ready:
        passes = share_out(units, tokens_per_pass)
        ordered = [unit for group in passes for unit in group]
        needed = dict.fromkeys(i for unit in ordered for i in unit.carried)
        shelf.fill({i: self._row(i) for i in needed if self.folders[i] is not None}, ordered)
        return Ready(units, [sorted(group, key=shelf.place) for group in passes], shelf)

    def _row(self, member: int) -> FrozenRow:
        """From memory, or read; what is read is kept while there is room.

        Orders are permutations, so what was used longest ago is needed no later than anything else: to keep
        the first ones is as good as any choice, and moves nothing.
        """
        if member in self._kept:
            return self._kept[member]
        row = self._read(member)
        if row.mib <= self._room:
            self._room -= row.mib
            self._kept[member] = row
        return row

    def _read(self, member: int) -> FrozenRow:
        folder = self.folders[member]
        assert folder is not None, "the base is no adapter"
        adapter = read_adapter(folder)
        rank = bank_rank(adapter.rank)
        folded = {name: (a, b * adapter.scale[name]) for name, (a, b) in adapter.weights.items()}
        if rank not in self._moulds:
            self._moulds[rank] = AdapterBank(self.model, 1, rank, ALL_LINEAR, self.dtype)
        mould = self._moulds[rank]
        try:
            mould.set_adapter(0, replace(adapter, weights=folded, scale=dict.fromkeys(folded, 1.0)))
        except ModelError as error:
            raise ModelError(f"{folder}: {error.message}", error.hint) from error
        stacks = mould.stacks.items()
        return FrozenRow(rank, {name: (_copy(stack.a[0]), _copy(stack.b[0])) for name, stack in stacks})


def _copy(part: Tensor) -> Tensor:
    """On the CPU, in memory that a GPU reads fastest where there is one."""
    own = part.detach().to("cpu", copy=True)
    return own.pin_memory() if part.device.type == "cuda" else own


def _get(free: "Queue[Shelf]", stopped: Event) -> Shelf | None:
    """The next free shelf; None where nobody wants more."""
    while not stopped.is_set():
        try:
            return free.get(timeout=0.1)
        except Empty:
            continue
    return None


def _take(waiting: "Queue[Ready | Exception]", free: "Queue[Shelf]") -> Iterator[Ready]:
    while True:
        item = waiting.get()
        if isinstance(item, Exception):
            raise item
        item.shelf.install()
        yield item
        free.put(item.shelf)
