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
    """Rows that go through the base together: equal bundles of some jobs' rows."""

    slots: list[int]
    """The job of each row."""
    stacked: bool
    rows: list[Rendered]
    learned: list[int]
    """For each row, the learned tokens of its job in the whole step."""


def share_out(step: Sequence[SlotRows], tokens_per_pass: int, rank: int = 0) -> list[Part]:
    """All rows of a step in parts of at most about `tokens_per_pass` padded tokens.

    A job's rows stay together, or are cut into equal bundles of like length where that saves more padding
    than the additional passes cost. Parts take the jobs in their order, which lets products read the
    adapters where they lie, or, where that saves more padding than gathering them costs, by length.

    Args:
        step: what each job learns from.
        tokens_per_pass: size of a part.
        rank: of the bank of adapters; 0 where gathering costs nothing.
    """
    parts: list[Part] = []
    for (batch, _), group in groupby(step, key=lambda job: (len(job.rows), job.stacked)):
        jobs = list(group)
        ways = [
            _bundles(jobs, size, tokens_per_pass, by_length)
            for size in range(batch, 0, -1)
            if batch % size == 0
            for by_length in (False, True)
        ]
        parts += [_part(bundles) for bundles in min(ways, key=lambda way: _cost_tokens(way, rank))]
    return parts


Bundle = tuple[SlotRows, tuple[Rendered, ...]]
"""Some rows of one job, longest first."""
BUNDLE_COST_TOKENS = 6
"""What reading a job's matrices once more costs, in tokens."""
GATHER_COST_TOKENS = 0.8
"""What it costs besides, for each rank, if the jobs of a part do not lie side by side."""


def _bundles(
    jobs: Sequence[SlotRows], size: int, tokens_per_pass: int, by_length: bool
) -> list[list[Bundle]]:
    """For each part its bundles of `size` rows."""
    cuts = [(job, job.rows[k : k + size]) for k in range(0, len(jobs[0].rows), size) for job in jobs]
    if by_length:
        cuts.sort(key=lambda cut: -len(cut[1][0].ids))
    parts: list[list[Bundle]] = []
    shortest = longest = 0
    for bundle in cuts:
        length = len(bundle[1][0].ids)
        shortest, longest = min(shortest, length), max(longest, length)
        begins = bundle[0] is jobs[0] and not by_length
        full = begins or not parts or (len(parts[-1]) + 1) * size * longest > tokens_per_pass
        if full or 2 * shortest < longest:
            parts.append([])
            shortest = longest = length
        parts[-1].append(bundle)
    return parts


def _cost_tokens(parts: list[list[Bundle]], rank: int) -> float:
    """What a way of sharing out costs: padded tokens and reading the matrices of the adapters."""
    return sum(_part_cost(part, rank) for part in parts)


def _part_cost(part: list[Bundle], rank: int) -> float:
    padded = len(part[0][1]) * max(len(rows[0].ids) for _, rows in part)
    slots = sorted({job.slot for job, _ in part})
    beside = slots == list(range(slots[0], slots[0] + len(slots))) and len(slots) == len(part)
    gather = 0.0 if beside else GATHER_COST_TOKENS * rank
    return len(part) * (padded + BUNDLE_COST_TOKENS + gather)


def _part(bundles: Sequence[Bundle]) -> Part:
    ordered = sorted(bundles, key=lambda bundle: bundle[0].slot)
    pairs = [(job, row) for job, rows in ordered for row in rows]
    slots, learned = [job.slot for job, _ in pairs], [job.learned for job, _ in pairs]
    return Part(slots, bundles[0][0].stacked, [row for _, row in pairs], learned)


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
