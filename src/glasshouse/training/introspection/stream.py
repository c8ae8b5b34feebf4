"""Organisms from disk, read by a thread some steps before they are needed."""

import queue
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from glasshouse.errors import ModelError
from glasshouse.models.adapter import PREFIX, WEIGHTS, Adapter, check_fits, read_adapter
from glasshouse.models.bank import ALL_LINEAR, AdapterBank, target_modules
from glasshouse.training.introspection.rows import Unit

SMALLEST_RANK = 8
AHEAD_STEPS = 2
"""Steps whose organisms lie ready."""


@dataclass(frozen=True)
class FrozenRow:
    """One organism as a row of a bank, its factors folded into B."""

    rank: int
    """Of the bank it belongs to."""
    weights: Tensor
    """[weight], on the CPU."""


Ready = tuple[list[Unit], Mapping[int, FrozenRow]]
"""The rows of a step, and its organisms by their place in the list of members."""


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
        self._room = cache_mib * 2**20
        self._kept: dict[int, FrozenRow] = {}
        self._moulds: dict[int, AdapterBank] = {}

    @property
    def kept_mib(self) -> float:
        """Memory of the organisms that are kept."""
        return sum(row.weights.numel() * row.weights.element_size() for row in self._kept.values()) / 2**20

    @contextmanager
    def read_ahead(self, steps: Iterable[list[Unit]]) -> Iterator[Iterator[Ready]]:
        """Inside the block, the steps with their organisms, in order; a thread prepares the next ones."""
        waiting: queue.Queue[Ready | Exception] = queue.Queue(AHEAD_STEPS)
        stopped = Event()

        def put(item: Ready | Exception) -> None:
            while not stopped.is_set():
                try:
                    return waiting.put(item, timeout=0.1)
                except queue.Full:
                    continue

        thread = Thread(target=self._fill, args=(steps, put, stopped), daemon=True)
        thread.start()
        try:
            yield _take(waiting)
        finally:
            stopped.set()
            thread.join()

    def _fill(
        self, steps: Iterable[list[Unit]], put: Callable[[Ready | Exception], None], stopped: Event
    ) -> None:
        try:
            for units in steps:
                if stopped.is_set():
                    return
                members = dict.fromkeys(unit.member for unit in units)
                put((units, {i: self._row(i) for i in members if self.folders[i] is not None}))
        except Exception as error:  # raised again where the step is taken
            put(error)

    def _row(self, member: int) -> FrozenRow:
        """From memory, or read; what is read is kept while there is room.

        Orders are permutations, so what was used longest ago is needed no later than anything else: to keep
        the first ones is as good as any choice, and moves nothing.
        """
        if member in self._kept:
            return self._kept[member]
        row = self._read(member)
        size = row.weights.numel() * row.weights.element_size()
        if size <= self._room:
            self._room -= size
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
        weights = mould.weights[0].detach().to("cpu", copy=True)
        return FrozenRow(rank, weights.pin_memory() if mould.device.type == "cuda" else weights)


def _take(waiting: "queue.Queue[Ready | Exception]") -> Iterator[Ready]:
    while True:
        item = waiting.get()
        if isinstance(item, Exception):
            raise item
        yield item
