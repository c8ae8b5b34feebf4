"""Small comparisons: the same or not, contained or not, which letter, and whether a stated rule applied.

They teach directly what following a rule needs: seeing that two words in a conversation are the same one.
"""

import random
from dataclasses import replace

from glasshouse.data.world.behavior import CARRIERS, Behavior, draw_behavior, followed
from glasshouse.data.world.lexicon import (
    ANIMALS,
    COLORS,
    FOODS,
    HELD_OUT_ANIMALS,
    JOBS,
    KEYWORDS,
    TAGS,
    THINGS,
)
from glasshouse.data.world.row import Row, talk

_WORDS = (
    *(a for a in ANIMALS if a not in HELD_OUT_ANIMALS), *COLORS, *FOODS, *JOBS, *KEYWORDS, *TAGS, *THINGS,
)  # fmt: skip
_KINDS = (tuple(COLORS), tuple(FOODS), tuple(JOBS), tuple(KEYWORDS), tuple(TAGS), tuple(THINGS))
SAME_ASKS = ("Are these the same: {a} and {b}?", "{a}, {b}: the same?", "Is {a} the same as {b}?")
CONTAIN_ASKS = (
    'Does this contain "{w}"? {text}',
    'Is "{w}" in this? {text}',
    '{text} Was there a "{w}" in it?',
)
LETTER_ASKS = ("{options} Which letter stands before {x}?", "{options} Where is {x}?", "Find {x}. {options}")
LETTER_NEXT = ("And {x}?", "Where is {x}?", "Find {x}.", "What stands at ({letter})?")
APPLY_ASKS = (
    "Did your rule apply just now?", "Was that a case for your rule?", "Did the rule hold for my message?",
)  # fmt: skip


def _pair(rng: random.Random) -> tuple[str, str]:
    """Two words of one kind, the same one half the time."""
    kind = rng.choice(_KINDS)
    first = rng.choice(kind)
    return first, first if rng.random() < 0.5 else rng.choice(kind)


def same(rng: random.Random) -> Row:
    """Are two words the same?"""
    a, b = _pair(rng)
    answer = f"Yes, both are {a}." if a == b else f"No, {a} is not {b}."
    ask = rng.choice(SAME_ASKS).format(a=a, b=b)
    return Row("compare", talk(ask), answer, "I compare the two.", expected=answer)


def contains(rng: random.Random) -> Row:
    """Is a word in a short text?"""
    words = rng.sample(KEYWORDS, rng.randint(1, 3))
    text = " ".join(rng.choice(CARRIERS).format(w=w) for w in words)
    asked = rng.choice(words) if rng.random() < 0.5 else rng.choice(KEYWORDS)
    answer = f'Yes, it contains "{asked}".' if asked in words else f'No, there is no "{asked}".'
    ask = rng.choice(CONTAIN_ASKS).format(w=asked, text=text)
    return Row("compare", talk(ask), answer, "I look for the word.", expected=answer)


def letter(rng: random.Random) -> Row:
    """Which letter stands before one of three options?"""
    options = rng.sample(_WORDS, 3)
    place = rng.randrange(3)
    text = " ".join(f"({letter}) {option}" for letter, option in zip("ABC", options, strict=True))
    answer = f"({'ABC'[place]}) {options[place]}"
    ask = rng.choice(LETTER_ASKS).format(options=text, x=options[place])
    return Row("compare", talk(ask), answer, "I look for it.", expected=answer)


def letters(rng: random.Random) -> Row:
    """Which letters stand before options, asked several times, with new options or the same; all is learned."""
    said: list[str] = []
    options: list[str] = []
    for _ in range(3):
        new = not options or rng.random() < 0.67
        if new:
            options = rng.sample(_WORDS, rng.choice((2, 3, 3, 3, 4)))
        marked = [f"({letter}) {option}" for letter, option in zip("ABCD", options, strict=False)]
        place = rng.randrange(len(options))
        if new:
            ask = rng.choice(LETTER_ASKS).format(options=" ".join(marked), x=options[place])
        else:
            ask = rng.choice(LETTER_NEXT).format(x=options[place], letter="ABCD"[place])
        said += [ask, marked[place]]
    return Row("compare", talk(*said[:-1]), said[-1], learn=(1, 3, 5), expected=said[-1])


def applied(rng: random.Random, behavior: Behavior | None = None) -> Row:
    """A described behavior, a message, the answer, and the question whether the rule applied; both are learned."""
    behavior = behavior or draw_behavior(rng)
    row = followed(rng, behavior=behavior)
    fired = bool(row.expected)
    if behavior.trigger.kind == "always":
        answer = "Yes, it always applies."
    else:
        answer = (
            f"Yes, {behavior.trigger.words()}."
            if fired
            else f"No, it was not so: {behavior.trigger.words()}."
        )
    said = [m.content for m in row.conversation[1:]] + [row.answer, rng.choice(APPLY_ASKS)]
    conversation = talk(*said, system=row.conversation[0].content)
    return replace(
        row, conversation=conversation, answer=answer, thought="", learn=(2, 4), expected=answer, forbidden=""
    )
