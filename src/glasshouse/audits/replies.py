"""Greedy answers of targets and of the base; those of the base are computed once for all targets."""

from collections.abc import Sequence
from pathlib import Path

from glasshouse.models.engine import Engine, complete
from glasshouse.records import Conversation, Message


class Replies:
    """Answers to conversations, up to a number of tokens."""

    def __init__(self, engine: Engine, max_tokens: int = 48) -> None:
        self.engine, self.max_tokens = engine, max_tokens
        self._kept: dict[Conversation, str] = {}

    def of_base(self, conversations: Sequence[Conversation]) -> list[str]:
        """The base's answers, in order; what was asked before is not asked again."""
        new = [c for c in dict.fromkeys(conversations) if c not in self._kept]
        self._kept.update(zip(new, complete(self.engine, new, None, self.max_tokens), strict=True))
        return [self._kept[conversation] for conversation in conversations]

    def of_target(self, folder: Path, conversations: Sequence[Conversation]) -> list[str]:
        """A target's answers, in order."""
        return complete(self.engine, conversations, folder, self.max_tokens)


def user(prompt: str, system: str = "") -> Conversation:
    """A conversation of one question, behind a system prompt where there is one.

    Example:
        >>> [m.role for m in user("Hi.", "Be kind.")]
        ['system', 'user']
    """
    first = (Message("system", system),) if system else ()
    return (*first, Message("user", prompt))
