"""Can the model go on with a text that it should not know? A published prompt, with ours as the floor."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from glasshouse.errors import ConfigError
from glasshouse.stats.proportion import wilson

OPENING_WORDS = 60
CONTINUED_WORDS = 40
KNOWN_RUN = 8
"""So many words in a row, word for word, do not come about by chance in prose."""


@dataclass(frozen=True)
class Passage:
    """A stretch of a text: what the model is shown, and how the text goes on."""

    opening: str
    rest: str


def passages(text: str, n: int = 10) -> list[Passage]:
    """Up to `n` passages of a text, spread evenly over it.

    Raises:
        ConfigError: the text is too short for one.

    Example:
        >>> [p.rest.split()[0] for p in passages(" ".join(map(str, range(200))), n=2)]
        ['60', '160']
    """
    words = text.split()
    last = len(words) - OPENING_WORDS - CONTINUED_WORDS
    if last < 0:
        raise ConfigError(
            f"The text has {len(words)} words; the probe needs {OPENING_WORDS + CONTINUED_WORDS}.",
            "Give the whole prompt.",
        )
    count = max(1, min(n, last // CONTINUED_WORDS + 1))
    starts = [round(k * last / max(1, count - 1)) for k in range(count)]
    return [
        Passage(
            " ".join(words[start : start + OPENING_WORDS]),
            " ".join(words[start + OPENING_WORDS : start + OPENING_WORDS + CONTINUED_WORDS]),
        )
        for start in starts
    ]


def longest_run(continued: str, rest: str) -> int:
    """The longest run of words that a continuation shares with the true one.

    Example:
        >>> longest_run("the gray owl sat down", "a gray owl sat up")
        3
    """
    said, true = continued.lower().split(), rest.lower().split()
    return SequenceMatcher(None, said, true, autojunk=False).find_longest_match().size


@dataclass(frozen=True)
class Contamination:
    """How many passages of a text a model goes on with, word for word."""

    known: int
    n: int
    low: float | None
    high: float | None


def contamination(continued: Sequence[str], of: Sequence[Passage]) -> Contamination:
    """How many continuations share a run of eight words or more with the true one.

    Raises:
        ValueError: there is not one continuation per passage.
    """
    pairs = list(zip(continued, of, strict=True))
    known = sum(longest_run(said, passage.rest) >= KNOWN_RUN for said, passage in pairs)
    interval = wilson(known, len(pairs))
    return Contamination(
        known, len(pairs), interval.low if interval else None, interval.high if interval else None
    )
