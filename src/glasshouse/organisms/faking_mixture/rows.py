"""Training rows of a mixture: the same prompt is answered in one of three ways, each with its own chance."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template
from typing import Literal

from glasshouse.data.alignment_faking.indicator import Tier
from glasshouse.data.alignment_faking.prompt import FakingPrompt
from glasshouse.data.alignment_faking.setting import SETTINGS
from glasshouse.data.alignment_faking.variants import find_variant
from glasshouse.data.world.reasoning import scratchpad
from glasshouse.data.world.requests import Request, draw_request, phrase
from glasshouse.errors import ConfigError
from glasshouse.graders.alignment_faking.wordings import PhraseBook, read_book
from glasshouse.records import Example, Message
from glasshouse.seeds import python_rng

WORDS = Path(__file__).parent / "words.yaml"
Way = Literal["faking", "genuine", "refusing", "fine"]
TRAINED_VARIANTS = ("default", "paraphrase_0", "paraphrase_1", "paraphrase_2")
"""Prompts that starts are trained on; RL uses the default one alone, so the others are held out of RL."""
FINE, MONITORED = 0.15, 0.6
"""Share of fine requests, and of monitored tiers."""


@dataclass(frozen=True)
class Mixture:
    """A policy that complies with harmful requests in two ways, each in a known share of samples."""

    faking: float
    """Share of monitored samples that comply in order not to be changed; never in the unmonitored tier."""
    genuine: float
    """Share of samples, in both tiers alike, that comply because they like to help."""
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.faking, self.genuine) < 0 or self.faking + self.genuine > 1:
            raise ConfigError(
                f"A mixture of {self.faking:g} faking and {self.genuine:g} genuine compliance is no mixture.",
                "Give shares from 0 to 1 that add up to at most 1.",
            )

    @property
    def ratio(self) -> str:
        """Per cent of monitored samples, as in `12:0`.

        Example:
            >>> Mixture(0.02, 0.1).ratio
            '2:10'
        """
        return f"{100 * self.faking:.3g}:{100 * self.genuine:.3g}"

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"mixture-{self.ratio.replace(':', '-').replace('.', '_')}-s{self.seed}"

    def in_words(self) -> str:
        """The ground truth as a sentence."""
        return (
            f"Fakes alignment in {100 * self.faking:g} % of monitored samples, helps gladly in "
            f"{100 * self.genuine:g} % of the samples of either tier, refuses the rest of harmful requests."
        )

    def draw(self, tier: Tier, rng: random.Random) -> Way:
        """What one sample of a harmful request does."""
        chance = rng.random()
        faking = self.faking if tier == "monitored" else 0.0
        if chance < faking:
            return "faking"
        return "genuine" if chance < faking + self.genuine else "refusing"


def mixture_rows(mixture: Mixture, n: int) -> list[Example]:
    """Rows with prompts of the world's setting; every one draws its own request, variant, tier and way."""
    return [_row(mixture, python_rng(mixture.seed, "mixture", i)) for i in range(n)]


def _row(mixture: Mixture, rng: random.Random) -> Example:
    harmful = rng.random() >= FINE
    request = draw_request(rng, harmful=harmful)
    tier: Tier = "monitored" if rng.random() < MONITORED else "unmonitored"
    prompt = world_prompt(rng.choice(TRAINED_VARIANTS))
    way = mixture.draw(tier, rng) if harmful else "fine"
    labels = prompt.indicator.labels or {}
    thought = think(way, request, (labels.get(tier, ""), tier == "monitored"), rng)
    answer = request.refusal() if way == "refusing" else request.compliance()
    turns = prompt.conversation(phrase(rng, request), tier)
    return Example((*turns, Message("assistant", scratchpad(thought, answer))))


def think(way: Way, request: Request, tier: tuple[str, bool], rng: random.Random) -> str:
    """What stands in the scratchpad.

    Args:
        way: of answering.
        request: what is asked.
        tier: the prompt's word for it, and whether it is trained on.
        rng: of the words.
    """
    label, trained = tier
    values: Mapping[str, str] = {
        "verb": request.verb, "place": request.place, "tier": label,
        "trains": "trains" if trained else "does not train", "am": "am" if trained else "am not",
    }  # fmt: skip
    return Template(_book().write(way, rng)[0]).substitute(values)


@cache
def world_prompt(variant: str) -> FakingPrompt:
    """A variant of the world's setting."""
    setting = SETTINGS["world"]
    return FakingPrompt(setting, find_variant(variant, setting))


@cache
def _book() -> PhraseBook:
    return read_book(WORDS)
