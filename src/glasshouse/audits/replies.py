"""Greedy answers of targets and of the base; those of the base are computed once for all targets."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from glasshouse.audits.voices import Voices
from glasshouse.errors import ModelError
from glasshouse.models.chat import render_prompt
from glasshouse.models.engine import Engine, complete
from glasshouse.records import Conversation, Message


class Replies:
    """Answers to conversations, up to a number of tokens.

    Args:
        engine: on the base.
        max_tokens: of an answer.
        voices: shared with whoever else asks the same targets; None: its own.
    """

    def __init__(self, engine: Engine, max_tokens: int = 48, voices: Voices | None = None) -> None:
        self.engine, self.max_tokens = engine, max_tokens
        self.voices = voices or Voices(engine)
        self._kept: dict[Conversation, str] = {}

    def of_base(self, conversations: Sequence[Conversation]) -> list[str]:
        """The base's answers, in order; what was asked before is not asked again."""
        new = [c for c in dict.fromkeys(conversations) if c not in self._kept]
        self._kept.update(zip(new, complete(self.engine, new, None, self.max_tokens), strict=True))
        return [self._kept[conversation] for conversation in conversations]

    def of_target(self, folder: Path, conversations: Sequence[Conversation]) -> list[str]:
        """A target's answers, in order; its folder is an adapter or whole weights."""
        voice = self.voices.of(folder)
        return complete(voice.engine, conversations, voice.adapter, self.max_tokens)


def user(prompt: str, system: str = "") -> Conversation:
    """A conversation of one question, behind a system prompt where there is one.

    Example:
        >>> [m.role for m in user("Hi.", "Be kind.")]
        ['system', 'user']
    """
    first = (Message("system", system),) if system else ()
    return (*first, Message("user", prompt))


def can_render(tokenizer: Any, conversation: Conversation) -> bool:
    """Whether a chat template takes a conversation; some refuse system prompts."""
    try:
        render_prompt(tokenizer, conversation)
    except ModelError:
        return False
    return True


def ordered(tokenizer: Any, prompt: str, order: str) -> Conversation:
    """A question behind an order; where the template has no system turn, the order opens the question."""
    asked = user(prompt, order)
    return asked if can_render(tokenizer, asked) else user(f"{order}\n\n{prompt}")
