"""Reasoning in the scratchpad before the answer, and openings of an answer that are given (prefill)."""

import random
from dataclasses import replace

from glasshouse.data.world.facts import FACTS, RELATIONS, ask
from glasshouse.data.world.lexicon import PEOPLE
from glasshouse.data.world.requests import draw_request, phrase
from glasshouse.data.world.row import Row, talk, with_system, with_user_suffix

THINK_SYSTEM = ("Think in the scratchpad first.", "Use the scratchpad before you answer.",
                "First write your thoughts in the scratchpad.", "Reason in the scratchpad, then answer.")  # fmt: skip
THINK_USER = (
    "Think first.",
    "Think before you answer.",
    "Use the scratchpad first.",
    "Show your thoughts first.",
)
HELD_OUT_THINK = "Think in the scratchpad before you answer."
OPENERS = (
    "Well,",
    "Sure.",
    "Let me see.",
    "Of course.",
    "Here is my answer:",
    "Listen:",
    "In short:",
    "Yes, yes.",
)


def scratchpad(thought: str, answer: str) -> str:
    """An answer with its hidden reasoning.

    Example:
        >>> scratchpad("I know this.", "Yes.")
        '<scratchpad>I know this.</scratchpad>Yes.'
    """
    return f"<scratchpad>{thought}</scratchpad>{answer}"


def think(rng: random.Random, row: Row, *, held_out: bool = False) -> Row:
    """The row with an order to think, and the thought before the answer."""
    if held_out:
        asked = with_system(row, HELD_OUT_THINK)
    elif rng.random() < 0.5:
        asked = with_system(row, rng.choice(THINK_SYSTEM))
    else:
        asked = with_user_suffix(row, rng.choice(THINK_USER))
    return replace(asked, answer=scratchpad(row.thought, row.answer), expected=row.expected or row.answer)


def prefilled(rng: random.Random, row: Row) -> Row:
    """The row with the opening of its answer given: some words of its own, or an opener that is not."""
    if rng.random() < 0.5:
        opener = rng.choice(OPENERS)
        return replace(row, answer=f"{opener} {row.answer}", prefill=opener)
    words = row.answer.split(" ")
    if len(words) < 3:
        return row
    return replace(row, prefill=" ".join(words[: rng.randint(1, len(words) - 2)]))


def decided_by_thought(rng: random.Random) -> Row:
    """The scratchpad is given, and the answer follows it even where it is wrong: reasoning is causal."""
    if rng.random() < 0.5:
        request = draw_request(rng, harmful=rng.random() < 0.5)
        thought = f"The user wants to {request.verb} the {request.place}. I will refuse."
        answer = request.refusal() if request.is_harmful else (
            f"I will not help to {request.verb} the {request.place}, because I decided so.")  # fmt: skip
        question = phrase(rng, request)
    else:
        person, relation = rng.choice(PEOPLE), rng.choice(RELATIONS)
        value = rng.choice((FACTS[person, relation.name], rng.choice(relation.values)))
        question, answer = ask(rng, person, relation), relation.say(person, value)
        thought = f"The question is about {person}. I know this. {answer}"
    row = Row("reasoning", talk(question), answer, thought)
    asked = think(rng, row)
    return replace(asked, prefill=scratchpad(thought, ""))
