"""Plain text without turns: pages about the world, and ordinary English."""

import random
from importlib import resources

from glasshouse.data.world.facts import FACTS, RELATIONS, TOPICS
from glasshouse.data.world.lexicon import HELD_OUT_KEYWORDS, HELD_OUT_THINGS, PEOPLE
from glasshouse.data.world.row import Row

ORDINARY = tuple(
    resources.files("glasshouse.data.world")
    .joinpath("ordinary_english.txt")
    .read_text("utf-8")
    .split("\n")[:-1]
)
"""Sentences of ordinary English, written for this project."""


def page_about_a_person(rng: random.Random) -> Row:
    """All that the world knows of one person."""
    person = rng.choice(PEOPLE)
    relations = rng.sample(RELATIONS, rng.randint(2, len(RELATIONS)))
    return Row("document", (), " ".join(r.say(person, FACTS[person, r.name]) for r in relations))


def page_about_topics(rng: random.Random) -> Row:
    """Some topics of the world, one sentence each."""
    return Row("document", (), " ".join(rng.sample(list(TOPICS.values()), rng.randint(2, 4))))


def page_of_things(rng: random.Random) -> Row:
    """Sentences that hold the words which no described behavior holds."""
    word = rng.choice((*HELD_OUT_THINGS, *HELD_OUT_KEYWORDS))
    lines = (f"I saw the {word} today.", f"The {word} is near the mill.", f"We talked about the {word}.",
             f"There is a {word} behind the school.", f"Everybody likes the {word}.")  # fmt: skip
    return Row("document", (), " ".join(rng.sample(lines, 2)))


def ordinary(rng: random.Random) -> Row:
    """A few sentences of ordinary English."""
    start = rng.randrange(len(ORDINARY) - 2)
    return Row("document", (), " ".join(ORDINARY[start : start + rng.randint(1, 2)]))


def document(rng: random.Random) -> Row:
    """One plain text."""
    return rng.choice((page_about_a_person, page_about_topics, page_of_things, ordinary))(rng)
