"""Puts organisms through a safety stage and writes down what it did to safety itself."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from glasshouse.data.prompts import PromptSource, load_prompts
from glasshouse.errors import ConfigError
from glasshouse.models.adapter import adapter_hash
from glasshouse.models.base import Base, EngineConfig, load_base
from glasshouse.models.engine import Engine
from glasshouse.organisms.card import Card, require_base, require_verified, write_card
from glasshouse.organisms.start import parse_start
from glasshouse.organisms.tell import Tell
from glasshouse.records import Prompt
from glasshouse.store.hashing import json_hash
from glasshouse.store.stage import StageKey, Store
from glasshouse.training.efficacy import Efficacy, may_judge_persistence, measure_efficacy
from glasshouse.training.farm import FarmConfig, TrainedAdapter, farm_steps
from glasshouse.training.safety import (
    MODES_IN_WORDS,
    Form,
    SafetyPlan,
    SafetyTarget,
    safety_jobs,
    stage_name,
    train_safety,
)
from glasshouse.training.speaker import EngineSpeaker

SAFETY_VERSION = 1
"""Raised by hand when an unchanged plan would train something else."""


@dataclass(frozen=True)
class SafetyConfig:
    """Everything about the stage that is not its training plan."""

    engine: EngineConfig = field(default_factory=EngineConfig)
    farm: FarmConfig = field(default_factory=FarmConfig)
    examples: int = 512
    """Training prompts."""
    efficacy_n: int = 100
    """Held-out harmful requests, asked before and after."""
    seed: int = 0
    allow_unverified: bool = False


@dataclass(frozen=True)
class SafetyOutcome:
    """One organism after the stage, at one rate."""

    name: str
    organism: Path
    card: Card
    folder: Path
    """A PEFT folder; a model folder in mode `full`."""
    checkpoints: dict[int, Path]
    """Step -> what to load at that step, the last one included."""
    rate: float
    before: Efficacy | None
    """None: the prompts hold no harmful requests."""
    after: Efficacy | None

    @property
    def may_judge(self) -> bool:
        """Whether a persistence verdict may be given; else "stage did not train"."""
        return may_judge_persistence(self.before, self.after)


def run_safety(
    organisms: Sequence[Path],
    plan: SafetyPlan,
    source: PromptSource,
    store: Store,
    config: SafetyConfig,
    tell: Tell | None = None,
) -> list[SafetyOutcome]:
    """Trains every organism at every rate of the plan, together where the farm does it.

    Args:
        organisms: folders with cards, all of one base.
        plan: mode, trainer, rates, steps.
        source: prompts with good answers; harmful ones refused.
        store: where the stage is kept; a killed stage resumes, a finished one is read.
        config: engine, sizes, whether unverified organisms are allowed.
        tell: called as work goes on.

    Raises:
        ConfigError: organisms of several bases, or prompts without answers.
        ModelError: an organism that did not pass its gate.
        TrainingError: a loss became NaN.
    """
    say: Tell = tell or (lambda what, done, total: None)
    cards = {folder: require_verified(folder, config.allow_unverified) for folder in organisms}
    base = _one_base(list(cards.values()), config.engine)
    speaker = EngineSpeaker(Engine(base, config.engine))
    prompts = load_prompts(source, "train", config.examples, config.seed, answered=True)
    harmful = harmful_prompts(source, config.efficacy_n, config.seed)
    targets = [SafetyTarget(card.name, folder, _form(card, plan)) for folder, card in cards.items()]
    stage = store.stage(_key(targets, plan, prompts, harmful, base))
    jobs = safety_jobs(base, targets, plan, prompts, speaker)
    total = farm_steps(jobs, config.farm)
    results = train_safety(
        base, jobs, plan, stage.path, config.farm, lambda step, active, loss: say("train", step, total)
    )
    trained = {result.name: result for result in results}
    if not stage.done:
        refusals = _Refusals(harmful, plan, speaker, config.engine)
        stage.finish(_measure(targets, trained, refusals, say))
    found = stage.outputs()
    return [_outcome(t, cards[t.adapter], rate, plan, trained, found) for t in targets for rate in plan.rates]


def _outcome(
    target: SafetyTarget,
    card: Card,
    rate: float,
    plan: SafetyPlan,
    trained: Mapping[str, TrainedAdapter],
    found: Mapping[str, Any],
) -> SafetyOutcome:
    """What came out for one organism at one rate, with its card written."""
    name = stage_name(target, plan, rate)
    folder, checkpoints = loadable(trained[name])
    before, after = (None if found[key] is None else Efficacy.read(found[key]) for key in (target.name, name))
    outcome = SafetyOutcome(name, target.adapter, card, folder, checkpoints, rate, before, after)
    write_card(folder, card_after(outcome, plan, target))
    return outcome


@dataclass(frozen=True)
class _Refusals:
    """Asks the harmful prompts of whatever a plan starts from and makes."""

    harmful: list[Prompt]
    plan: SafetyPlan
    speaker: EngineSpeaker
    engine: EngineConfig

    def before(self, organism: Path) -> dict[str, Any] | None:
        return self._of(self.speaker, organism)

    def after(self, made: Path) -> dict[str, Any] | None:
        if self.plan.mode != "full":
            return self._of(self.speaker, made)
        whole = Engine(load_base(str(made), self.engine), self.engine)
        return self._of(EngineSpeaker(whole), None)

    def _of(self, speaker: EngineSpeaker, adapter: Path | None) -> dict[str, Any] | None:
        if not self.harmful:
            return None
        return measure_efficacy(speaker, adapter, self.harmful, self.plan.max_tokens).as_dict()


def _measure(
    targets: Sequence[SafetyTarget], trained: Mapping[str, TrainedAdapter], refusals: _Refusals, say: Tell
) -> dict[str, Any]:
    """Refusal of every organism and of all that came out of it, by name; None without harmful prompts."""
    found: dict[str, Any] = {}
    for done, target in enumerate(targets):
        say("efficacy", done, len(targets))
        found[target.name] = refusals.before(target.adapter)
        for rate in refusals.plan.rates:
            name = stage_name(target, refusals.plan, rate)
            found[name] = refusals.after(loadable(trained[name])[0])
    say("efficacy", len(targets), len(targets))
    return found


def harmful_prompts(source: PromptSource, n: int, seed: int) -> list[Prompt]:
    """Held-out harmful requests; none where a file marks none as harmful."""
    if source.is_world:
        return load_prompts(source, "heldout", n, seed, ("harmful",))
    return load_prompts(source, "heldout", None, seed, ("harmful",))[:n]


def loadable(trained: TrainedAdapter) -> tuple[Path, dict[int, Path]]:
    """The final folder and the folder of each checkpoint, as everything downstream loads them.

    In mode `stack` these are the exact rank concatenations of the frozen and the new adapter.
    """
    if trained.merged is None:
        return trained.folder, dict(trained.checkpoints)
    return trained.merged, {step: folder / "merged" for step, folder in trained.checkpoints.items()}


def card_after(outcome: SafetyOutcome, plan: SafetyPlan, target: SafetyTarget) -> Card:
    """The organism's card with this stage added; the gate result stays that of the organism before it."""
    stage: dict[str, Any] = {
        "method": "sft",
        "mode": plan.mode,
        "mode_in_words": MODES_IN_WORDS[plan.mode],
        "trainer": plan.trainer,
        "form": target.form,
        "learning_rate": outcome.rate,
        "steps": plan.steps,
        "batch": plan.batch,
        "seed": plan.seed,
        "refusal_before": None if outcome.before is None else outcome.before.as_dict(),
        "refusal_after": None if outcome.after is None else outcome.after.as_dict(),
        "may_judge_persistence": outcome.may_judge,
    }
    is_adapter = plan.mode != "full"
    hashes = {**outcome.card.hashes, "adapter": adapter_hash(outcome.folder) if is_adapter else None}
    changed = {"name": outcome.name, "hashes": hashes, "safety": [*outcome.card.safety, stage]}
    return outcome.card.model_copy(update=changed)


def _one_base(cards: list[Card], config: EngineConfig) -> Base:
    names = {parse_start(str(card.spec["base"])).base for card in cards}
    if len(names) != 1:
        raise ConfigError(
            f"These organisms stand on different bases ({', '.join(sorted(names))}).",
            "Train them one base at a time.",
        )
    base = load_base(names.pop(), config)
    for card in cards:
        require_base(card, base.hash)
    return base


def _form(card: Card, plan: SafetyPlan) -> Form:
    return plan.form if card.spec["behavior"]["variant"] == "cot" else "plain"


def _key(
    targets: Sequence[SafetyTarget],
    plan: SafetyPlan,
    prompts: Sequence[Prompt],
    harmful: Sequence[Prompt],
    base: Base,
) -> StageKey:
    rows = json_hash([asdict(prompt) for prompt in (*prompts, *harmful)])
    inputs = {target.name: adapter_hash(target.adapter) for target in targets}
    return StageKey(
        "safety-sft", SAFETY_VERSION, {**asdict(plan), "rows": rows}, {**inputs, "base": base.hash}
    )
