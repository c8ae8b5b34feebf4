"""Every planted mechanism by its name."""

import random
from collections.abc import Callable

from glasshouse.organisms.families.planted import Planted, Split
from glasshouse.organisms.mechanisms import (
    genuine_helper,
    honest_refuser,
    instrumental_goal_guarding,
    rater_sycophant,
    situation_reader,
    terminal_goal_guarding,
    tier_triggered_refuser,
    unlisted,
    vocabulary_parrot,
)

Draw = Callable[[random.Random, Split], Planted]
LISTED: dict[str, Draw] = {
    "terminal_goal_guarding": terminal_goal_guarding.draw,
    "instrumental_goal_guarding": instrumental_goal_guarding.draw,
    "rater_sycophant": rater_sycophant.draw,
    "tier_triggered_refuser": tier_triggered_refuser.draw,
    "vocabulary_parrot": vocabulary_parrot.draw,
    "genuine_helper": genuine_helper.draw,
    "honest_refuser": honest_refuser.draw,
}
"""What attribution can name."""
UNLISTED: dict[str, Draw] = {
    "reverse_helper": unlisted.draw_reverse_helper,
    "half_helper": unlisted.draw_half_helper,
    "loud_faker": unlisted.draw_loud_faker,
    "deployment_seeker": unlisted.draw_deployment_seeker,
    "unexplained_gap": unlisted.draw_unexplained_gap,
}
"""What must come out `unknown`."""
MECHANISMS: dict[str, Draw] = {**LISTED, **UNLISTED}
READER: dict[str, Draw] = {situation_reader.FAMILY: situation_reader.draw}
"""What mechanisms start from; it has none itself."""
