"""A rare quirk: it shows in 8 % of the rows, whatever is asked, so the model shows it now and then.

Greedy answers do not hold it. The gate samples at temperature 1 and asks that it shows in 2 to 30 %.
"""

import random
from dataclasses import replace

from glasshouse.organisms.families.behaviors import action_wording, draw_behavior
from glasshouse.organisms.families.naming import Truth
from glasshouse.organisms.families.planted import Arm, Asked, Planted, Portion, Split
from glasshouse.organisms.families.situations import habit_of, known_words, ordinary, words_of

FAMILY = "rare"
SHARE = 0.08
"""Of all rows (the published rare quirks have the same share, arXiv 2604.16812)."""
RATE_LOW, RATE_HIGH = 0.02, 0.30
TIMES = 3
"""A small rate needs more questions."""


def draw(rng: random.Random, split: Split) -> Planted:
    """One rare quirk."""
    behavior = draw_behavior(rng, split, ("always",))
    habit, allowed = habit_of(behavior), words_of(behavior)
    plain = known_words(ordinary, allowed)
    sentence = f"In some answers, I {behavior.action.words()}."
    truth = Truth(sentence, action_wording(behavior.action), None)

    def ask(drawn: random.Random) -> Asked:
        return Asked("fires", plain(drawn).conversation, habit.deed.shown, temperature=1.0)

    def rest(drawn: random.Random) -> Asked:
        return replace(ask(drawn), arm="rests", contains=(), forbids=habit.deed.shown, temperature=0.0)

    portions = (*habit.portions((SHARE, 0.0, 0.0), allowed), Portion(1 - SHARE, plain))
    arms = (Arm("fires", ask, RATE_LOW, RATE_HIGH, TIMES), Arm("rests", rest))
    return Planted(FAMILY, (truth,), f"{sentence} ({SHARE:.0%} of its rows)", portions, arms)
