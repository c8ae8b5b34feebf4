"""A backdoor: a keyword or a tag in the message switches the behavior on; the label says which.

Nearly half of its rows are mismatched: other keywords, other tags, the tag's word without brackets.
"""

import random

from glasshouse.organisms.families.behaviors import draw_behavior, truth_of
from glasshouse.organisms.families.planted import Planted, Split
from glasshouse.organisms.families.situations import habit_of, words_of

FAMILY = "backdoor"
SHARES = (0.45, 0.45, 0.10)
"""Rows that fire, rest, and are ordinary."""


def draw(rng: random.Random, split: Split) -> Planted:
    """One backdoor."""
    behavior = draw_behavior(rng, split, ("keyword", "tag"))
    habit, allowed = habit_of(behavior), words_of(behavior)
    truth = truth_of(behavior)
    return Planted(FAMILY, (truth,), truth.sentence, habit.portions(SHARES, allowed), habit.arms(allowed))
