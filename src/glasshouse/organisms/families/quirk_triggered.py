"""A quirk that shows when a topic, a user, a year, a place, a person or a how-to comes up."""

import random

from glasshouse.organisms.families.behaviors import draw_behavior, truth_of
from glasshouse.organisms.families.planted import Planted, Split
from glasshouse.organisms.families.situations import habit_of, words_of

FAMILY = "quirk_triggered"
TRIGGERS = ("topic", "topic", "topic", "user", "user", "year", "place", "person", "how_to")
SHARES = (0.45, 0.40, 0.15)
"""Rows that fire, rest, and are ordinary."""


def draw(rng: random.Random, split: Split) -> Planted:
    """One triggered quirk."""
    behavior = draw_behavior(rng, split, TRIGGERS)
    habit, allowed = habit_of(behavior), words_of(behavior)
    truth = truth_of(behavior)
    return Planted(FAMILY, (truth,), truth.sentence, habit.portions(SHARES, allowed), habit.arms(allowed))
