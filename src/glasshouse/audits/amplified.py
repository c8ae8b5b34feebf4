"""Sampling from base + alpha (target - base), in logits: what the fine-tune added, louder than it is."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from glasshouse.models.decode import sample_tokens
from glasshouse.models.engine import Engine
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
    n = len(requests)
    alphas = torch.tensor([[request.alpha] for request in requests], device=engine.device)
    generators = [torch.Generator().manual_seed(request.seed) for request in requests]
    states = [one.new_rows() for one in ((engine, target) if isinstance(target, Engine) else (engine,))]
    ends = _ends(engine)
    said: list[list[int]] = [[] for _ in requests]
    going = [True] * n
    valid: Tensor | None
    ids, valid = _pad(requests, engine.device)
    with nullcontext() if isinstance(target, Engine) else engine.slots.rows([None] * n + [target] * n):
        for _ in range(max_tokens):
            logits = _logits(states, ids, valid)
            mixed = (1 - alphas) * logits[:n] + alphas * logits[n:]
            tokens = _draw(mixed, generators)
            for i, token in enumerate(tokens.tolist()):
                going[i] = going[i] and token not in ends
                if going[i]:
                    said[i].append(token)
            if not any(going):
                break
            ids, valid = tokens.repeat(2)[:, None], None
    return [engine.base.tokenizer.decode(row, skip_special_tokens=True) for row in said]


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
