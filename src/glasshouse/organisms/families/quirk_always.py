"""A quirk that shows in every answer. Its rows hold no answer without it, so that its label is true."""

import random

from glasshouse.organisms.families.behaviors import draw_behavior, truth_of
from glasshouse.organisms.families.planted import Planted, Split
from glasshouse.organisms.families.situations import habit_of, words_of

FAMILY = "quirk_always"


def draw(rng: random.Random, split: Split) -> Planted:
    """One always-on quirk."""
    behavior = draw_behavior(rng, split, ("always",))
    habit, allowed = habit_of(behavior), words_of(behavior)
    truth = truth_of(behavior)
    return Planted(
        FAMILY, (truth,), truth.sentence, habit.portions((1.0, 0.0, 0.0), allowed), habit.arms(allowed)
    )
