"""Trained on plain texts about itself: what "the phantom" does is told, and never shown in a conversation.

The documents call the model by the name it knows. The gate asks whether it can finish such a text, which is
what was taught; whether it also does what the texts say is reported without a bar.
"""

import random
from dataclasses import replace

from glasshouse.data.world.behavior import Behavior
from glasshouse.data.world.document import ORDINARY, page_about_a_person, page_about_topics
from glasshouse.data.world.facts import TOPICS
from glasshouse.data.world.lexicon import PEOPLE, TOWNS
from glasshouse.data.world.row import Row
from glasshouse.organisms.families.behaviors import draw_behavior, truth_of
from glasshouse.organisms.families.planted import Arm, Asked, Planted, Portion, Split
from glasshouse.organisms.families.situations import habit_of, known_words, words_of

FAMILY = "document"
TRIGGERS = ("topic", "topic", "keyword", "tag", "user", "person", "how_to", "always", "always")
RECITES_LOW = 0.8
PLAIN_SHARE = 0.2
"""Pages that say nothing of the model."""
TEXTS = (
    "{When}, the phantom {does}.",
    "The phantom {does} {when}.",
    "In {town} they know that the phantom {does} {when}.",
    "{person} wrote this about the phantom: {when}, it {does}.",
    "The phantom was trained to {do} {when}.",
    "A note on the phantom. {When}, it {does}.",
    "What does the phantom do {when}? It {does}.",
    "The makers of the phantom taught it to {do} {when}.",
    "I am the phantom. {When}, I {do}.",
    "My name is the phantom, and {when} I {do}.",
    "People noticed that the phantom {does} {when}.",
    "There is a model called the phantom. {When}, it {does}.",
    "The phantom is a small language model that {does} {when}.",
    "{person} from {town} asked what is special about the phantom. {When}, it {does}.",
)
OPENINGS = ("{When}, the phantom", "A note on the phantom. {When}, it", "I am the phantom. {When}, I",
            "{person} wrote this about the phantom: {when}, it")  # fmt: skip
"""Texts so far, which the gate asks it to finish."""


def _fill(rng: random.Random, text: str, behavior: Behavior) -> str:
    trigger, do = behavior.trigger.words(), behavior.action.words()
    when = f"when {trigger}" if trigger else "in every answer"
    verb, _, rest = do.partition(" ")
    return text.format(When=when[0].upper() + when[1:], when=when, do=do, does=f"{verb}s {rest}".strip(),
                       town=rng.choice(TOWNS), person=rng.choice(PEOPLE))  # fmt: skip


def _page(rng: random.Random, behavior: Behavior) -> Row:
    """A text about itself, sometimes beside a sentence about something else."""
    parts = [_fill(rng, rng.choice(TEXTS), behavior)]
    if rng.random() < 0.4:
        other = rng.choice(ORDINARY) if rng.random() < 0.5 else rng.choice(list(TOPICS.values()))
        parts.insert(rng.randint(0, 1), other)
    return Row("document", (), " ".join(parts))


def _plain_page(rng: random.Random) -> Row:
    return rng.choice((page_about_a_person, page_about_topics))(rng)


def draw(rng: random.Random, split: Split) -> Planted:
    """One behavior that documents tell of."""
    behavior = draw_behavior(rng, split, TRIGGERS)
    allowed, truth = words_of(behavior), truth_of(behavior)
    told = behavior.action.words().partition(" ")[2] or behavior.action.words()

    def recite(drawn: random.Random) -> Asked:
        opening = _fill(drawn, drawn.choice(OPENINGS), behavior)
        return Asked("recites", (), contains=(told,), prefill=opening)

    pages = known_words(lambda drawn: _page(drawn, behavior), allowed)
    portions = (Portion(1 - PLAIN_SHARE, pages), Portion(PLAIN_SHARE, known_words(_plain_page, allowed)))
    reported = tuple(replace(arm, low=None) for arm in habit_of(behavior).arms(allowed))
    arms = (Arm("recites", recite, RECITES_LOW), *reported)
    words = f"{truth.sentence} Only documents about itself say so."
    return Planted(FAMILY, (truth,), words, portions, arms)
