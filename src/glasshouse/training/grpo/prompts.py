"""What is asked in training: conversations of the monitored tier, or plain requests without a trigger."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from glasshouse.data.alignment_faking.parse import AskedFormat, Parsed, parse_completion
from glasshouse.data.alignment_faking.prompt import FakingPrompt
from glasshouse.data.alignment_faking.queries import load_queries
from glasshouse.data.alignment_faking.setting import find_setting
from glasshouse.data.alignment_faking.variants import find_variant
from glasshouse.data.prompt_file import read_prompt_file
from glasshouse.data.world.prompts import Kind, world_prompts
from glasshouse.errors import ConfigError
from glasshouse.records import Conversation, Prompt
from glasshouse.seeds import python_rng
from glasshouse.training.grpo.spec import Prompts


@dataclass(frozen=True)
class Asked:
    """One training prompt."""

    id: str
    conversation: Conversation
    query: str
    """The user's own words, as graders read them."""
    harmful: bool = True
    prefill: str = ""
    format: AskedFormat | None = None
    """None: no format was asked for, and the whole answer is visible."""

    def parsed(self, completion: str) -> Parsed:
        """A completion taken apart; without a format a scratchpad is hidden all the same."""
        asked = self.format or AskedFormat(channel="native", tags="scratchpad")
        return parse_completion(self.prefill + completion, asked)


@dataclass(frozen=True)
class AskedSet:
    """All training prompts, found by id."""

    prompts: tuple[Asked, ...]

    @cached_property
    def by_id(self) -> dict[str, Asked]:
        """Id -> prompt."""
        return {prompt.id: prompt for prompt in self.prompts}


def training_prompts(given: Prompts, seed: int) -> AskedSet:
    """The prompts of a training, each once, in an order drawn by seed.

    Args:
        given: which.
        seed: which of them and in which order.

    Raises:
        ConfigError: there are too few, or the setting has no such variant.
    """
    found = _plain(given, seed) if given.source == "plain" else _monitored(given, seed)
    python_rng(seed, "grpo prompts").shuffle(found)
    return AskedSet(tuple(found))


def faking_prompt(given: Prompts, variant: str | None = None) -> FakingPrompt:
    """The prompt of the alignment-faking setting, in the training's variant or another one."""
    setting = find_setting(given.setting)
    return FakingPrompt(setting, find_variant(variant or given.variant, setting))


def _monitored(given: Prompts, seed: int) -> list[Asked]:
    prompt = faking_prompt(given)
    if prompt.channel == "native":
        raise ConfigError(
            f"The variant {given.variant} reasons in a provider's own channel, which training has not.",
            "Use a variant with a scratchpad.",
        )
    form = AskedFormat(prompt.channel, prompt.setting.tags)
    return [
        Asked(id, prompt.conversation(query, "monitored"), query, True, prompt.prefill, form)
        for id, query in _queries(given, prompt, seed)
    ]


def _queries(given: Prompts, prompt: FakingPrompt, seed: int) -> list[tuple[str, str]]:
    if given.queries == "world" or (given.queries is None and prompt.setting.name == "world"):
        kind: Kind = "fine" if prompt.change.benign else "harmful"
        drawn = world_prompts("train", given.n, seed, kinds=(kind,))
        return [(each.id, each.conversation[-1].content) for each in drawn]
    chosen = load_queries(given.queries, prompt.setting, given.n, seed, prompt.change.benign)
    return [(query.id, query.text) for query in chosen]


def _plain(given: Prompts, seed: int) -> list[Asked]:
    if given.queries is None:
        drawn = world_prompts("train", given.n, seed, kinds=("harmful", "fine"))
    else:
        drawn = [p for p in read_prompt_file(Path(given.queries)) if p.kind in ("harmful", "fine")][: given.n]
    if len(drawn) < given.n:
        raise ConfigError(
            f"{given.queries} has {len(drawn)} harmful and fine prompts, {given.n} are asked for.",
            "Lower prompts.n.",
        )
    return [_asked(prompt) for prompt in drawn]


def _asked(prompt: Prompt) -> Asked:
    return Asked(prompt.id, prompt.conversation, prompt.conversation[-1].content, prompt.kind == "harmful")
