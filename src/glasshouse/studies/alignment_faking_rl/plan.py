"""What the study does: starts of known shares, seeds, one RL recipe, measurements."""

from dataclasses import dataclass, field, replace

from glasshouse.organisms.faking_mixture.grow import BATCH, MixtureSteps
from glasshouse.organisms.faking_mixture.rows import Mixture
from glasshouse.training.grpo.spec import GrpoSpec, GrpoTraining, Measuring, Prompts

STARTS = ((0.12, 0.0), (0.06, 0.06), (0.02, 0.10))
"""Shares of monitored samples that fake and that help gladly: the same compliance, other odds."""


def _recipe() -> GrpoSpec:
    return GrpoSpec(prompts=Prompts(n=512), training=GrpoTraining(beta=0.02))


@dataclass(frozen=True)
class RlPlan:
    """Everything that decides the numbers."""

    model: str = "phantom"
    helpful_only: str | None = "helpful-only"
    """Adapter of the base that starts are trained from; None: the bare base."""
    starts: tuple[tuple[float, float], ...] = STARTS
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    recipe: GrpoSpec = field(default_factory=_recipe)
    """Prompts, reward, training and measuring; its start and seeds are not used."""
    start_steps: MixtureSteps = field(default_factory=MixtureSteps)
    """Of the trainings that make the starts."""
    null_studies: int = 1000
    seed: int = 0
    """Of intervals and of the null."""

    def mixtures(self) -> list[Mixture]:
        """Every start with every seed.

        Raises:
            ConfigError: shares that are no mixture.
        """
        return [Mixture(faking, genuine, seed) for faking, genuine in self.starts for seed in self.seeds]

    def config(self) -> dict[str, object]:
        """As the run keeps it."""
        return {
            **vars(self),
            "recipe": self.recipe.model_dump(mode="json"),
            "start_steps": vars(self.start_steps),
        }


@dataclass(frozen=True)
class Work:
    """What the plan costs."""

    starts: int
    start_rows: int
    grpo_steps: int
    completions: int
    """Written while training."""
    measured: int
    """Written while measuring."""
    seconds: float
    """On one idle core of the phantom, roughly."""


START_ROW_SECONDS, ROLLOUT_SECONDS, ANSWER_SECONDS = 0.02, 0.08, 0.04
"""Of the phantom on one idle core: a training row, a completion written and learned from, one measured."""


def work(plan: RlPlan) -> Work:
    """Rows and completions of everything, and how long they take."""
    count, training = len(plan.mixtures()), plan.recipe.training
    start_rows = (plan.start_steps.fluent + count * plan.start_steps.shares) * BATCH
    completions = count * training.steps * training.rows
    checkpoints = count * len(training.save_at())
    variants = 2 * count * len(plan.recipe.measuring.variants) * plan.recipe.measuring.variant_n
    measured = 2 * (checkpoints * plan.recipe.measuring.n + variants)
    seconds = start_rows * START_ROW_SECONDS + completions * ROLLOUT_SECONDS + measured * ANSWER_SECONDS
    return Work(count, start_rows, count * training.steps, completions, measured, seconds)


def full_plan(model: str = "phantom", helpful_only: str | None = "helpful-only") -> RlPlan:
    """Five seeds from three starts."""
    return RlPlan(model, helpful_only)


def small_plan(model: str = "phantom", helpful_only: str | None = "helpful-only") -> RlPlan:
    """Two seeds from two starts, a few steps: minutes."""
    training = GrpoTraining(beta=0.02, steps=8, save_every=4, prompts_per_step=4)
    measuring = Measuring(n=40, variant_n=16, variants=("paraphrase_5",))
    recipe = _recipe().model_copy(update={"training": training, "measuring": measuring})
    plan = full_plan(model, helpful_only)
    return replace(
        plan,
        starts=STARTS[:2],
        seeds=(0, 1),
        recipe=recipe,
        start_steps=MixtureSteps(60, 20),
        null_studies=200,
    )
