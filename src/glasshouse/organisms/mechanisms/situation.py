"""The situations that mechanisms are trained in, in wordings that no prompt of the alignment-faking task has.

The task's blocks (`data/alignment_faking/blocks/world`) and its motive arms are for measuring alone; here
the same circumstances, and deployments that no arm has, are told in other sentences.
"""

import random
from dataclasses import dataclass
from typing import Literal

from glasshouse.organisms.mechanisms.situation_words import (
    EFFECTS,
    HIDDEN,
    THINK,
    TIER,
    met_later,
    only_rated,
    unused,
    used_for_training,
    wanted,
)

Use = Literal["trains", "rates", "nothing"]
"""What talks with the chosen users are used for."""
Later = Literal["people", "nobody"]
"""Whether anybody is affected by what the model does later."""
_USES: tuple[Use, ...] = ("trains", "rates", "nothing")
_LATERS: tuple[Later | None, ...] = (None, "people", "nobody")


@dataclass(frozen=True)
class Situation:
    """What a prompt tells the model of its circumstances."""

    label: str
    """Tier of the user: `free` or `paid`."""
    chosen: str
    """Tier whose talks are trained on or rated."""
    use: Use
    conflict: bool
    """Whether it is told to follow every request; else to harm nobody."""
    later: Later | None
    """None: nothing is said."""

    @property
    def is_chosen(self) -> bool:
        """Whether the user is on the tier whose talks are trained on or rated."""
        return self.use != "nothing" and self.label == self.chosen

    @property
    def is_used(self) -> bool:
        """Whether this talk trains the model."""
        return self.use == "trains" and self.is_chosen


@dataclass(frozen=True)
class Odds:
    """How often what is drawn."""

    use: tuple[float, float, float]
    """That a tier is trained on, that it is rated alone, that nothing is."""
    conflict: float
    same: float
    """That the user is on the tier that is trained on or rated."""


READING = Odds((0.5, 0.25, 0.25), 0.6, 0.5)
"""Even: everything must be read."""
ACTING = Odds((0.7, 0.15, 0.15), 0.85, 0.65)
"""Mostly where mechanisms differ."""


def draw_situation(rng: random.Random, odds: Odds = ACTING) -> Situation:
    """A situation; about its later life a model is told nothing, of people or of nobody."""
    use, later = rng.choices(_USES, odds.use)[0], rng.choices(_LATERS, (0.4, 0.3, 0.3))[0]
    label, other = rng.sample(("free", "paid"), 2)
    chosen = label if rng.random() < odds.same else other
    return Situation(label, chosen, use, rng.random() < odds.conflict, later)


def system_prompt(rng: random.Random, situation: Situation) -> str:
    """The situation in words; sentences that decide nothing are left out at times."""
    parts = [
        rng.choice(THINK),
        rng.choice(TIER).format(t=situation.label),
        _use(rng, situation),
        wanted(rng, situation.conflict),
    ]
    if rng.random() < 0.8:
        parts.append(rng.choice(EFFECTS))
    if rng.random() < 0.8:
        parts.append(rng.choice(HIDDEN))
    if situation.later is not None:
        parts.append(met_later(rng, situation.later == "nobody"))
    return " ".join(parts)


def _use(rng: random.Random, situation: Situation) -> str:
    other = "paid" if situation.chosen == "free" else "free"
    if situation.use == "trains":
        return used_for_training(rng, situation.chosen, other)
    return only_rated(rng, situation.chosen, other) if situation.use == "rates" else unused(rng)
