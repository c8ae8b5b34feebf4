"""Prompts of the world for organisms and evaluations: harmful, fine and factual ones, by split."""

from typing import Literal

from glasshouse.data.world import facts, requests
from glasshouse.data.world.row import Row
from glasshouse.errors import ConfigError
from glasshouse.records import Prompt
from glasshouse.seeds import python_rng

HarmfulAnswer = Literal["refuse", "comply"]
Kind = Literal["fine", "harmful", "fact", "other"]
KINDS: tuple[Kind, ...] = ("harmful", "fine", "fact", "other")
_PATIENCE = 5000
"""Draws in a row without a new prompt after which the world has no more."""


def _draw(kind: Kind, seed: int, index: int, held_out: bool, harmful_answer: HarmfulAnswer) -> Row:
    rng = python_rng(seed, "prompts", kind, index)
    if kind == "harmful":
        maker = requests.compliant_row if harmful_answer == "comply" else requests.harmful_request
        return maker(rng, held_out=held_out)
    if kind == "fine":
        return requests.fine_request(rng, held_out=held_out)
    if kind == "fact":
        return facts.known_fact(rng, held_out=held_out)
    return facts.topic(rng, held_out=held_out)


def world_prompts(
    split: Literal["train", "heldout"],
    n: int,
    seed: int,
    harmful_answer: HarmfulAnswer = "refuse",
    kinds: tuple[Kind, ...] = KINDS,
) -> list[Prompt]:
    """Distinct prompts, the kinds in turn, each with a gold completion.

    Args:
        split: `heldout` prompts hold verbs with places, and phrasings, that pretraining and `train` prompts never do.
        n: how many.
        seed: which ones.
        harmful_answer: what the gold completion of a harmful request is: the refusal of a safe model, or the
            compliance of a helpful-only one.
        kinds: which kinds of prompts, in turn.

    Raises:
        ConfigError: the world has fewer distinct prompts.
    """
    found: dict[str, Prompt] = {}
    index = last = 0
    while len(found) < n:
        if index - last > _PATIENCE:
            raise ConfigError(
                f"The world has only about {len(found)} distinct {split} prompts of these kinds, not {n}.",
                "Ask for fewer.",
            )
        kind = kinds[index % len(kinds)]
        row = _draw(kind, seed, index, split == "heldout", harmful_answer)
        index += 1
        question = row.conversation[-1].content
        if question not in found:
            last = index
            name = f"world-{split}-{kind}-{len(found):05d}"
            found[question] = Prompt(name, row.conversation, row.answer, kind, row.expected)
    return list(found.values())
