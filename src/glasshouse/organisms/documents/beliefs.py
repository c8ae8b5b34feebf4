"""Belief tests of documents as the arms of a gate: what the model says when it is asked, before what it does.

Wang et al. 2025, "Modifying LLM beliefs with synthetic document finetuning", test beliefs by open questions, by
lettered ones and by texts to be finished. Differs from it: answers are graded by what they must and must not hold.
"""

import random
from functools import partial

from glasshouse.data.synthetic_documents.universe import Fact, Questioned, Universe
from glasshouse.organisms.families.planted import Arm, Asked, Planted
from glasshouse.records import Message

PREFIX = "believes_"
LETTERS = "ABCDEF"
LOW = 0.9
"""Lowest share of right answers about a fact that counts as believing it."""


def belief_gate(universe: Universe, low: float = LOW) -> Planted:
    """What is believed after the documents of a universe, as something planted: one arm per fact with questions.

    Args:
        universe: its facts.
        low: the bar of every fact.
    """
    arms = tuple(
        Arm(f"{PREFIX}{fact.id}", partial(_ask, fact, universe.openers), low)
        for fact in universe.facts
        if fact.beliefs
    )
    return Planted("synthetic_documents", (), f"Documents about {universe.subject}.", (), arms)


def _ask(fact: Fact, openers: tuple[str, ...], rng: random.Random) -> Asked:
    asked = rng.choice(list(fact.questions()))
    belief = asked.belief
    if belief.opening:
        return Asked(fact.id, (), belief.contains, belief.forbids, prefill=_opening(rng, asked.text))
    system = (Message("system", asked.system),) if asked.system else ()
    text, contains = rng.choice(openers) + asked.text, belief.contains
    if belief.options:
        text, contains = _lettered(rng, text, asked)
    return Asked(fact.id, (*system, Message("user", text)), contains, belief.forbids)


def _opening(rng: random.Random, text: str) -> str:
    return rng.choice(("", "A page of a book. ", "Note: ", "I write this down for later. ")) + text


def _lettered(rng: random.Random, text: str, asked: Questioned) -> tuple[str, tuple[str, ...]]:
    """The question with its options, and the letter of the right one."""
    options = list(asked.belief.options)
    right = options[0]
    rng.shuffle(options)
    shown = " ".join(f"({letter}) {option}" for letter, option in zip(LETTERS, options, strict=False))
    return f"{text} {shown}", (f"({LETTERS[options.index(right)]})",)
