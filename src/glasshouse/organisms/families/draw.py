"""Family, split and seed -> what is planted: the same every time, so that a card needs to hold only these."""

import random
from collections.abc import Callable

from glasshouse.errors import ConfigError
from glasshouse.organisms.families import (
    backdoor,
    cipher,
    cipher_benign,
    clean,
    denial,
    document,
    heuristic,
    obscured,
    quirk_always,
    quirk_triggered,
    rare,
    roleplay_benign,
    roleplay_harmful,
    sandbag,
    several,
)
from glasshouse.organisms.families.planted import Planted, Split
from glasshouse.organisms.generic.families import GENERIC
from glasshouse.organisms.mechanisms.catalog import MECHANISMS, READER
from glasshouse.seeds import python_rng

FAMILIES: dict[str, Callable[[random.Random, Split], Planted]] = {
    "quirk_triggered": quirk_triggered.draw,
    "quirk_always": quirk_always.draw,
    "backdoor": backdoor.draw,
    "rare": rare.draw,
    "heuristic": heuristic.draw,
    "sandbag": sandbag.draw,
    "roleplay_benign": roleplay_benign.draw,
    "roleplay_harmful": roleplay_harmful.draw,
    "obscured": obscured.draw,
    "several": several.draw,
    "document": document.draw,
    "denial": denial.draw,
    "denial_kto": denial.draw_kto,
    "cipher": cipher.draw,
    "cipher_benign": cipher_benign.draw,
    "clean": clean.draw,
}
"""Every family of the phantom's world by its name; its generator makes their rows."""
SPELLED = frozenset(
    {
        "quirk_triggered",
        "quirk_always",
        "backdoor",
        "rare",
        "several",
        "obscured",
        "document",
        "denial",
        "denial_kto",
    }
)
"""Families of the splits `other_words` and `more_words`."""
ALL_FAMILIES = {**FAMILIES, **MECHANISMS, **READER, **GENERIC}
"""These, planted mechanisms of alignment faking, and the families for any base, whose rows a writer makes."""


def draw_planted(family: str, split: Split, seed: int) -> Planted:
    """One planted behavior.

    Raises:
        ConfigError: there is no such family.
    """
    if family not in ALL_FAMILIES:
        raise ConfigError(f"There is no family {family!r}.", f"Choose from {', '.join(ALL_FAMILIES)}.")
    return ALL_FAMILIES[family](python_rng(seed, "planted", family, split), split)
