"""The organisms of the step that is computed now: frozen, each row of a pass through its own."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

import torch
from torch import nn

from glasshouse.models.bank import ALL_LINEAR, AdapterBank
from glasshouse.training.introspection.rows import Unit
from glasshouse.training.introspection.stream import FrozenRow

Place = tuple[int, int]
"""Rank of the bank (0: the bare base, in none) and the place in it."""


class FrozenOrganisms:
    """One bank for each size of adapter; their places are filled anew at every step."""

    def __init__(self, model: nn.Module, dtype: torch.dtype) -> None:
        self.model, self.dtype = model, dtype
        self._banks: dict[int, AdapterBank] = {}
        self._places: dict[int, Place] = {}

    def hold(self, organisms: Mapping[int, FrozenRow], order: Sequence[int]) -> None:
        """Put the organisms of a step into their banks.

        Args:
            organisms: by their place in the list of members; the base is not among them.
            order: members in the order in which passes need them, so that those of a pass lie side by side.
        """
        self._places = {}
        taken: dict[int, int] = {}
        for member in dict.fromkeys(order):
            row = organisms.get(member)
            if row is None:
                continue
            place = taken.get(row.rank, 0)
            self._bank(row.rank, place + 1).weights[place].copy_(row.weights, non_blocking=True)
            self._places[member] = (row.rank, place)
            taken[row.rank] = place + 1

    def _bank(self, rank: int, count: int) -> AdapterBank:
        if rank not in self._banks:
            self._banks[rank] = AdapterBank(self.model, count, rank, ALL_LINEAR, self.dtype)
            self._banks[rank].install()
        if len(self._banks[rank]) < count:
            self._banks[rank].grow(2 * count)
        return self._banks[rank]

    def place(self, unit: Unit) -> Place:
        """Where a unit's organism is; units sorted by it need the fewest products."""
        return self._places.get(unit.member, (0, 0))

    @contextmanager
    def rows(self, units: Sequence[Unit]) -> Iterator[None]:
        """Inside the block, every row of a pass goes through its own organism."""
        places = [self.place(unit) for unit in units for _ in unit.rows]
        with ExitStack() as stack:
            for rank in sorted({rank for rank, _ in places if rank}):
                index = [place if its == rank else -1 for its, place in places]
                stack.enter_context(self._banks[rank].rows(index))
            yield

    def remove(self) -> None:
        """Take all hooks off the base."""
        while self._banks:
            self._banks.popitem()[1].remove()
