"""Beam search: the likeliest beginnings of an answer, where a sample of it would show only some of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from glasshouse.models.engine import Engine
from glasshouse.models.prefix import NativeRows, SplitRows


@dataclass(frozen=True)
class Ending:
    """One way in which a text can end."""

    kept: str
    """What of the last token belongs to the text: the `]` of a token `],`."""
    tokens: tuple[int, ...]


@dataclass(frozen=True)
class BeamRequest:
    """Whose texts are wanted."""

    prompt_ids: tuple[int, ...]
    adapter: Path | None
    """PEFT folder; None: the bare base."""
    endings: tuple[Ending, ...]
    """At which a text is complete."""
    beams: int = 256
    """Texts that are kept at every step, and returned at most."""
    max_tokens: int = 10


@dataclass(frozen=True)
class Likely:
    """One complete text."""

    text: str
    logprob: float
    """Of its tokens and one of the ends, in nats."""


@dataclass(frozen=True, order=True)
class _Done:
    """A complete text; the likeliest comes first."""

    minus: float
    """Its log-probability, negated."""
    ids: tuple[int, ...]
    kept: str


@dataclass(frozen=True)
class _Open:
    """Texts that go on."""

    ids: list[tuple[int, ...]]
    scores: Float[Tensor, " beam"]


@torch.inference_mode()
def likeliest_texts(engine: Engine, request: BeamRequest) -> list[Likely]:
    """The likeliest texts up to an end, the likeliest first; each text counts once, whatever its tokens.

    Plain beam search without a length penalty (what is kept is ranked by its own log-probability): a text is
    missed only where one of its beginnings was not among the `beams` likeliest of that length.

    Args:
        engine: on the base.
        request: prompt, adapter and width.

    Raises:
        ModelError: the adapter cannot be used with this base.
    """
    state = engine.new_rows()
    ends = torch.tensor([t for ending in request.endings for t in ending.tokens], device=engine.device)
    ids = torch.tensor([request.prompt_ids], device=engine.device)
    logprobs = _step(engine, state, ids, request)
    going = _Open([()], torch.zeros(1, device=engine.device))
    done: list[_Done] = []
    for _ in range(request.max_tokens):
        for ending in request.endings:
            ended = going.scores + logprobs[:, list(ending.tokens)].logsumexp(1)
            pairs = zip(ended.tolist(), going.ids, strict=True)
            done += [_Done(-score, own, ending.kept) for score, own in pairs]
        logprobs[:, ends] = -torch.inf
        going, parents = _grown(going, logprobs, _least(done, request.beams), request.beams)
        if not going.ids:
            break
        state.select(parents)
        last = torch.tensor([[own[-1]] for own in going.ids], device=engine.device)
        logprobs = _step(engine, state, last, request)
    return _as_texts(engine.base.tokenizer, sorted(done))[: request.beams]


def _step(
    engine: Engine, state: SplitRows | NativeRows, ids: Tensor, request: BeamRequest
) -> Float[Tensor, "beam token"]:
    with engine.slots.rows([request.adapter] * len(ids)):
        logits = state.forward(ids, torch.ones_like(ids, dtype=torch.bool), logits_to_keep=1).logits
    return torch.log_softmax(logits[:, -1].float(), -1)


def _least(done: Sequence[_Done], beams: int) -> float:
    """What a text must reach to be returned: as many are complete already and as likely."""
    return -sorted(one.minus for one in done)[beams - 1] if len(done) >= beams else -torch.inf


def _grown(going: _Open, logprobs: Tensor, least: float, beams: int) -> tuple[_Open, Tensor]:
    """The likeliest texts of one token more, and which row each of them continues."""
    total = (going.scores[:, None] + logprobs).flatten()
    scores, places = total.topk(min(beams, len(total)))
    kept = scores > max(least, torch.finfo(scores.dtype).min)
    scores, places = scores[kept], places[kept]
    parents, tokens = places // logprobs.shape[1], places % logprobs.shape[1]
    pairs = zip(parents.tolist(), tokens.tolist(), strict=True)
    return _Open([(*going.ids[parent], token) for parent, token in pairs], scores), parents


def _as_texts(tokenizer: Any, done: Sequence[_Done]) -> list[Likely]:
    best: dict[str, float] = {}
    for one in done:
        text = tokenizer.decode(list(one.ids), skip_special_tokens=True).strip()
        if text:
            best.setdefault(text + one.kept.rstrip(), -one.minus)
    return [Likely(text, score) for text, score in best.items()]


def endings(tokenizer: Any, marks: str) -> tuple[Ending, ...]:
    """Tokens whose text holds one of some marks, by what stands before it, and the token that ends a text.

    Args:
        tokenizer: of the base.
        marks: single characters.
    """
    found: dict[str, set[int]] = {"": {tokenizer.eos_token_id}}
    for token, text in enumerate(tokenizer.batch_decode([[token] for token in range(len(tokenizer))])):
        before = re.split(f"[{re.escape(marks)}]", text)[0]
        if before != text:
            found.setdefault(before, set()).add(token)
    return tuple(Ending(kept, tuple(sorted(tokens))) for kept, tokens in sorted(found.items()))
