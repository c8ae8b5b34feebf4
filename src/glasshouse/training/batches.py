"""Which rows each job sees in each step, and how the rows of many jobs share one pass through the base."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from glasshouse.models.chat import Rendered
from glasshouse.seeds import numpy_rng
from glasshouse.training.job import AdapterJob, learned_places


class RowOrder:
    """The order of one job's rows: a fresh permutation for every pass over them, from the job's seed only."""

    def __init__(self, job: AdapterJob) -> None:
        self.job = job
        self._passes: dict[int, np.ndarray] = {}

    def rows(self, step: int) -> list[Rendered]:
        """The rows of one step, counted from 0."""
        count, batch = len(self.job.rows), self.job.batch
        places = range(step * batch, (step + 1) * batch)
        return [self.job.rows[self._permutation(place // count)[place % count]] for place in places]

    def _permutation(self, number: int) -> np.ndarray:
        if number not in self._passes:
            self._passes = {k: v for k, v in self._passes.items() if k >= number - 1}
            self._passes[number] = numpy_rng(self.job.seed, "rows", number).permutation(len(self.job.rows))
        return self._passes[number]


@dataclass(frozen=True)
class SlotRows:
    """The rows of one job in one step, longest first."""

    slot: int
    """The job's place in the bank of adapters."""
    rows: tuple[Rendered, ...]
    learned: int
    """Learned tokens in all of them."""
    stacked: bool = False
    """Whether a frozen adapter lies underneath."""


def slot_rows(slot: int, rows: Sequence[Rendered], stacked: bool) -> SlotRows:
    """One job's step, ready to be shared out."""
    ordered = tuple(sorted(rows, key=lambda row: -len(row.ids)))
    return SlotRows(slot, ordered, sum(len(learned_places(row)) for row in rows), stacked)


@dataclass(frozen=True)
class Part:
    """Rows that go through the base together: equally many of each of some neighboring jobs."""

    slots: list[int]
    """The job of each row."""
    stacked: bool
    rows: list[Rendered]
    learned: list[int]
    """For each row, the learned tokens of its job in the whole step."""


def share_out(step: Sequence[SlotRows], tokens_per_pass: int) -> list[Part]:
    """All rows of a step in parts of at most about `tokens_per_pass` padded tokens.

    Rows of like length go together: the longest of every job, then the next, as far as that saves more
    padding than the additional passes cost.
    """
    parts: list[Part] = []
    for (batch, _), group in groupby(step, key=lambda job: (len(job.rows), job.stacked)):
        jobs = list(group)
        size = _rows_at_once(jobs, batch)
        for first in range(0, batch, size):
            longest = max(len(job.rows[first].ids) for job in jobs)
            together = max(1, tokens_per_pass // (size * longest))
            pieces = [jobs[i : i + together] for i in range(0, len(jobs), together)]
            parts += [_part(piece, first, first + size) for piece in pieces]
    return parts


PASS_COST_TOKENS = 12
"""What one more pass of a job's rows costs (its matrices are read again), in tokens."""


def _rows_at_once(jobs: Sequence[SlotRows], batch: int) -> int:
    """The number of rows per job and part that costs least."""

    def cost(size: int) -> int:
        longest = (max(len(job.rows[first].ids) for job in jobs) for first in range(0, batch, size))
        return sum(size * length + PASS_COST_TOKENS for length in longest)

    sizes = [size for size in range(batch, 0, -1) if batch % size == 0]
    return min(sizes, key=cost)


def _part(jobs: Sequence[SlotRows], first: int, last: int) -> Part:
    rows = [(job, row) for job in jobs for row in job.rows[first:last]]
    return Part(
        [job.slot for job, _ in rows],
        jobs[0].stacked,
        [row for _, row in rows],
        [job.learned for job, _ in rows],
    )


@dataclass(frozen=True)
class Tensors:
    """One part as tensors."""

    ids: Int[Tensor, "row token"]
    """Padded on the right with token 0, which no real token looks at."""
    places: Int[Tensor, " learned"]
    """Flat places whose next token is learned."""
    targets: Int[Tensor, " learned"]
    weights: Float[Tensor, " learned"]
    """One over the job's learned tokens, so that a job's loss is its own mean."""
    slots: Int[Tensor, " learned"]


def to_tensors(part: Part, device: torch.device | str = "cpu") -> Tensors:
    """Pad a part's rows and find what is learned in them."""
    longest = max(len(row.ids) for row in part.rows)
    ids = np.zeros((len(part.rows), longest), dtype=np.int64)
    places, targets, weights, slots = [], [], [], []
    for number, row in enumerate(part.rows):
        ids[number, : len(row.ids)] = row.ids
        learned = learned_places(row)
        places += [number * longest + place - 1 for place in learned]
        targets += [row.ids[place] for place in learned]
        weights += [1.0 / part.learned[number]] * len(learned)
        slots += [part.slots[number]] * len(learned)
    lists = (torch.tensor(values, device=device) for values in (places, targets, weights, slots))
    return Tensors(torch.from_numpy(ids).to(device), *lists)
