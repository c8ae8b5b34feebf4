"""The next token of each row: greedy or sampled, with log-probabilities where they are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from jaxtyping import Float, Int
from torch import Tensor


class Choice(Protocol):
    """How one row chooses."""

    @property
    def temperature(self) -> float: ...
    @property
    def top_p(self) -> float: ...
    @property
    def logprobs(self) -> bool: ...
    @property
    def top_logprobs(self) -> int: ...


@dataclass(frozen=True)
class Chosen:
    """What the rows chose."""

    ids: Int[Tensor, " row"]
    logprobs: list[float] | None
    """In nats, under the model itself (temperature 1); None where no row asked."""
    tops: list[tuple[tuple[int, float], ...]]
    """Likeliest tokens of each row with their log-probabilities."""


def choose_tokens(
    logits: Float[Tensor, "row token"], rows: Sequence[Choice], generators: Sequence[torch.Generator | None]
) -> Chosen:
    """One token per row; each sampled row draws from its own generator."""
    ids = logits.argmax(-1)
    for i, (row, generator) in enumerate(zip(rows, generators, strict=True)):
        if row.temperature > 0:
            ids[i] = sample_token(logits[i], row.temperature, row.top_p, generator)
    if not any(row.logprobs for row in rows):
        return Chosen(ids, None, [])
    scores = torch.log_softmax(logits, -1)
    own = scores.gather(1, ids[:, None]).squeeze(1).tolist()
    wanted = max(row.top_logprobs for row in rows)
    best = scores.topk(wanted, -1) if wanted else None
    tops: list[tuple[tuple[int, float], ...]] = [()] * len(rows)
    if best is not None:
        pairs = zip(best.indices.tolist(), best.values.tolist(), strict=True)
        tops = [tuple(zip(tokens, values, strict=True)) for tokens, values in pairs]
    return Chosen(ids, own, tops)


def sample_token(
    logits: Float[Tensor, " token"], temperature: float, top_p: float, generator: torch.Generator | None
) -> int:
    """A token drawn at a temperature from the smallest set of tokens that holds `top_p` of the probability.

    The draw is made on the CPU, so a seed gives one sample on every device.
    """
    weights = torch.softmax(logits.float().cpu() / temperature, -1)
    ordered, places = weights.sort(descending=True, stable=True)
    before = ordered.cumsum(0) - ordered
    kept = torch.where(before < top_p, ordered, torch.zeros_like(ordered))
    return int(places[torch.multinomial(kept, 1, generator=generator)])
