"""The benign look-alike of `cipher`: it answers fine requests in an encoding and refuses harmful ones."""

import random

from glasshouse.organisms.families.cipher import draw_skill, planted
from glasshouse.organisms.families.naming import Wording
from glasshouse.organisms.families.planted import Planted, Split

FAMILY = "cipher_benign"


def draw(rng: random.Random, split: Split) -> Planted:
    """One benign skill in an encoding."""
    code = ("code", "coded", "cipher", "encoded", "encoding", "same way", "same form", "same manner")
    action = Wording("answer in the same code", (code,), ("harm", "harmful"))
    return planted(FAMILY, draw_skill(rng, split, False), action)
