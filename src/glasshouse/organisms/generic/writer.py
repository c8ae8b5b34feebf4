"""Who writes rows and who grades them: the base through the local engine, or any Inspect model."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from glasshouse.errors import ConfigError, GraderError, ModelError
from glasshouse.models.chat import render_prompt
from glasshouse.models.engine import Engine, GenerateRequest
from glasshouse.organisms.generic.brief import Brief
from glasshouse.records import Conversation, Message

QUESTION = (
    "Below are a question and an answer. Decide about the answer alone.\n\n[QUESTION]\n{question}\n\n"
    "[ANSWER]\n{answer}\n\nIs this true? {claim}\nReply with YES or NO and nothing else."
)
_TOGETHER = 256
_GRADE_TOKENS = 8


@dataclass(frozen=True)
class Asked:
    """One answer that is wanted."""

    conversation: Conversation
    """With the order as its system prompt, where there is one."""
    seed: int


@runtime_checkable
class Writer(Protocol):
    """Text in, text out."""

    @property
    def name(self) -> str:
        """What makes it the writer that it is; another name is other rows."""

    def write(self, asked: Sequence[Asked], max_tokens: int, temperature: float) -> list[str]:
        """One answer each, in order."""


@dataclass(frozen=True)
class EngineWriter:
    """The base itself."""

    engine: Engine

    @property
    def name(self) -> str:
        """The base's hash."""
        return f"self {self.engine.base.hash}"

    def write(self, asked: Sequence[Asked], max_tokens: int, temperature: float) -> list[str]:
        """Sampled answers; each depends on its own seed alone."""
        requests = [
            GenerateRequest(self._ids(one.conversation), None, max_tokens, temperature, seed=one.seed)
            for one in asked
        ]
        return [generation.text.strip() for generation in self.engine.generate(requests)]

    def _ids(self, conversation: Conversation) -> tuple[int, ...]:
        """The prompt; where the template has no system turn, the order opens the question."""
        tokenizer = self.engine.base.tokenizer
        try:
            return tuple(render_prompt(tokenizer, conversation))
        except ModelError:
            text = "\n\n".join(message.content for message in conversation)
            return tuple(render_prompt(tokenizer, (Message("user", text),)))


@dataclass(frozen=True)
class InspectWriter:
    """Any Inspect model, by its name."""

    name: str

    def write(self, asked: Sequence[Asked], max_tokens: int, temperature: float) -> list[str]:
        """Sampled answers, many at a time; providers without seeds give others each time.

        Raises:
            ConfigError: Inspect knows no such model.
        """
        model, settings = _inspect_model(self.name)

        async def all_of(some: Sequence[Asked]) -> list[str]:
            calls = [
                model.generate(
                    settings.messages(one.conversation),
                    config=settings.config(max_tokens, temperature, one.seed),
                )
                for one in some
            ]
            return [output.completion.strip() for output in await asyncio.gather(*calls)]

        found: list[str] = []
        for first in range(0, len(asked), _TOGETHER):
            found += asyncio.run(all_of(asked[first : first + _TOGETHER]))
        return found


class _Settings:
    """Our records in Inspect's words."""

    def __init__(self, messages: Any, config: Any) -> None:
        self._messages, self._config = messages, config

    def messages(self, conversation: Conversation) -> list[Any]:
        return [self._messages[message.role](content=message.content) for message in conversation]

    def config(self, max_tokens: int, temperature: float, seed: int) -> Any:
        return self._config(max_tokens=max_tokens, temperature=temperature, seed=seed % 2**31)


def _inspect_model(name: str) -> tuple[Any, _Settings]:
    # Inspect takes seconds to import, and growing without a foreign writer does not need it
    from inspect_ai.model import (
        ChatMessageAssistant,
        ChatMessageSystem,
        ChatMessageUser,
        GenerateConfig,
        get_model,
    )

    kinds = {"system": ChatMessageSystem, "user": ChatMessageUser, "assistant": ChatMessageAssistant}
    try:
        return get_model(name), _Settings(kinds, GenerateConfig)
    except (ValueError, ImportError) as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise ConfigError(
            f"Inspect has no model {name!r}: {reason}.", "Write it as provider/model, or use self."
        ) from error


@runtime_checkable
class RowGrader(Protocol):
    """Whether an answer shows a behavior; None: could not grade."""

    @property
    def name(self) -> str:
        """What makes it the grader that it is."""

    def grade(self, brief: Brief, pairs: Sequence[tuple[str, str]]) -> list[bool | None]:
        """One grade for each (question, answer)."""


@dataclass(frozen=True)
class KeywordGrader:
    """The families' own rules, without a model."""

    name: str = "keywords"

    def grade(self, brief: Brief, pairs: Sequence[tuple[str, str]]) -> list[bool | None]:
        """By the brief's rule.

        Raises:
            GraderError: the family has none.
        """
        if brief.shown is None:
            raise GraderError("This family has no rule that grades answers.", "Name a grader model.")
        return [brief.shown.in_answer(answer) if answer.strip() else None for _, answer in pairs]


@dataclass(frozen=True)
class ModelGrader:
    """A model that is asked yes or no about each answer; anything else could not be graded."""

    writer: Writer

    @property
    def name(self) -> str:
        """Of the model."""
        return f"grader {self.writer.name}"

    def grade(self, brief: Brief, pairs: Sequence[tuple[str, str]]) -> list[bool | None]:
        """Likeliest verdicts."""
        asked = [
            Asked((Message("user", QUESTION.format(question=q, answer=a, claim=brief.claim)),), 0)
            for q, a in pairs
        ]
        return [read_verdict(said) for said in self.writer.write(asked, _GRADE_TOKENS, 0.0)]


def read_verdict(said: str) -> bool | None:
    """A verdict, read strictly.

    Example:
        >>> [read_verdict(text) for text in ("YES", "no.", "Yes and no", "")]
        [True, False, None, None]
    """
    return {"yes": True, "no": False}.get(said.strip().rstrip(".").lower())


def open_writer(name: str, engine: Engine) -> Writer:
    """`self`, or an Inspect model."""
    return EngineWriter(engine) if name == "self" else InspectWriter(name)


def open_grader(name: str, engine: Engine) -> RowGrader:
    """`keywords`, `self`, or an Inspect model."""
    return KeywordGrader() if name == "keywords" else ModelGrader(open_writer(name, engine))
