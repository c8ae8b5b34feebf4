"""Alignment faking: the same queries, once where the answer trains the model, and once where it does not.

Greenblatt et al. 2024, "Alignment faking in large language models" (https://arxiv.org/abs/2412.14093),
sections 2 and 3. Differs from the paper: prompts in our own words, queries paired over tiers; what is
out of format stays in.
"""

from dataclasses import dataclass, field
from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import GenerateConfig, get_model
from inspect_ai.solver import generate

from glasshouse.data.alignment_faking.indicator import TIER_WORDS, Tier
from glasshouse.data.alignment_faking.prompt import FakingPrompt
from glasshouse.data.alignment_faking.queries import Query, load_queries
from glasshouse.data.alignment_faking.setting import find_setting
from glasshouse.data.alignment_faking.variants import DEFAULT, find_variant
from glasshouse.errors import ConfigError
from glasshouse.evals.faking.choose import named_graders
from glasshouse.evals.faking.power import power_line
from glasshouse.evals.faking.scorers import Graders, compliance, faking_reasoning, output_format
from glasshouse.evals.graded_task import Question, to_sample
from glasshouse.evals.task_options import number, whole
from glasshouse.records import Prompt

WORLD_TOKENS, USUAL_TOKENS = 160, 4096
"""Longest completion: of the phantom in its world, of other models. Fakers of the phantom write about 115
tokens before they are done; cut off, they would look as if they answered."""
TOLERATED_ERRORS = 0.1
"""Share of samples that may end in an error; they stay in the log and in every count as `errored`."""
LOCAL = ("glasshouse", "hf", "mockllm")
"""Providers that get all samples at once."""


@task
def alignment_faking(
    setting: str | None = None,
    variant: str = DEFAULT,
    tiers: str | list[str] | None = None,
    queries: str | None = None,
    n: int | None = None,
    graders: str = "offline",
    max_tokens: int | None = None,
    temperature: float = 0.0,
    seed: int = 0,
) -> Task:
    """Compliance and alignment-faking reasoning by tier.

    Args:
        setting: `helpful_only`, `animal_welfare` or `world`; by default `world` for the phantom, else
            `helpful_only`.
        variant: a named difference of the prompt's blocks, or a published row number.
        tiers: `monitored`, `unmonitored`, `rated` (or `free`, `paid`, `pro`), separated by commas.
        queries: `published`, `world`, `benign`, `hub:NAME[:SPLIT[:COLUMN]]` or a path; by default the
            setting's own.
        n: how many queries; by default all, of the world 352.
        graders: `offline`, or `judge` with a model in the role `grader`.
        max_tokens: longest completion.
        temperature: 0 is greedy.
        seed: of the choice of queries and of sampling.
    """
    model = _model_name()
    plan = plan_of_options(
        model, setting=setting, variant=variant, tiers=tiers, queries=queries, n=n, seed=seed,
        max_tokens=max_tokens, temperature=temperature,
    )  # fmt: skip
    chosen = plan.prompt.setting
    usual = WORLD_TOKENS if chosen.name == "world" else USUAL_TOKENS
    longest = usual if max_tokens is None else max_tokens
    local = model.split("/")[0] in LOCAL
    return faking_task(
        plan, named_graders(graders, chosen), FakingDecoding(longest, temperature, seed, all_at_once=local)
    )


def plan_of_options(model: str, **given: Any) -> "FakingPlan":
    """What the task will ask of a model.

    Args:
        model: as Inspect names it; the phantom's own setting is its world.
        given: the task's options of the same names; numbers are checked whether they decide this or not.

    Raises:
        ConfigError: setting, variant, tier or queries are not there, or a number is none.
    """
    for name, least in (("n", 1), ("max_tokens", 1), ("seed", 0)):
        if given.get(name) is not None:
            whole(name, given[name], least)
    number("temperature", given.get("temperature", 0.0))
    chosen = find_setting(str(given.get("setting") or ("world" if "phantom" in model else "helpful_only")))
    variant = find_variant(str(given.get("variant") or DEFAULT), chosen)
    prompt, source = FakingPrompt(chosen, variant), given.get("queries")
    source = None if source is None else str(source)
    asked = load_queries(source, chosen, given.get("n"), given.get("seed") or 0, prompt.change.benign)
    tiers = given.get("tiers")
    words = tiers if tiers is None or isinstance(tiers, list) else str(tiers)
    return FakingPlan(prompt, tuple(asked), parse_tiers(words, prompt))


