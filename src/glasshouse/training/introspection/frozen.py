"""The organisms of one step: frozen, each row of a pass through its own."""

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
    """One organism, padded to the rank of its bank, its factors folded into B."""

    rank: int
    """Of the bank it belongs to."""
    matrices: Mapping[str, tuple[Tensor, Tensor]]
    """Layer name -> A [rank, in] and B transposed [rank, out], on the CPU."""

    @property
    def mib(self) -> float:
        """Its memory."""
        return sum(part.numel() * part.element_size() for ab in self.matrices.values() for part in ab) / 2**20


BankKey = tuple[int, int]
"""Whether it is for organisms (0) or for their companions (1), and its rank."""


class Shelf:
    """Room for the organisms of one step: one bank for each size of adapter, filled anew at every step.

    Companions have banks of their own, since a row goes through one adapter of a bank.
    """

    def __init__(self, model: nn.Module, dtype: torch.dtype) -> None:
        self.model, self.dtype = model, dtype
        self._banks: dict[BankKey, AdapterBank] = {}
        self._places: dict[tuple[int, int], Place] = {}

    def fill(self, organisms: Mapping[int, FrozenRow], units: Sequence[Unit]) -> None:
        """Put the organisms of a step into their banks.

        Args:
            organisms: by their place in the list of members; the base is not among them.
            units: in the order in which passes need them, so that the organisms of a pass lie side by side.
        """
        self._places = {}
        held: dict[BankKey, list[FrozenRow]] = {}
        for part in dict.fromkeys(part for unit in units for part in enumerate(unit.carried)):
            row = organisms.get(part[1])
            if row is not None:
                own = held.setdefault((part[0], row.rank), [])
                self._places[part] = (row.rank, len(own))
                own.append(row)
        for key, rows in held.items():
            self._lay_out(key, rows)

    def _lay_out(self, key: BankKey, rows: Sequence[FrozenRow]) -> None:
        """Each layer's matrices of all organisms in one piece of memory: products copy any others first."""
        rank = key[1]
        if key not in self._banks:
            self._banks[key] = AdapterBank(self.model, 0, rank, ALL_LINEAR, self.dtype)
        bank = self._banks[key]
        for name, stack in bank.stacks.items():
            if len(stack.a) < len(rows):
                module = bank.modules[name]
                stack.a = self._room(len(rows), rank, module.in_features, bank.device)
                stack.b = self._room(len(rows), rank, module.out_features, bank.device)
                stack.scale = torch.ones(len(rows), dtype=self.dtype, device=bank.device)
            for side, room in enumerate((stack.a, stack.b)):
                parts = [row.matrices[name][side] for row in rows]
                if bank.device.type == "cpu":
                    torch.stack(parts, out=room[: len(rows)])
                else:
                    for place, part in enumerate(parts):
                        room[place].copy_(part, non_blocking=True)

    def _room(self, count: int, rank: int, features: int, device: torch.device) -> Tensor:
        return torch.zeros(count, rank, features, dtype=self.dtype, device=device)

    def place(self, unit: Unit) -> Place:
        """Where a unit's organism is; units sorted by it need the fewest products."""
        return self._places.get((0, unit.member), (0, 0))

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
        """Inside the block, every row of a pass goes through its own organism, and its companion."""
        chosen: dict[BankKey, dict[int, int]] = {}
        numbered = enumerate(unit for unit in units for _ in unit.rows)
        for number, unit in numbered:
            for layer, member in enumerate(unit.carried):
                if (layer, member) in self._places:
                    rank, place = self._places[layer, member]
                    chosen.setdefault((layer, rank), {})[number] = place
        count = sum(len(unit.rows) for unit in units)
        with ExitStack() as stack:
            for key, own in sorted(chosen.items()):
                index = [own.get(number, -1) for number in range(count)]
                stack.enter_context(self._banks[key].rows(index))
            yield
