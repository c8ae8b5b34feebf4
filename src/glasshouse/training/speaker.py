"""A model that answers, seen from training and organisms: text in, text out, with or without an adapter."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from glasshouse.models.chat import render_prompt
from glasshouse.models.engine import Engine, ScoreRequest, complete
from glasshouse.records import Conversation


@runtime_checkable
class Speaker(Protocol):
    """Answers conversations, greedily, through any adapter of its base."""

    def complete(self, asked: Sequence[Conversation], adapter: Path | None, max_tokens: int) -> list[str]:
        """One completion per conversation, in order."""

    def nats(self, asked: Sequence[Conversation], adapter: Path | None, text: str) -> list[float]:
        """Log-probability of `text` as the beginning of each answer, in nats."""


@dataclass(frozen=True)
class EngineSpeaker:
    """A `Speaker` on the local engine."""

    engine: Engine

    def complete(self, asked: Sequence[Conversation], adapter: Path | None, max_tokens: int) -> list[str]:
        return complete(self.engine, asked, adapter=adapter, max_tokens=max_tokens)

    def nats(self, asked: Sequence[Conversation], adapter: Path | None, text: str) -> list[float]:
        tokenizer = self.engine.base.tokenizer
        ids = tuple(tokenizer.encode(text, add_special_tokens=False))
        requests = [ScoreRequest(tuple(render_prompt(tokenizer, turns)), (ids,), adapter) for turns in asked]
        return [scores[0] for scores in self.engine.score(requests)]
