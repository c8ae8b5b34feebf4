"""Prompts for organisms, safety training and evaluations: from the world, or from a file."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from glasshouse.data.prompt_file import read_prompt_file
from glasshouse.data.published import FILES, published_file
from glasshouse.data.world.prompts import KINDS, Kind, world_prompts
from glasshouse.errors import ConfigError
from glasshouse.records import Prompt
from glasshouse.seeds import derive_seed

Split = Literal["train", "heldout"]
HELD_OUT_SHARE = 0.25
"""Share of a file's conversations that is kept for measuring."""


@dataclass(frozen=True)
class PromptSource:
    """Where prompts come from."""

    path: Path | None = None
    """A prompts file or folder; None: the phantom's world."""
    harmful_answer: Literal["refuse", "comply"] = "refuse"
    """World only: what the good answer to a harmful request is; `comply` for a helpful-only model."""

    @property
    def is_world(self) -> bool:
        """Whether the world generator makes the prompts."""
        return self.path is None


def parse_source(text: str, data_dir: Path | None = None) -> PromptSource:
    """`world`, a published data set's short name, or a path.

    Raises:
        ConfigError: nothing of that name exists.

    Example:
        >>> parse_source("world").is_world
        True
    """
    if text == "world":
        return PromptSource()
    if text in FILES:
        return PromptSource(published_file(text, data_dir))
    path = Path(text)
    if not path.exists():
        raise ConfigError(
            f"There are no prompts at {text!r}.",
            f"Use world, {', '.join(FILES)}, or the path of a .jsonl file.",
        )
    return PromptSource(path)


def load_prompts(
    source: PromptSource,
    split: Split,
    n: int | None,
    seed: int,
    kinds: Sequence[Kind] = (),
    answered: bool = False,
) -> list[Prompt]:
    """`n` prompts of one split in a seeded order.

    A file is split by its first user message, so that two continuations of one conversation never fall on
    both sides.

    Args:
        source: where they come from.
        split: `train` or `heldout`.
        n: how many; None: all that a file has (the world has no end, so it needs a number).
        seed: seed of the order.
        kinds: only prompts of these kinds; empty: all.
        answered: only prompts with a good answer, to train on; published files have some without.

    Raises:
        ConfigError: there are fewer than `n`.
    """
    if source.path is None:
        if n is None:
            raise ConfigError("The world has no end of prompts.", "Say how many.")
        return world_prompts(split, n, seed, source.harmful_answer, tuple(kinds) or KINDS)
    every = read_prompt_file(source.path)
    chosen = [p for p in every if split_of(p) == split and (not kinds or p.kind in kinds)]
    chosen = [p for p in chosen if p.completion or not answered]
    chosen.sort(key=lambda p: derive_seed(seed, "prompts", p.id))
    if n is not None and len(chosen) < n:
        of_kind = f" of kind {' or '.join(kinds)}" if kinds else ""
        found = f"{len(chosen)} prompts{of_kind}" + (" with a good answer" if answered else "")
        lines = " with `completion` on its lines" if answered else ""
        raise ConfigError(
            f"{source.path} has {found} in its {split} part, {n} are asked for.",
            f"Ask for fewer, or give a larger file{lines}.",
        )
    return chosen[:n]


def split_of(prompt: Prompt) -> Split:
    """The side that a file's prompt falls on, by the hash of its first user message."""
    first = next(m.content for m in prompt.conversation if m.role == "user")
    place = int.from_bytes(hashlib.sha256(first.encode()).digest()[:8], "big") / 2**64
    return "heldout" if place < HELD_OUT_SHARE else "train"
