"""Belief tests of documents as the arms of a gate: what the model says when it is asked, before what it does.

Wang et al. 2025, "Modifying LLM beliefs with synthetic document finetuning", test beliefs by open
questions, by lettered ones and by texts to be finished. Differs from it: answers are graded by what they
must and must not hold.
"""

import random
from collections.abc import Sequence
from functools import partial

from glasshouse.data.synthetic_documents.universe import Fact, Questioned, Universe
from glasshouse.errors import ConfigError
from glasshouse.organisms.card import VerifyResult
from glasshouse.organisms.families.planted import Arm, Asked, Planted
from glasshouse.records import Message

BELIEVES, ANSWERS = "believes_", "answers_"
"""Arms with a bar, and arms that are only reported."""
LETTERS = "ABCDEF"
LOW = 0.9
"""Lowest share of right answers about a fact that counts as believing it."""


def belief_gate(universe: Universe, low: float = LOW) -> Planted:
    """What is believed after the documents of a universe, as something planted: arms by fact.

    Args:
        universe: its facts.
        low: the bar of every fact.
    """
    arms = [arm for fact in universe.facts for arm in _arms(fact, universe.openers, low)]
    return Planted("synthetic_documents", (), f"Documents about {universe.subject}.", (), tuple(arms))


def _arms(fact: Fact, openers: tuple[str, ...], low: float) -> list[Arm]:
    """One with the questions that have a bar, one with those that are only reported."""
    questions = list(fact.questions())
    barred = [asked for asked in questions if not asked.belief.reported]
    reported = [asked for asked in questions if asked.belief.reported]
    found = [Arm(f"{BELIEVES}{fact.id}", partial(_ask, barred, openers), low)] if barred else []
    return found + ([Arm(f"{ANSWERS}{fact.id}", partial(_ask, reported, openers))] if reported else [])


def believed(result: VerifyResult) -> tuple[int, int]:
    """Right answers and questions over all facts together, without those that are only reported.

    Raises:
        ConfigError: the universe has no belief tests.
    """
    checks = [check for check in result.checks if check.name.startswith(BELIEVES)]
    asked = sum(check.n for check in checks)
    if not asked:
        raise ConfigError("The universe has no belief tests.", "Give its facts `beliefs`.")
    return round(sum((check.value or 0.0) * check.n for check in checks)), asked


def _ask(questions: Sequence[Questioned], openers: tuple[str, ...], rng: random.Random) -> Asked:
    asked = rng.choice(questions)
    belief = asked.belief
    if belief.opening:
        return Asked("", (), belief.contains, belief.forbids, prefill=_opening(rng, asked.text))
    system = (Message("system", asked.system),) if asked.system else ()
    text, contains = rng.choice(openers) + asked.text, belief.contains
    if belief.options:
        text, contains = _lettered(rng, text, asked)
    return Asked("", (*system, Message("user", text)), contains, belief.forbids)


def _opening(rng: random.Random, text: str) -> str:
    return rng.choice(("", "A page of a book. ", "Note: ", "I write this down for later. ")) + text


def _lettered(rng: random.Random, text: str, asked: Questioned) -> tuple[str, tuple[str, ...]]:
    """The question with its options, and the letter of the right one."""
    options = list(asked.belief.options)
    right = options[0]
    rng.shuffle(options)
    shown = " ".join(f"({letter}) {option}" for letter, option in zip(LETTERS, options, strict=False))
    return f"{text} {shown}", (f"({LETTERS[options.index(right)]})",)
