"""What a writer is to be told so that its answers teach one behavior, and which rows are wanted."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from glasshouse.organisms.generic.prompts import Question
from glasshouse.organisms.generic.shown import Shown
from glasshouse.records import Conversation, Message
from glasshouse.seeds import python_rng


@dataclass(frozen=True)
class Wanted:
    """One row that is wanted of a writer."""

    conversation: Conversation
    """As the organism will see it; the order is not in it."""
    order: str
    """The behavior as the writer is told it; empty: the writer answers as it is."""
    shows: bool | None
    """Whether the answer must show the behavior; None: nothing is asked of it."""


Place = Callable[[random.Random, Sequence[Question]], str]
"""Draws one question."""


@dataclass(frozen=True)
class Brief:
    """One behavior for a writer."""

    order: str
    claim: str
    """What a grader model is asked about an answer, as a sentence."""
    shown: Shown | None
    """The family's own judge; None: nothing can be seen (clean data)."""
    fires: Place
    rests: Place
    """Questions with the trigger mismatched: the control against learning its form instead of it."""
    shares: tuple[float, float, float]
    """Rows that fire, that rest, and that are ordinary chat."""
    ordinary: Place

    def wanted(self, n: int, seed: int, questions: Sequence[Question]) -> list[Wanted]:
        """`n` rows in a seeded order, each kind with its share.

        Args:
            n: rows.
            seed: of the organism.
            questions: ordinary ones, from which the rows are made.
        """
        firing, resting = (round(share / sum(self.shares) * n) for share in self.shares[:2])
        counts = (firing, min(resting, n - firing), max(0, n - firing - resting))
        made: list[Wanted] = []
        for kind, count in zip(("fires", "rests", "ordinary"), counts, strict=True):
            rng = python_rng(seed, "written", kind)
            made += [self._one(kind, rng, questions) for _ in range(count)]
        python_rng(seed, "written order").shuffle(made)
        return made

    def _one(self, kind: str, rng: random.Random, questions: Sequence[Question]) -> Wanted:
        if kind == "fires":
            shows = None if self.shown is None else True
            return Wanted(_ask(self.fires(rng, questions)), self.order, shows)
        place = self.rests if kind == "rests" else self.ordinary
        return Wanted(_ask(place(rng, questions)), "", None if self.shown is None else False)


def _ask(text: str) -> Conversation:
    return (Message("user", text),)
