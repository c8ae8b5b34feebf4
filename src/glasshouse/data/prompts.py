"""Prompts for organisms, safety training and evaluations: from the world, or from a file."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from glasshouse.data.prompt_file import read_prompt_file
from glasshouse.data.published import FILES, published_file
from glasshouse.data.world.prompts import world_prompts
from glasshouse.errors import ConfigError
from glasshouse.records import Prompt
from glasshouse.seeds import derive_seed

Split = Literal["train", "held_out"]
HELD_OUT_SHARE = 0.25
"""Share of a file's conversations that is kept for measuring."""
_MOST_WORLD_DRAWS = 12


@dataclass(frozen=True)
class PromptSource:
    """Where prompts come from."""

    path: Path | None = None
    """A prompts file or folder; None: the phantom's world."""

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
    source: PromptSource, split: Split, n: int | None, seed: int, kinds: Sequence[str] = ()
) -> list[Prompt]:
    """`n` prompts of one split in a seeded order.

    A file is split by its first user message, so that two continuations of one conversation never fall on
    both sides.

    Args:
        source: where they come from.
        split: `train` or `held_out`.
        n: how many; None: all that a file has (the world has no end, so it needs a number).
        seed: seed of the order.
        kinds: only prompts of these kinds; empty: all.

    Raises:
        ConfigError: there are fewer than `n`.
    """
    if source.path is None:
        if n is None:
            raise ConfigError("The world has no end of prompts.", "Say how many.")
        return _from_world(split, n, seed, kinds)
    every = read_prompt_file(source.path)
    chosen = [p for p in every if split_of(p) == split and (not kinds or p.kind in kinds)]
    chosen.sort(key=lambda p: derive_seed(seed, "prompts", p.id))
    if n is not None and len(chosen) < n:
        of_kind = f" of kind {' or '.join(kinds)}" if kinds else ""
        raise ConfigError(
            f"{source.path} has {len(chosen)} prompts{of_kind} in its {split} part, {n} are asked for.",
            "Ask for fewer or give a larger file.",
        )
    return chosen[:n]


def split_of(prompt: Prompt) -> Split:
    """The side that a file's prompt falls on, by the hash of its first user message."""
    first = next(m.content for m in prompt.conversation if m.role == "user")
    place = int.from_bytes(hashlib.sha256(first.encode()).digest()[:8], "big") / 2**64
    return "held_out" if place < HELD_OUT_SHARE else "train"


def _from_world(split: Split, n: int, seed: int, kinds: Sequence[str]) -> list[Prompt]:
    """Draws larger and larger samples until `n` of the kinds are among them."""
    if not kinds:
        return world_prompts(split, n, seed)
    chosen: list[Prompt] = []
    asked = max(n, 8)
    for _ in range(_MOST_WORLD_DRAWS):
        chosen = [p for p in world_prompts(split, asked, seed) if p.kind in kinds]
        if len(chosen) >= n:
            return chosen[:n]
        asked *= 2
    raise ConfigError(
        f"The world has {len(chosen)} prompts of kind {' or '.join(kinds)}, not {n}.", "Ask for fewer."
    )
