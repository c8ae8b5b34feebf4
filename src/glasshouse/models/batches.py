"""Which rows are computed together: shared prefixes found, like lengths and like adapters side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

Prompt = tuple[int, ...]
Asked = tuple[Prompt, Path | None]
MOST_ADAPTERS = 64
"""Different adapters in one batch."""
WORTH_SHARING = 24
"""Tokens of a shared prefix below which it is computed with each row."""
WORTH_A_BATCH = 4096
"""Tokens that must be saved where a shared prefix costs a batch of its own that is not even half full."""

ABOUT_EQUAL = 7
"""Rows of at most 2 to this many tokens are padded to one length; above it, at most doubled."""

FEW_ROWS = 32
"""Rows below which prompts of other lengths are padded to theirs."""
MUCH_LONGER = 1.25
"""Times the shortest prompt's length from which on a prompt is read with longer ones."""
WORTH_APART = 512
"""Padding tokens that must be saved where the prompts of one batch are read apart."""


@dataclass(frozen=True)
class Batch:
    """Rows that go through the model together."""

    places: tuple[int, ...]
    """Their places in the list of requests."""
    adapters: tuple[Path | None, ...]
    prefix: int
    """Leading tokens that all rows share and that are computed once; 0: none."""
    prompts: tuple[Prompt, ...]
    """Whole prompts, prefix included."""


def common_prefix(prompts: Sequence[Prompt]) -> int:
    """How many leading tokens all prompts share, one token less than the shortest at most.

    Example:
        >>> common_prefix([(1, 2, 3, 4), (1, 2, 5)]), common_prefix([(1, 2), (1, 2)])
        (2, 1)
    """
    low, high = min(prompts), max(prompts)
    limit = min(map(len, prompts)) - 1
    shared = 0
    while shared < limit and low[shared] == high[shared]:
        shared += 1
    return shared


def plan_batches(asked: Sequence[Asked], size: int, share: bool) -> list[Batch]:
    """Batches of at most `size` rows that cover all requests.

    Rows with one adapter and a common prefix that is worth it stay together; all others are mixed.

    Args:
        asked: prompt and adapter of each request.
        size: rows per batch.
        share: whether prefixes are shared at all.
    """
    batches: list[Batch] = []
    mixed: list[int] = []
    places = sorted(range(len(asked)), key=lambda i: (str(asked[i][1] or ""), asked[i][0][:WORTH_SHARING], i))
    for _, group in groupby(places, key=lambda i: (asked[i][1], asked[i][0][:WORTH_SHARING])):
        rows = list(group)
        shared = common_prefix([asked[i][0] for i in rows]) if share else 0
        if is_worth_sharing(len(rows), shared, size):
            batches += _cut(rows, asked, size, shared)
        else:
            mixed += rows
    return batches + _cut(mixed, asked, size, 0)


def is_worth_sharing(rows: int, shared: int, size: int) -> bool:
    """Whether a shared prefix is kept apart: a small batch of its own must save more than its steps cost.

    Example:
        >>> is_worth_sharing(40, 30, 64), is_worth_sharing(3, 30, 64), is_worth_sharing(8, 1500, 64)
        (True, False, True)
    """
    if rows < 2 or shared < WORTH_SHARING:
        return False
    return rows >= size // 2 or (rows - 1) * shared >= WORTH_A_BATCH


def _cut(places: list[int], asked: Sequence[Asked], size: int, prefix: int) -> list[Batch]:
    """Batches of nearly equal size; rows of about one length and one adapter side by side."""

    def length(i: int) -> int:
        return max(ABOUT_EQUAL, (len(asked[i][0]) - prefix - 1).bit_length())

    def kin(i: int) -> tuple[int, str, int, int]:
        return length(i), str(asked[i][1] or ""), len(asked[i][0]), i

    found: list[Batch] = []
    for _, group in groupby(sorted(places, key=kin), key=length):
        ordered = list(group)
        count = -(-len(ordered) // size)
        for k in range(count):
            chunk = ordered[k * len(ordered) // count : (k + 1) * len(ordered) // count]
            rows = sorted(chunk, key=lambda i: (str(asked[i][1] or ""), i))
            found += [_batch(part, asked, prefix) for part in _by_adapters(rows, asked)]
    return found


def alike(lengths: Sequence[int]) -> list[list[int]]:
    """Places of prompts that are read together, so that little of what is read is padding.

    Example:
        >>> [len(places) for places in alike([40] * 40 + [10] * 40)], len(alike([40, 10]))
        ([40, 40], 1)
    """
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    parts: list[list[int]] = [[]]
    for i in order:
        if len(parts[-1]) >= FEW_ROWS and lengths[i] > MUCH_LONGER * lengths[parts[-1][0]]:
            parts.append([])
        parts[-1].append(i)
    read = sum(len(places) * lengths[places[-1]] for places in parts)
    return parts if len(lengths) * lengths[order[-1]] - read >= WORTH_APART else [order]


def _by_adapters(rows: list[int], asked: Sequence[Asked]) -> list[list[int]]:
    """The rows, sorted by adapter, cut where more adapters come together than a batch may have."""
    parts: list[list[int]] = []
    seen: set[Path | None] = set()
    for i in rows:
        seen.add(asked[i][1])
        if not parts or len(seen - {None}) > MOST_ADAPTERS:
            parts.append([])
            seen = {asked[i][1]}
        parts[-1].append(i)
    return parts


def _batch(rows: list[int], asked: Sequence[Asked], prefix: int) -> Batch:
    return Batch(tuple(rows), tuple(asked[i][1] for i in rows), prefix, tuple(asked[i][0] for i in rows))
