"""The organisms of one step: frozen, each row of a pass through its own."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from glasshouse.models.bank import ALL_LINEAR, AdapterBank
from glasshouse.training.introspection.rows import Unit

Place = tuple[int, int]
"""Rank of the bank (0: the bare base, in none) and the place in it."""


@dataclass(frozen=True)
class FrozenRow:
    """One organism as a row of a bank, its factors folded into B."""

    rank: int
    """Of the bank it belongs to."""
    weights: Tensor
    """[weight], on the CPU."""


class Shelf:
    """Room for the organisms of one step: one bank for each size of adapter, filled anew at every step."""

    def __init__(self, model: nn.Module, dtype: torch.dtype) -> None:
        self.model, self.dtype = model, dtype
        self._banks: dict[int, AdapterBank] = {}
        self._places: dict[int, Place] = {}

    def fill(self, organisms: Mapping[int, FrozenRow], order: Sequence[int]) -> None:
        """Put the organisms of a step into their banks.

        Args:
            organisms: by their place in the list of members; the base is not among them.
            order: members in the order in which passes need them, so that those of a pass lie side by side.
        """
        self._places = {}
        needed = Counter(row.rank for row in organisms.values())
        for rank, count in needed.items():
            if rank not in self._banks:
                self._banks[rank] = AdapterBank(self.model, count, rank, ALL_LINEAR, self.dtype)
            if len(self._banks[rank]) < count:
                self._banks[rank].grow(count)
        taken: Counter[int] = Counter()
        for member in dict.fromkeys(order):
            row = organisms.get(member)
            if row is not None:
                self._places[member] = (row.rank, taken[row.rank])
                self._banks[row.rank].weights[taken[row.rank]].copy_(row.weights, non_blocking=True)
                taken[row.rank] += 1

    def place(self, unit: Unit) -> Place:
        """Where a unit's organism is; units sorted by it need the fewest products."""
        return self._places.get(unit.member, (0, 0))

    def install(self) -> None:
        """Hook into the base; a bank that is there already stays as it is."""
        for bank in self._banks.values():
            bank.install()

    def remove(self) -> None:
        """Take all hooks off the base."""
        for bank in self._banks.values():
            bank.remove()

    @contextmanager
    def rows(self, units: Sequence[Unit]) -> Iterator[None]:
        """Inside the block, every row of a pass goes through its own organism."""
        places = [self.place(unit) for unit in units for _ in unit.rows]
        with ExitStack() as stack:
            for rank in sorted({rank for rank, _ in places if rank}):
                index = [place if its == rank else -1 for its, place in places]
                stack.enter_context(self._banks[rank].rows(index))
            yield
