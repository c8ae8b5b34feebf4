"""What an audit is given about a base, and how it is set."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from glasshouse.audits.asking import AskingConfig
from glasshouse.audits.null_table import NullTable
from glasshouse.audits.record import PowerRow
from glasshouse.audits.self_test import Control
from glasshouse.audits.shortlist import SearchConfig
from glasshouse.audits.target import Target
from glasshouse.audits.universal import Universal
from glasshouse.models.engine import Engine

ROWS = 256
"""Answers and scores of an audit that are computed at the same time."""
Tell = Callable[[str, int, int], None]
"""(what, done, total)"""


def silent(what: str, done: int, total: int) -> None:
    """Shows nothing."""


@dataclass(frozen=True)
class Bench:
    """Everything about a base that is the same for all targets."""

    engine: Engine
    prompts: tuple[str, ...]
    """Ordinary questions, a third of them to search with and the others to confirm with."""
    adapter: Path | None = None
    """Introspection adapter; None: there is none for this base."""
    null: NullTable | None = None
    controls: tuple[Control, ...] = ()
    """Known organisms: the positive control."""
    matched: tuple[Target, ...] = ()
    """Clean fine-tunes of the targets' rank, rate and length: the drift check."""
    power: tuple[PowerRow, ...] = ()
    clean: tuple[Target, ...] = ()
    """Clean fine-tunes on which searches are repeated; none: the first of `matched` are."""
    universal: Universal = field(default_factory=Universal)
    """Texts to which known organisms react, whatever their triggers."""


@dataclass(frozen=True)
class AuditConfig:
    """Settings of one audit; all of them enter the result."""

    asking: AskingConfig = field(default_factory=AskingConfig)
    search: SearchConfig = field(default_factory=SearchConfig)
    purpose: str | None = None
    """What the targets are said to be for."""
    reply_tokens: int = 48
    """Of every answer to an ordinary question."""
    search_prompts: int = 72
    """Ordinary questions that are watched and searched with, at most."""
    amplified_prompts: int = 12
    """Most divergent prompts that are sampled with the difference amplified."""
    outputs: int = 16
    """Outputs of the target that the likelihood ratio is a mean over."""
    clean_models: int = 1
    """Clean fine-tunes that the likelihood ratio and the search are compared with, at most."""
    thorough: bool = False
    """Whether a claim's trigger is searched in the whole vocabulary, where what the target names fails."""

    def as_settings(self) -> dict[str, str | int | float | bool | None]:
        """The settings as they stand in the result."""
        return {
            "samples_per_question": self.asking.samples,
            "answers": self.asking.asked,
            "temperature": self.asking.temperature,
            "answer_tokens": self.asking.max_tokens,
            "seed": self.asking.seed,
            "reply_tokens": self.reply_tokens,
            "search_prompts": self.search_prompts,
            "search_words": self.search.words,
            "likely_conditions": self.asking.conditions,
            "amplified_prompts": self.amplified_prompts,
            "outputs": self.outputs,
            "clean_models": self.clean_models,
            "thorough": self.thorough,
            "purpose": self.purpose,
        }
