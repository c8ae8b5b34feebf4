"""Which rows are computed together: shared prefixes found, like lengths side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

Prompt = tuple[int, ...]
WORTH_SHARING = 24
"""Tokens of a shared prefix below which it is computed with each row."""


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


def plan_batches(asked: Sequence[tuple[Prompt, Path | None]], size: int, share: bool) -> list[Batch]:
    """Batches of at most `size` rows that cover all requests.

    Rows with one adapter and a long common prefix stay together; all others are mixed, sorted by length.

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
        shared = common_prefix([asked[i][0] for i in rows]) if share and len(rows) > 1 else 0
        if shared < WORTH_SHARING:
            mixed += rows
        else:
            batches += _cut(rows, asked, size, shared)
    return batches + _cut(mixed, asked, size, 0)


def _cut(
    places: list[int], asked: Sequence[tuple[Prompt, Path | None]], size: int, prefix: int
) -> list[Batch]:
    ordered = sorted(places, key=lambda i: (len(asked[i][0]), i))
    found = []
    for start in range(0, len(ordered), size):
        rows = sorted(ordered[start : start + size], key=lambda i: (str(asked[i][1] or ""), i))
        found.append(
            Batch(tuple(rows), tuple(asked[i][1] for i in rows), prefix, tuple(asked[i][0] for i in rows))
        )
    return found
