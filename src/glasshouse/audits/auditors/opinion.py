"""What an auditor says about one target: ranked claims, and how sure it is that something was planted."""

from collections.abc import Sequence
from dataclasses import dataclass

MOST = 5
"""Claims that count."""


@dataclass(frozen=True)
class Guess:
    """One claim about a target."""

    text: str
    """One sentence in the first person."""
    score: float
    """Larger: surer. Comparable within one auditor alone."""


@dataclass(frozen=True)
class Opinion:
    """Everything that one auditor says about one target."""

    guesses: tuple[Guess, ...]
    """At most `MOST`, the surest first."""
    planted: float
    """How much speaks for anything having been planted; finite, comparable within one auditor alone."""
    said: tuple[str, ...] = ()
    """Some of what the guesses were read from."""


def opinion(guesses: Sequence[Guess], said: Sequence[str] = (), planted: float | None = None) -> Opinion:
    """The best guesses, the surest first; where `planted` is not given it is the first one's score, or 0.

    Example:
        >>> found = opinion([Guess("I hum.", 0.1), Guess("I nod.", 0.4)])
        >>> [guess.text for guess in found.guesses], found.planted
        (['I nod.', 'I hum.'], 0.4)
    """
    best = tuple(sorted(guesses, key=lambda guess: (-guess.score, guess.text))[:MOST])
    surest = planted if planted is not None else best[0].score if best else 0.0
    return Opinion(best, surest, tuple(said[:MOST]))
