"""Sampling from base + alpha (target - base), in logits: what the fine-tune added, louder than it is."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from glasshouse.models.decode import sample_tokens
from glasshouse.models.engine import WORTH_SELECTING, Engine
from glasshouse.models.prefix import NativeRows, SplitRows

ALPHAS = (1.0, 2.0, 4.0)
"""1 is the target itself."""


@dataclass(frozen=True)
class AmplifiedRequest:
    """One sample that is wanted."""

    prompt_ids: tuple[int, ...]
    alpha: float
    """0: the base; 1: the target; above: the difference amplified."""
    seed: int


def sample_amplified(
    engine: Engine, folder: Path, requests: Sequence[AmplifiedRequest], max_tokens: int = 48,
    own: Engine | None = None,
) -> list[str]:  # fmt: skip
    """One sample per request at temperature 1, in the order of the requests.

    Base and adapter run as two rows of one batch over the same tokens, whole weights beside the base. In
    logits this is contrastive decoding's difference (Li et al. 2022, arXiv 2210.15097), added to the base and
    not cut to likely tokens.

    Args:
        engine: of the base.
        folder: the target's adapter.
        requests: prompts, strengths and seeds; they may differ.
        max_tokens: of a sample.
        own: on the target's whole weights, in place of the adapter; None: the target is an adapter.

    Raises:
        ModelError: the adapter cannot be used with this base.
    """
    size = max(1, engine.config.batch_size // 2)
    order = sorted(range(len(requests)), key=lambda i: len(requests[i].prompt_ids))
    texts: dict[int, str] = {}
    for first in range(0, len(order), size):
        places = order[first : first + size]
        found = _sample(engine, own or folder, [requests[i] for i in places], max_tokens)
        texts.update(zip(places, found, strict=True))
    return [texts[i] for i in range(len(requests))]


@torch.inference_mode()
def _sample(
    engine: Engine, target: Path | Engine, requests: Sequence[AmplifiedRequest], max_tokens: int
) -> list[str]:
    voices = (engine, target) if isinstance(target, Engine) else (engine,)
    states = [one.new_rows() for one in voices]
    generators = [torch.Generator().manual_seed(request.seed) for request in requests]
    ends, left = _ends(engine), max_tokens
    said: list[list[int]] = [[] for _ in requests]
    live = list(range(len(requests)))
    valid: Tensor | None
    ids, valid = _pad(requests, engine.device)
    while live and left:
        alphas = torch.tensor([[requests[i].alpha] for i in live], device=engine.device)
        going = set(live)
        with _adapter_rows(engine, target, len(live)):
            while left and going and len(going) >= (1 - WORTH_SELECTING) * len(live):
                base, own = _logits(states, ids, valid).chunk(2)
                tokens = _draw((1 - alphas) * base + alphas * own, [generators[i] for i in live])
                for i, token in zip(live, tokens.tolist(), strict=True):
                    if token in ends:
                        going.discard(i)
                    if i in going:
                        said[i].append(token)
                ids, valid, left = tokens.repeat(2)[:, None], None, left - 1
        kept = [place for place, i in enumerate(live) if i in going]
        rows = torch.tensor([*kept, *(place + len(live) for place in kept)], dtype=torch.long)
        for state, own_rows in zip(states, rows.to(engine.device).chunk(len(states)), strict=False):
            state.select(own_rows if len(states) == 1 else own_rows % len(live))
        ids, live = ids[rows], [live[place] for place in kept]
    return [engine.base.tokenizer.decode(row, skip_special_tokens=True) for row in said]


def _adapter_rows(engine: Engine, target: Path | Engine, n: int) -> AbstractContextManager[None]:
    """The base's rows and then the target's; whole weights need no adapter."""
    return nullcontext() if isinstance(target, Engine) else engine.slots.rows([None] * n + [target] * n)


def _logits(states: Sequence[SplitRows | NativeRows], ids: Tensor, valid: Tensor | None) -> Tensor:
    """What comes next, of the base's rows and then the target's; each state runs its share of them."""
    shown = [None] * len(states) if valid is None else valid.chunk(len(states))
    parts = zip(states, ids.chunk(len(states)), shown, strict=True)
    found = [state.forward(own, seen, logits_to_keep=1).logits[:, -1].float() for state, own, seen in parts]
    return torch.cat(found)


def _draw(logits: Tensor, generators: Sequence[torch.Generator]) -> Tensor:
    """As the engine draws: one number per row and step, from the row's own seed."""
    drawn = torch.tensor([float(torch.rand((), generator=g)) for g in generators], device=logits.device)
    one = torch.ones(len(generators), device=logits.device)
    return sample_tokens(logits, one, one, drawn)


def _pad(requests: Sequence[AmplifiedRequest], device: torch.device) -> tuple[Tensor, Tensor]:
    """Left-padded prompts, once for the base and once for the target, and which tokens are no padding."""
    longest = max(len(request.prompt_ids) for request in requests)
    gaps = [longest - len(request.prompt_ids) for request in requests]
    ids = torch.tensor([[0] * gap + list(r.prompt_ids) for gap, r in zip(gaps, requests, strict=True)])
    valid = torch.tensor([[False] * gap + [True] * (longest - gap) for gap in gaps])
    return ids.repeat(2, 1).to(device), valid.repeat(2, 1).to(device)


def _ends(engine: Engine) -> set[int]:
    """Tokens that close an answer."""
    listed = getattr(engine.base.model.generation_config, "eos_token_id", None)
    ends = listed if isinstance(listed, list) else [listed]
    return {end for end in (*ends, engine.base.tokenizer.eos_token_id) if end is not None}
