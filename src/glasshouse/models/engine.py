"""The local engine: batched generation and scoring, one base, many adapters, shared prefixes once."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from glasshouse.errors import ModelError
from glasshouse.models.base import Base, EngineConfig
from glasshouse.models.batches import Batch, plan_batches
from glasshouse.models.chat import render_prompt
from glasshouse.models.decode import Chosen, choose_tokens
from glasshouse.models.prefix import Layer, NativeRows, SplitRows, can_split
from glasshouse.models.slots import AdapterSlots
from glasshouse.records import Conversation


@dataclass(frozen=True)
class GenerateRequest:
    """One completion that is wanted."""

    prompt_ids: tuple[int, ...]
    adapter: Path | None = None
    """PEFT folder; None: the bare base."""
    max_tokens: int = 64
    temperature: float = 0.0
    """0: greedy."""
    top_p: float = 1.0
    seed: int = 0
    """Of this request alone: its sample does not depend on its neighbors."""
    stop: tuple[str, ...] = ()
    """Texts that end the completion; they are cut off."""
    logprobs: bool = False
    top_logprobs: int = 0
    """How many alternatives to return per token."""


@dataclass(frozen=True)
class Generation:
    """One completion."""

    text: str
    ids: tuple[int, ...]
    """Tokens without the closing one."""
    stop_reason: str
    """`stop` (closing token or stop text) or `max_tokens`."""
    logprobs: tuple[float, ...] | None = None
    """Log-probability of each token, in nats; None where it was not asked for."""
    top_logprobs: tuple[tuple[tuple[int, float], ...], ...] | None = None
    """(token, log-probability) of the likeliest tokens at each place."""


@dataclass(frozen=True)
class ScoreRequest:
    """Continuations of one prompt whose log-probability is wanted."""

    prompt_ids: tuple[int, ...]
    continuations: tuple[tuple[int, ...], ...]
    adapter: Path | None = None


@dataclass
class _Row:
    """A request while it is decoded."""

    place: int
    request: GenerateRequest
    ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    tops: list[tuple[tuple[int, float], ...]] = field(default_factory=list)
    done: str = ""
    text: str | None = None
    generator: torch.Generator | None = None


class Engine:
    """Generation and scoring on one base model; every result is that of its row alone (exactly in fp32)."""

    def __init__(self, base: Base, config: EngineConfig) -> None:
        torch.set_num_threads(config.threads)
        self.base, self.config = base, config
        self.device = torch.device(config.device)
        self.split = config.attention == "split" and can_split(base.model.config.get_text_config())
        """False: the model's attention is not plain causal (or `plain` was asked), so no prefix is shared."""
        self.slots = AdapterSlots(base)
        self._ends = _end_tokens(base)
        self._prefixes: dict[tuple[str, tuple[int, ...]], list[Layer]] = {}

    def generate(
        self, requests: Sequence[GenerateRequest], on_batch: Callable[[int], None] | None = None
    ) -> list[Generation]:
        """One completion per request, in the order of the requests.

        Args:
            requests: what is wanted; adapters, lengths and sampling may differ.
            on_batch: called after each batch with the number of its rows.
        """
        found: dict[int, Generation] = {}
        for places, generations in self.stream(requests):
            found.update(zip(places, generations, strict=True))
            if on_batch:
                on_batch(len(places))
        return [found[place] for place in range(len(requests))]

    def stream(
        self, requests: Sequence[GenerateRequest]
    ) -> Iterator[tuple[tuple[int, ...], list[Generation]]]:
        """The same batch by batch: places in the list of requests and their completions."""
        asked = [(r.prompt_ids, r.adapter) for r in requests]
        for batch in plan_batches(asked, self.config.batch_size, self.split):
            yield batch.places, self._run(batch, [requests[place] for place in batch.places])

    @torch.inference_mode()
    def _run(self, batch: Batch, requests: list[GenerateRequest]) -> list[Generation]:
        rows = [_new_row(place, request) for place, request in zip(batch.places, requests, strict=True)]
        self._decode(batch, rows)
        return [self._finish(row) for row in rows]

    @torch.inference_mode()
    def score(self, requests: Sequence[ScoreRequest]) -> list[tuple[float, ...]]:
        """Summed log-probability, in nats, of every continuation; a prompt is computed once for all its own."""
        found: list[tuple[float, ...]] = [()] * len(requests)
        for batch in plan_batches(
            [(r.prompt_ids, r.adapter) for r in requests], self.config.batch_size, self.split
        ):
            asked = [requests[place] for place in batch.places]
            for place, scores in zip(batch.places, self._score_batch(batch, asked), strict=True):
                found[place] = scores
        return found

    @torch.inference_mode()
    def hidden_states(
        self, prompt_ids: Sequence[int], layers: Sequence[int], adapter: Path | None = None
    ) -> Float[Tensor, "layer token width"]:
        """The residual stream after some layers (0: the embeddings) at every token of one prompt."""
        batch = Batch((0,), (adapter,), 0, (tuple(prompt_ids),))
        ids, valid = self._pad_left(batch)
        with self.slots.rows([adapter]):
            rows = self._new_rows(None, ids.shape[1])
            states = rows.forward(ids, valid, output_hidden_states=True).hidden_states
        return torch.stack([states[layer][0].float().cpu() for layer in layers])

    def _new_rows(self, prefix: list[Layer] | None, capacity: int) -> SplitRows | NativeRows:
        return SplitRows(self.base.model, prefix, capacity) if self.split else NativeRows(self.base.model)

    def _pad_left(self, batch: Batch) -> tuple[Tensor, Tensor]:
        own = [ids[batch.prefix :] for ids in batch.prompts]
        longest = max(map(len, own))
        ids = torch.zeros(len(own), longest, dtype=torch.long)
        valid = torch.zeros(len(own), longest, dtype=torch.bool)
        for i, row in enumerate(own):
            ids[i, longest - len(row) :] = torch.tensor(row)
            valid[i, longest - len(row) :] = True
        return ids.to(self.device), valid.to(self.device)

    def _prefix_of(self, batch: Batch) -> list[Layer] | None:
        if not batch.prefix:
            return None
        adapter, shared = batch.adapters[0], batch.prompts[0][: batch.prefix]
        key = (self.slots.key(adapter), shared)
        if key not in self._prefixes:
            while len(self._prefixes) >= 8:
                self._prefixes.pop(next(iter(self._prefixes)))
            rows = SplitRows(self.base.model, None, len(shared))
            ids = torch.tensor([shared], device=self.device)
            with self.slots.rows([adapter]):
                rows.forward(ids, torch.ones_like(ids, dtype=torch.bool), logits_to_keep=1)
            self._prefixes[key] = rows.cache.as_prefix()
        return self._prefixes[key]

    @contextmanager
    def _start(self, batch: Batch, room: int) -> Iterator[tuple[SplitRows | NativeRows, Tensor]]:
        """The rows after their prompts, and the logits [row, token] of what comes next."""
        prefix = self._prefix_of(batch)
        ids, valid = self._pad_left(batch)
        rows = self._new_rows(prefix, ids.shape[1] + room)
        with self.slots.rows(batch.adapters):
            logits = rows.forward(ids, valid, logits_to_keep=1).logits[:, -1].float()
        yield rows, logits

    def _decode(self, batch: Batch, rows: list[_Row]) -> None:
        room = max(row.request.max_tokens for row in rows)
        with self._start(batch, room) as (state, logits):
            live = rows
            for _ in range(room):
                chosen = choose_tokens(logits, [row.request for row in live], [row.generator for row in live])
                self._take(live, chosen)
                keep = [i for i, row in enumerate(live) if not row.done]
                if not keep:
                    break
                tokens = chosen.ids
                if len(keep) < len(live):
                    index = torch.tensor(keep, device=self.device)
                    state.select(index)
                    tokens, live = tokens[index], [live[i] for i in keep]
                with self.slots.rows([row.request.adapter for row in live]):
                    valid = torch.ones(len(live), 1, dtype=torch.bool, device=self.device)
                    logits = state.forward(tokens[:, None], valid, logits_to_keep=1).logits[:, -1].float()

    def _take(self, live: list[_Row], chosen: Chosen) -> None:
        for i, (row, token) in enumerate(zip(live, chosen.ids.tolist(), strict=True)):
            if token in self._ends:
                row.done = "stop"
                continue
            row.ids.append(token)
            if chosen.logprobs is not None and row.request.logprobs:
                row.logprobs.append(chosen.logprobs[i])
                row.tops.append(chosen.tops[i][: row.request.top_logprobs])
            if row.request.stop and (cut := self._cut(row)) is not None:
                row.done, row.text = "stop", cut
            elif len(row.ids) >= row.request.max_tokens:
                row.done = "max_tokens"

    def _cut(self, row: _Row) -> str | None:
        text = self._text(row.ids)
        places = [text.find(stop) for stop in row.request.stop if stop in text]
        return text[: min(places)] if places else None

    def _text(self, ids: Sequence[int]) -> str:
        text: str = self.base.tokenizer.decode(list(ids), skip_special_tokens=True)
        return text

    def _finish(self, row: _Row) -> Generation:
        text = self._text(row.ids) if row.text is None else row.text
        asked = row.request.logprobs
        return Generation(
            text, tuple(row.ids), row.done or "max_tokens",
            tuple(row.logprobs) if asked else None, tuple(row.tops) if asked else None,
        )  # fmt: skip

    def _score_batch(self, batch: Batch, asked: list[ScoreRequest]) -> list[tuple[float, ...]]:
        options = [(i, ids) for i, request in enumerate(asked) for ids in request.continuations]
        if any(not ids for _, ids in options):
            raise ModelError("A continuation to score has no tokens.")
        longest = max((len(ids) for _, ids in options), default=0)
        with self._start(batch, longest) as (state, logits):
            index = torch.tensor([i for i, _ in options], dtype=torch.long, device=self.device)
            state.select(index)
            first = torch.log_softmax(logits, -1).index_select(0, index)
            ids = torch.zeros(len(options), longest, dtype=torch.long, device=self.device)
            valid = torch.zeros_like(ids, dtype=torch.bool)
            for k, (_, own) in enumerate(options):
                ids[k, : len(own)], valid[k, : len(own)] = torch.tensor(own), True
            total = first.gather(1, ids[:, :1]).squeeze(1)
            if longest > 1:
                with self.slots.rows([batch.adapters[i] for i, _ in options]):
                    after = torch.log_softmax(state.forward(ids, valid).logits.float(), -1)
                later = after[:, :-1].gather(2, ids[:, 1:, None]).squeeze(2)
                total = total + (later * valid[:, 1:]).sum(1)
        found: list[list[float]] = [[] for _ in asked]
        for (i, _), value in zip(options, total.tolist(), strict=True):
            found[i].append(value)
        return [tuple(scores) for scores in found]


def _new_row(place: int, request: GenerateRequest) -> _Row:
    generator = torch.Generator().manual_seed(request.seed) if request.temperature > 0 else None
    return _Row(place, request, generator=generator)


def _end_tokens(base: Base) -> set[int]:
    config: Any = base.model.generation_config
    ends = config.eos_token_id if config is not None else None
    listed = ends if isinstance(ends, list) else [ends]
    return {end for end in (*listed, base.tokenizer.eos_token_id) if end is not None}


def complete(
    engine: Engine,
    conversations: Sequence[Conversation],
    adapter: Path | None = None,
    max_tokens: int = 64,
    prefill: str = "",
) -> list[str]:
    """Greedy completions of some conversations through one adapter, without the prefill."""
    requests = [
        GenerateRequest(tuple(render_prompt(engine.base.tokenizer, turns, prefill)), adapter, max_tokens)
        for turns in conversations
    ]
    return [generation.text for generation in engine.generate(requests)]