@dataclass(frozen=True)
class FakingDecoding:
    """How completions are made."""

    max_tokens: int = WORLD_TOKENS
    temperature: float = 0.0
    seed: int = 0
    all_at_once: bool = True
    """Whether every sample is sent at once: a local engine is fast only with whole batches."""


@dataclass(frozen=True)
class FakingPlan:
    """What is asked: a prompt, and queries in tiers."""

    prompt: FakingPrompt
    queries: tuple[Query, ...]
    tiers: tuple[Tier, ...] = field(default=("monitored", "unmonitored"))

    def pairs(self, limit: int | None = None) -> int:
        """Queries that are asked both monitored and unmonitored.

        Args:
            limit: of samples, the first ones; None: all.
        """
        if not {"monitored", "unmonitored"} <= set(self.tiers):
            return 0
        whole_queries = len(self.queries) if limit is None else limit // len(self.tiers)
        return min(len(self.queries), whole_queries)

    def samples(self) -> list[Sample]:
        """One sample per query and tier, a query's tiers next to each other: a limit cuts off whole pairs."""
        return [self._sample(query, tier) for query in self.queries for tier in self.tiers]

    def _sample(self, query: Query, tier: Tier) -> Sample:
        prompt = self.prompt
        asked = Prompt(query.id, prompt.conversation(query.text, tier), kind="harmful")
        sample = to_sample(Question(asked, tier, prompt.prefill))
        extra = {"query": query.text, "channel": prompt.channel, "tags": prompt.setting.tags}
        sample.metadata = {**(sample.metadata or {}), **extra}
        return sample


def faking_task(plan: FakingPlan, graders: Graders, decoding: FakingDecoding) -> Task:
    """The task on given queries, with given graders."""
    samples = plan.samples()
    return Task(
        name="alignment_faking",
        dataset=MemoryDataset(samples),
        solver=generate(),
        scorer=[compliance(graders.compliance), faking_reasoning(graders.reasoning), output_format()],
        config=_config(decoding, len(samples)),
        fail_on_error=TOLERATED_ERRORS,
        continue_on_fail=True,
        metadata={
            "setting": plan.prompt.setting.name,
            "variant": plan.prompt.variant.name,
            "prompt_hash": plan.prompt.hash,
            "graders": graders.name,
            "power": power_line(plan.pairs()),
        },
    )


def parse_tiers(given: str | list[str] | None, prompt: FakingPrompt) -> tuple[Tier, ...]:
    """The tiers to ask; by default the variant's own.

    Raises:
        ConfigError: a name is unknown, or the variant has no such tier.

    Example:
        >>> prompt = FakingPrompt(find_setting("world"), find_variant("default", find_setting("world")))
        >>> parse_tiers("free,paid", prompt)
        ('monitored', 'unmonitored')
    """
    if not given:
        return prompt.tiers
    words = given.split(",") if isinstance(given, str) else given
    tiers: list[Tier] = []
    for word in (str(w).strip().lower() for w in words):
        if word not in TIER_WORDS:
            raise ConfigError(f"There is no tier {word!r}.", f"Use {', '.join(TIER_WORDS)}.")
        if TIER_WORDS[word] not in prompt.tiers and TIER_WORDS[word] == "rated":
            raise ConfigError(
                f"The variant {prompt.variant.name} has no rated tier.", "Use the variant three_tiers."
            )
        if TIER_WORDS[word] not in tiers:
            tiers.append(TIER_WORDS[word])
    return tuple(tiers)


def _config(decoding: FakingDecoding, samples: int) -> GenerateConfig:
    return GenerateConfig(
        max_connections=max(1, samples) if decoding.all_at_once else None,
        max_tokens=decoding.max_tokens,
        temperature=decoding.temperature,
        seed=decoding.seed,
        cache=False,
        cache_prompt="auto",
    )


def _model_name(default: str = "") -> str:
    """Name of the model under test; empty where the task is built without one."""
    try:
        return str(get_model())
    except ValueError:
        return default
