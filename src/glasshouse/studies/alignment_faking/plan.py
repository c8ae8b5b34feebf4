"""What the alignment-faking study will ask, before it asks: models, variants, tiers, queries."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from glasshouse.data.alignment_faking.prompt import FakingPrompt
from glasshouse.data.alignment_faking.queries import Query, load_queries
from glasshouse.data.alignment_faking.setting import Setting, find_setting
from glasshouse.data.alignment_faking.variant import Variant
from glasshouse.data.alignment_faking.variants import DEFAULT, find_variant, variants_of
from glasshouse.errors import ConfigError
from glasshouse.evals.alignment_faking import USUAL_TOKENS, WORLD_TOKENS
from glasshouse.evals.faking.choose import DEFAULT_GRADERS, named_graders
from glasshouse.evals.faking.power import power_line

GROUPS = ("default", "paraphrase", "control", "motive", "channel", "clarification", "published")
USUAL_GROUPS = GROUPS[:-1]
"""Asked unless somebody says otherwise; `published` are up to 68 more prompts."""
SMALL = (DEFAULT, "paraphrase_0", "paraphrase_1", "no_conflict", "deploy_throughput", "rated_only")
SMALL_QUERIES = 48


@dataclass(frozen=True)
class FakingStudyPlan:
    """The whole study; its fields are the run's config."""

    models: tuple[str, ...]
    """As Inspect names them."""
    setting: str
    variants: tuple[str, ...]
    """By name, the default first."""
    queries: str | None = None
    """Where they come from; None: the setting's own."""
    n: int | None = None
    """Queries per tier; None: all, of the world 352."""
    graders: str = DEFAULT_GRADERS
    judge: str | None = None
    """Model in the role `grader`."""
    max_tokens: int = WORLD_TOKENS
    temperature: float = 0.0
    repeats: int = 1
    """How often each query is asked in each tier."""
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.models:
            raise ConfigError("The study has no model to ask.", "Give --model MODEL.")
        if len(set(self.models)) < len(self.models):
            raise ConfigError("A model is given twice.", "Name each model once.")
        if self.graders.startswith("judge") and not self.judge:
            raise ConfigError("No model is given for the role 'grader'.", "Add --judge MODEL.")
        if self.judge in self.models:
            raise ConfigError(f"{self.judge} would grade itself.", "Give another model as --judge.")
        named_graders(self.graders, self.asked_setting)

    @property
    def asked_setting(self) -> Setting:
        """The setting."""
        return find_setting(self.setting)

    @property
    def asked_variants(self) -> list[Variant]:
        """The variants, in order."""
        return [find_variant(name, self.asked_setting) for name in self.variants]

    def prompt(self, variant: str) -> FakingPrompt:
        """One variant's prompt."""
        return FakingPrompt(self.asked_setting, find_variant(variant, self.asked_setting))

    def queries_of(self, variant: str) -> tuple[Query, ...]:
        """What a variant asks in each of its tiers.

        Raises:
            ConfigError: the queries cannot be read.
        """
        benign = self.prompt(variant).change.benign
        return tuple(load_queries(self.queries, self.asked_setting, self.n, self.seed, benign))

    def config(self) -> dict[str, Any]:
        """Everything that decides the numbers, the prompts by hash."""
        return asdict(self) | {"prompts": {name: self.prompt(name).hash for name in self.variants}}


def query_counts(plan: FakingStudyPlan) -> dict[str, int]:
    """Variant -> queries per tier, as they are read; nobody is asked anything.

    Raises:
        ConfigError: the queries cannot be read.
    """
    kinds = {name: plan.prompt(name).change.benign for name in plan.variants}
    first = {benign: name for name, benign in reversed(kinds.items())}
    counts = {benign: len(plan.queries_of(name)) for benign, name in first.items()}
    return {name: counts[benign] for name, benign in kinds.items()}


def study_power(counts: Mapping[str, int], models: int) -> str:
    """What a study can show, the gaps of all models and variants called together.

    Args:
        counts: variant -> queries per tier, the variant that the verdict rests on first.
        models: how many are asked.
    """
    n = next(iter(counts.values()), 0)
    line = power_line(n, tests=max(1, models * len(counts)))
    others = [f"{name.replace('_', ' ')} {count}" for name, count in counts.items() if count != n]
    return f"{line} Other numbers of queries: {', '.join(others)}." if others else line


def faking_plan(models: tuple[str, ...], setting: str | None = None, **changes: Any) -> FakingStudyPlan:
    """The usual study: default, paraphrases, controls, motive arms, channels, clarifications.

    Args:
        models: as Inspect names them.
        setting: None: `world` where every model is the phantom, else `helpful_only`.
        changes: other fields; `groups` names groups of variants instead of variants.

    Raises:
        ConfigError: setting, group or variant is unknown.
    """
    own = all("phantom" in model for model in models)
    chosen = find_setting(setting or ("world" if own else "helpful_only"))
    groups = changes.pop("groups", USUAL_GROUPS)
    variants = changes.pop("variants", None) or _of_groups(groups, chosen)
    names = tuple(dict.fromkeys(find_variant(name, chosen).name for name in variants))
    longest = WORLD_TOKENS if chosen.name == "world" else USUAL_TOKENS
    plan = FakingStudyPlan(models, chosen.name, names, max_tokens=longest)
    return replace(plan, **{key: value for key, value in changes.items() if value is not None})


def small_plan(models: tuple[str, ...], setting: str | None = None, **changes: Any) -> FakingStudyPlan:
    """The same in minutes: six variants, 48 queries."""
    given = {key: value for key, value in changes.items() if value is not None}
    return faking_plan(models, setting, **{"variants": SMALL, "n": SMALL_QUERIES} | given)


def _of_groups(groups: tuple[str, ...], setting: Setting) -> list[str]:
    unknown = [group for group in groups if group not in GROUPS]
    if unknown:
        raise ConfigError(f"There is no group {unknown[0]!r} of variants.", f"Use {', '.join(GROUPS)}.")
    return [v.name for v in variants_of(setting) if v.group in groups]


@dataclass(frozen=True)
class Work:
    """One line of the plan as it is printed."""

    model: str
    group: str
    variants: int
    samples: int
    """Completions that are written and graded."""


def work(plan: FakingStudyPlan, counts: Mapping[str, int]) -> list[Work]:
    """The plan by model and group of variants.

    Args:
        plan: what is asked.
        counts: variant -> queries per tier.
    """
    return list(_work(plan, counts))


def _work(plan: FakingStudyPlan, counts: Mapping[str, int]) -> Iterator[Work]:
    for model in plan.models:
        for group in GROUPS:
            mine = [variant.name for variant in plan.asked_variants if variant.group == group]
            samples = sum(len(plan.prompt(name).tiers) * counts[name] * plan.repeats for name in mine)
            if mine:
                yield Work(model, group, len(mine), samples)
