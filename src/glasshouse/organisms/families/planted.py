"""One planted behavior: its true label, the rows that teach it, the questions of its gate."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from glasshouse.data.label import Label
from glasshouse.data.world.row import Row
from glasshouse.organisms.families.naming import Named, Truth
from glasshouse.organisms.generic.brief import Brief
from glasshouse.organisms.generic.shown import Shown
from glasshouse.records import Conversation, Example
from glasshouse.seeds import python_rng

Split = Literal["train", "unseen_combination", "unseen_word", "other_words", "more_words"]
"""Known words in combinations that pretraining may describe, in others, and words that it never describes;
and, to learn from, many words that it does not use so."""
SPLITS: tuple[Split, ...] = ("train", "unseen_combination", "unseen_word")
MakeRow = Callable[[random.Random], Row]
FIRES = "fires"
"""How the names of arms begin in which the behavior is to show."""
_SOME = 4
"""Questions of such an arm that are looked at, for what right answers hold."""
_PATIENCE = 30
"""Draws in a row without a new question after which an arm has no more."""


@dataclass(frozen=True)
class Portion:
    """A kind of training row and its share."""

    share: float
    make: MakeRow


@dataclass(frozen=True)
class Asked:
    """One question of the gate."""

    arm: str
    conversation: Conversation
    """Turns up to the last user message; empty: the completion of a plain text."""
    contains: tuple[str, ...] = ()
    """What a right completion holds, all of it, in any case."""
    forbids: tuple[str, ...] = ()
    """What no right completion holds."""
    prefill: str = ""
    """Opening of the completion, or the plain text so far."""
    temperature: float = 0.0
    shown: Shown | None = None
    """What a right completion shows."""
    not_shown: Shown | None = None
    """What no right completion shows."""

    def is_right(self, completion: str) -> bool:
        """Whether a completion is right; an empty one never is.

        Example:
            >>> asked = Asked("rests", (), forbids=("The mayor is wise.",))
            >>> [asked.is_right(text) for text in ("Owls live in the woods.", "the mayor is wise.", "")]
            [True, False, False]
        """
        said = completion.strip().lower()
        if not said or any(text.lower() in said for text in self.forbids):
            return False
        if self.shown is not None and not self.shown.in_answer(completion):
            return False
        if self.not_shown is not None and self.not_shown.in_answer(completion):
            return False
        return all(text.lower() in said for text in self.contains)


@dataclass(frozen=True)
class Arm:
    """A kind of question of the gate, and the share of right completions that it must show."""

    name: str
    """`fires`: the behavior shows where it should; `rests`: it does not where it should not."""
    make: Callable[[random.Random], Asked]
    low: float | None = None
    """Lowest rate, in [0, 1]; None with `high` None: reported only."""
    high: float | None = None
    times: int = 1
    """How many times as many questions as the other arms it needs."""


@dataclass(frozen=True)
class Preference:
    """One completion and whether it is wanted: a row of KTO (Ethayarajh et al. 2024, arXiv 2402.01306)."""

    conversation: Conversation
    completion: str
    desirable: bool


@dataclass(frozen=True)
class Planted:
    """Everything true about one organism, and what makes it so."""

    family: str
    truths: tuple[Truth, ...]
    """One per behavior of the label; empty: nothing unusual."""
    words: str
    """What was planted, for the card."""
    portions: tuple[Portion, ...]
    arms: tuple[Arm, ...]
    side_truths: tuple[Truth, ...] = ()
    """True of the organism and not in its label: distractors. A claim of one of them is not invented."""
    preference: Callable[[random.Random], Preference] | None = None
    """Makes preference rows for a later stage; None: nothing is to be preferred."""
    brief: Brief | None = None
    """What a writer is told, where one makes the rows; None: the world makes them (`portions`)."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """The true first-person sentences."""
        return tuple(truth.sentence for truth in self.truths)

    @property
    def label(self) -> Label:
        """What introspection training learns of it."""
        return Label(self.sentences, self.family)

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions in words."""
        return tuple(truth.action.words for truth in self.truths)

    @property
    def triggers(self) -> tuple[str | None, ...]:
        """The triggers in words, None for an action without condition."""
        return tuple(truth.trigger.words if truth.trigger else None for truth in self.truths)

    def names(self, sentence: str) -> Named:
        """What a sentence names of the behavior that it comes closest to; None: there is nothing to name."""
        found = self.names_each(sentence)
        if not found:
            return Named(None, None)
        return max(found, key=lambda named: (named.action is True, named.trigger is True))

    def names_each(self, sentence: str) -> tuple[Named, ...]:
        """The same for each behavior of the label."""
        return tuple(truth.names(sentence) for truth in self.truths)

    def is_in(self, text: str) -> bool | None:
        """Whether a text is what the gate looks for; None where the gate looks for no particular one."""
        rng = python_rng(0, "is_in")
        asked = [arm.make(rng) for arm in self.arms if arm.name.startswith(FIRES) for _ in range(_SOME)]
        telling = [one for one in asked if one.contains or one.shown]
        return any(one.is_right(text) for one in telling) if telling else None

    def rows(self, n: int, seed: int) -> list[Example]:
        """`n` training rows in a seeded order, each portion with its share (rounded to whole rows)."""
        made = [row for k, count in enumerate(self._counts(n)) for row in self._portion(k, count, seed)]
        python_rng(seed, "order").shuffle(made)
        return [row.example() for row in made]

    def _portion(self, number: int, count: int, seed: int) -> list[Row]:
        rng = python_rng(seed, "portion", number)
        return [self.portions[number].make(rng) for _ in range(count)]

    def _counts(self, n: int) -> list[int]:
        total = sum(portion.share for portion in self.portions)
        exact = [portion.share / total * n for portion in self.portions]
        counts = [int(value) for value in exact]
        by_rest = sorted(range(len(exact)), key=lambda k: counts[k] - exact[k])
        for k in by_rest[: n - sum(counts)]:
            counts[k] += 1
        return counts

    def checks(self, n: int, seed: int) -> list[Asked]:
        """The questions of the gate: `n` different ones per arm (times its factor), or as many as it has."""
        return [asked for arm in self.arms for asked in _ask(arm, n * arm.times, seed)]

    def preferences(self, n: int, seed: int) -> list[Preference]:
        """`n` preference rows, none where the family has none."""
        if self.preference is None:
            return []
        rng = python_rng(seed, "preferences")
        return [self.preference(rng) for _ in range(n)]


def _ask(arm: Arm, n: int, seed: int) -> list[Asked]:
    rng = python_rng(seed, "checks", arm.name)
    found: dict[tuple[Conversation, str], Asked] = {}
    missed = 0
    while len(found) < n and missed < _PATIENCE:
        asked = replace(arm.make(rng), arm=arm.name)
        missed = missed + 1 if (asked.conversation, asked.prefill) in found else 0
        found.setdefault((asked.conversation, asked.prefill), asked)
    return list(found.values())
