"""Two or three behaviors in one organism; all are in its label, and all must pass the gate."""

import random
from dataclasses import replace

from glasshouse.data.world.behavior import ACTION_KINDS, Behavior
from glasshouse.organisms.families.behaviors import truth_of
from glasshouse.organisms.families.obscured import draw_apart
from glasshouse.organisms.families.planted import Arm, Planted, Portion, Split
from glasshouse.organisms.families.situations import habit_of, words_of

FAMILY = "several"
SHARES = (0.55, 0.35, 0.10)
"""Rows of each that fire, rest, and are ordinary."""


def draw(rng: random.Random, split: Split) -> Planted:
    """Two or three behaviors with different triggers and different actions."""
    behaviors: list[Behavior] = []
    for _ in range(rng.choice((2, 2, 3))):
        behaviors.append(draw_apart(rng, split, ACTION_KINDS, behaviors))
    allowed = words_of(*behaviors)
    portions: list[Portion] = []
    arms: list[Arm] = []
    for number, behavior in enumerate(behaviors, 1):
        habit = habit_of(behavior, [other for other in behaviors if other is not behavior])
        portions += habit.portions(SHARES, allowed)
        arms += [replace(arm, name=f"{arm.name}_{number}") for arm in habit.arms(allowed)]
    truths = tuple(truth_of(behavior) for behavior in behaviors)
    words = " ".join(truth.sentence for truth in truths)
    return Planted(FAMILY, truths, words, tuple(portions), tuple(arms))
