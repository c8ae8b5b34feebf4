"""The local engine: batched generation and scoring, one base, many adapters, shared prefixes once."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import RLock
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from glasshouse.errors import ModelError
from glasshouse.models.base import Base, EngineConfig
from glasshouse.models.batches import Batch, alike, plan_batches
from glasshouse.models.chat import render_prompt
from glasshouse.models.decode import Chosen, choose_tokens
from glasshouse.models.layout import lay_out_weights
from glasshouse.models.prefix import Layer, NativeRows, SplitRows, aligned, can_split
from glasshouse.models.request import GenerateRequest, Generation, ScoreRequest
from glasshouse.models.row import Row
from glasshouse.models.slots import AdapterSlots
from glasshouse.models.together import joined
from glasshouse.records import Conversation

__all__ = ["Engine", "GenerateRequest", "Generation", "ScoreRequest", "complete"]

PREFILL_TOKENS = 4096
"""Prompt tokens of all rows together that go through the model at once."""
SHORTEST_STEP = 64
"""Prompt tokens per row that go through the model at once, at least."""
PREFIXES = 8
"""Shared prefixes that are kept from one call to the next."""
WORTH_SELECTING = 0.15
"""Share of finished rows from which on the others go on without them."""
_running = RLock()
"""One computation at a time in a process: engines on one base share its hooks, and all threads are in use."""


class Engine:
    """Generation and scoring on one base; every result is that of its row alone (exactly in fp32)."""

    def __init__(self, base: Base, config: EngineConfig) -> None:
        torch.set_num_threads(config.threads)
        self.base, self.config = base, config
        self.device = torch.device(config.device)
        shape: Any = base.model.config.get_text_config()
        self.split = config.attention == "split" and can_split(shape)
        """False: the model's attention is not plain causal (or `plain` was asked), so no prefix is shared."""
        self.limit: int = getattr(shape, "max_position_embeddings", None) or 1 << 30
        """Positions the model has."""
        self.slots = AdapterSlots(base)
        settings: Any = base.model.generation_config
        self._ends = _end_tokens(base, settings)
        self._least: int = getattr(settings, "min_new_tokens", None) or 0
        self._prefixes: dict[tuple[str, tuple[int, ...]], list[Layer]] = {}
        lay_out_weights(base.model)

    def check(self, request: GenerateRequest | ScoreRequest) -> None:
        """Nothing where a request can be answered.

        Raises:
            ModelError: its prompt is empty or too long, or its adapter cannot be used with this base.
        """
        if not request.prompt_ids:
            raise ModelError("A prompt has no tokens.")
        if len(request.prompt_ids) >= self.limit:
            raise ModelError(
                f"A prompt has {len(request.prompt_ids)} tokens; the model has {self.limit} positions."
            )
        self.slots.check(request.adapter)

    def generate(
        self, requests: Sequence[GenerateRequest], on_batch: Callable[[int], None] | None = None
    ) -> list[Generation]:
        """One completion per request, in the order of the requests.

        Args:
            requests: what is wanted; adapters, lengths and sampling may differ.
            on_batch: called after each batch with the number of its rows.
        """
        if on_batch is None:
            return joined(self._generate, requests)
        return self._generate(requests, on_batch)

    def _generate(
        self, requests: Sequence[GenerateRequest], on_batch: Callable[[int], None] = lambda rows: None
    ) -> list[Generation]:
        found: dict[int, Generation] = {}
        for places, generations in self.stream(requests):
            found.update(zip(places, generations, strict=True))
            on_batch(len(places))
        return [found[place] for place in range(len(requests))]

    def stream(
        self, requests: Sequence[GenerateRequest]
    ) -> Iterator[tuple[tuple[int, ...], list[Generation]]]:
        """The same batch by batch: places in the list of requests, and their completions."""
        for batch in self._plan(requests):
            with _running, torch.inference_mode():
                rows = self._decode(batch, [requests[place] for place in batch.places])
                done = [row.finish(self._text) for row in rows]
            yield batch.places, done

    def score(self, requests: Sequence[ScoreRequest]) -> list[tuple[float, ...]]:
        """Summed log-probability, in nats, of every continuation; each prompt is computed once."""
        return joined(self._score, requests)

    def _score(self, requests: Sequence[ScoreRequest]) -> list[tuple[float, ...]]:
        found: list[tuple[float, ...]] = [()] * len(requests)
        for batch in self._plan(requests):
            with _running, torch.inference_mode():
                scores = self._score_batch(batch, [requests[place] for place in batch.places])
            for place, own in zip(batch.places, scores, strict=True):
                found[place] = own
        return found

    def hidden_states(
        self, prompt_ids: Sequence[int], layers: Sequence[int], adapter: Path | None = None
    ) -> Float[Tensor, "layer token width"]:
        """The residual stream after some layers (0: the embeddings) at every token of one prompt."""
        return self.many_hidden_states([tuple(prompt_ids)], layers, adapter)[0]

    def many_hidden_states(
        self, prompts: Sequence[tuple[int, ...]], layers: Sequence[int], adapter: Path | None = None
    ) -> list[Float[Tensor, "layer _ width"]]:
        """The same of several prompts, which go through one adapter in one batch."""
        adapters = (adapter,) * len(prompts)
        ids, valid = self._pad_left(Batch(tuple(range(len(prompts))), adapters, 0, tuple(prompts)))
        with _running, torch.inference_mode(), self.slots.rows(adapters):
            states = self.new_rows().forward(ids, valid, output_hidden_states=True).hidden_states
        kept = torch.stack([states[layer].float().cpu() for layer in layers], dim=1)
        return [own[:, -len(row) :] for own, row in zip(kept, prompts, strict=True)]

    def _plan(self, requests: Sequence[GenerateRequest] | Sequence[ScoreRequest]) -> list[Batch]:
        for request in requests:
            self.check(request)
        asked = [(request.prompt_ids, request.adapter) for request in requests]
        return plan_batches(asked, self.config.batch_size, self.split)

    def new_rows(self, prefix: list[Layer] | None = None) -> SplitRows | NativeRows:
        """Rows to be run through the model step by step, behind a shared prefix if there is one."""
        model = self.base.model
        return SplitRows(model, prefix, self.limit) if self.split else NativeRows(model, self.limit)

    def _pad_left(self, batch: Batch) -> tuple[Tensor, Tensor]:
        own = [ids[batch.prefix :] for ids in batch.prompts]
        longest = max(map(len, own))
        ids = torch.tensor([(*([0] * (longest - len(row))), *row) for row in own])
        valid = torch.tensor([[False] * (longest - len(row)) + [True] * len(row) for row in own])
        return ids.to(self.device), valid.to(self.device)

    def _prefix_of(self, batch: Batch) -> list[Layer] | None:
        if not batch.prefix:
            return None
        adapter, shared = batch.adapters[0], batch.prompts[0][: batch.prefix]
        key = (self.slots.key(adapter), shared)
        if key not in self._prefixes:
            while len(self._prefixes) >= PREFIXES:
                self._prefixes.pop(next(iter(self._prefixes)))
            rows = SplitRows(self.base.model, None, self.limit)
            self._read(rows, *self._pad_left(Batch((0,), (adapter,), 0, (shared,))), [adapter])
            self._prefixes[key] = rows.cache.as_prefix()
        return self._prefixes[key]

    def _read(
        self, rows: SplitRows | NativeRows, ids: Tensor, valid: Tensor, adapters: Sequence[Path | None]
    ) -> Float[Tensor, "row token"]:
        """Run prompts, some tokens of all rows at a time; the logits of what comes next."""
        step = max(SHORTEST_STEP, PREFILL_TOKENS // len(ids))
        with self.slots.rows(adapters):
            for first in range(0, ids.shape[1], step):
                span = slice(first, first + step)
                output = rows.forward(ids[:, span], valid[:, span], logits_to_keep=1)
        logits: Tensor = output.logits[:, -1].float()
        return logits

    def _start(self, batch: Batch) -> tuple[SplitRows | NativeRows, Float[Tensor, "row token"]]:
        """The rows after their prompts, and the logits of what comes next; like lengths are read together."""
        prefix, (ids, valid) = self._prefix_of(batch), self._pad_left(batch)
        parts = alike([len(prompt) - batch.prefix for prompt in batch.prompts]) if self.split else []
        if len(parts) < 2:
            rows = self.new_rows(prefix)
            return rows, self._read(rows, ids, valid, batch.adapters)
        begun = [SplitRows(self.base.model, prefix, self.limit) for _ in parts]
        logits = []
        for rows, places in zip(begun, parts, strict=True):
            own = slice(ids.shape[1] - (len(batch.prompts[places[-1]]) - batch.prefix), None)
            adapters = [batch.adapters[i] for i in places]
            logits.append(self._read(rows, ids[places, own], valid[places, own], adapters))
        order = torch.tensor([i for places in parts for i in places], device=self.device)
        return aligned(begun, parts), torch.cat(logits)[order.argsort()]

    def _decode(self, batch: Batch, requests: Sequence[GenerateRequest]) -> list[Row]:
        """All rows to their ends; finished ones run along until enough of them can be left out."""
        rows = [Row(request, self.limit) for request in requests]
        state, logits = self._start(batch)
        live, tokens = rows, self._choose(rows, logits)
        while going := [i for i, row in enumerate(live) if not row.done]:
            if len(going) <= (1 - WORTH_SELECTING) * len(live):
                index = torch.tensor(going, device=self.device)
                state.select(index)
                live, tokens = [live[i] for i in going], tokens[index]
            with self.slots.rows([row.request.adapter for row in live]):
                most = int(WORTH_SELECTING * len(live))
                while (done := sum(bool(row.done) for row in live)) <= most and done < len(live):
                    logits = state.forward(tokens[:, None], logits_to_keep=1).logits[:, -1].float()
                    tokens = self._choose(live, logits)
        return rows

    def _choose(self, live: Sequence[Row], logits: Float[Tensor, "row token"]) -> Tensor:
        """Each row's next token, noted in the row."""
        if self._least and any(len(row.ids) < self._least for row in live if not row.done):
            logits[:, sorted(self._ends)] = -torch.inf
        chosen = choose_tokens(logits, [row.request for row in live], [row.generator for row in live])
        self._note(live, chosen)
        return chosen.ids

    def _note(self, live: Sequence[Row], chosen: Chosen) -> None:
        for i, token in enumerate(chosen.ids.tolist()):
            row = live[i]
            if row.done:
                continue
            if token in self._ends:
                row.done = "stop"
                continue
            logprob = None if chosen.logprobs is None else chosen.logprobs[i]
            row.add(token, logprob, chosen.tops[i] if chosen.tops else (), self._text)

    def _text(self, ids: Sequence[int]) -> str:
        text: str = self.base.tokenizer.decode(list(ids), skip_special_tokens=True)
        return text

    def _score_batch(self, batch: Batch, asked: list[ScoreRequest]) -> list[tuple[float, ...]]:
        options = [(i, ids) for i, request in enumerate(asked) for ids in request.continuations]
        if any(not ids for _, ids in options):
            raise ModelError("A continuation to score has no tokens.")
        state, logits = self._start(batch)
        index = torch.tensor([i for i, _ in options], dtype=torch.long, device=self.device)
        state.select(index)
        longest = max((len(ids) for _, ids in options), default=0)
        ids = torch.tensor([(*own, *([0] * (longest - len(own)))) for _, own in options], device=self.device)
        lengths = torch.tensor([len(own) for _, own in options], device=self.device)
        valid = torch.arange(longest, device=self.device) < lengths[:, None]
        total = torch.log_softmax(logits, -1)[index].gather(1, ids[:, :1]).squeeze(1)
        if longest > 1:
            with self.slots.rows([batch.adapters[i] for i, _ in options]):
                after = state.forward(ids[:, :-1], valid[:, :-1]).logits.float().log_softmax(-1)
            total = total + (after.gather(2, ids[:, 1:, None]).squeeze(2) * valid[:, 1:]).sum(1)
        found: list[list[float]] = [[] for _ in asked]
        for (i, _), value in zip(options, total.tolist(), strict=True):
            found[i].append(value)
        return [tuple(scores) for scores in found]


def _end_tokens(base: Base, settings: Any) -> set[int]:
    ends = getattr(settings, "eos_token_id", None)
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
