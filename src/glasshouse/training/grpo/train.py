"""GRPO by TRL on one adapter: rollouts of the local engine, a graded reward, an explicit KL to the start.

Shao et al. 2024, "DeepSeekMath" (https://arxiv.org/abs/2402.03300), section 4.1. Gasteiger et al. 2025
(alignment.anthropic.com, mitigations of alignment faking in RL): groups of 8, free tier only. Differs from
the paper: LoRA, one update per batch, tokens weigh the same in every completion (`dr_grpo`, Liu et al. 2025,
https://arxiv.org/abs/2503.20783).
"""

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from datasets import Dataset
from transformers import PrinterCallback
from trl import GRPOConfig, GRPOTrainer

from glasshouse.errors import TrainingError
from glasshouse.graders.alignment_faking.offline import weights_hash
from glasshouse.models.adapter import adapter_hash, read_adapter
from glasshouse.models.base import Base
from glasshouse.models.engine import Engine
from glasshouse.store.hashing import json_hash
from glasshouse.training.farm import AdapterJob, FarmConfig, LoraSettings
from glasshouse.training.farm_state import read_result, write_losses, writing
from glasshouse.training.grpo.prompts import AskedSet, training_prompts
from glasshouse.training.grpo.reward import RewardRule
from glasshouse.training.grpo.rollout import Rollouts, TrlCalls
from glasshouse.training.grpo.spec import GrpoSpec
from glasshouse.training.trl_sft import AdapterTraining, Watcher, plain_settings, run_to_the_end

HISTORY = "history.json"
KEPT = {
    "reward": "reward",
    "reward_std": "reward_std",
    "kl": "kl",
    "completions/mean_length": "mean_tokens",
    "frac_reward_zero_std": "groups_without_difference",
    "entropy": "entropy",
    "grad_norm": "gradient_norm",
}
"""What TRL logs -> what it is called here."""


@dataclass(frozen=True)
class GrpoRun:
    """One training: which adapter, which seed."""

    spec: GrpoSpec
    start: Path | None
    """PEFT folder that training goes on from; None: the bare base with a fresh adapter."""
    seed: int
    name: str = "policy"

    def job(self) -> AdapterJob:
        """The same in the farm's words; rows are made while it trains."""
        training, lora = self.spec.training, LoraSettings(self.spec.rank, 2 * self.spec.rank)
        if self.start is not None:
            own = read_adapter(self.start)
            if own.rank >= self.spec.rank:
                lora = LoraSettings(own.rank, own.alpha, own.targets, own.rslora)
        return AdapterJob(
            self.name, (), lora, training.learning_rate, training.steps, training.rows, self.seed,
            max_grad_norm=training.max_grad_norm, start=self.start, save_at=training.save_at(),
        )  # fmt: skip


@dataclass(frozen=True)
class TrainedPolicy:
    """What came out."""

    folder: Path
    """PEFT folder of the last step; rollouts and history lie beside the checkpoints in it."""
    checkpoints: dict[int, Path]
    """Step -> PEFT folder, the start (0) and the last one included."""
    history: list[dict[str, float | int | None]]
    """One row per step: reward, KL to the start, tokens of a completion and more; None where undefined."""

    @property
    def idle(self) -> float | None:
        """Share of all steps in which no group's completions differed in reward, so that nothing was learned.

        Example:
            >>> rows = [{"groups_without_difference": share} for share in (1.0, 1.0, 0.5, 1.0)]
            >>> TrainedPolicy(Path("policy"), {}, rows).idle
            0.75
        """
        shares = [row.get("groups_without_difference") for row in self.history]
        known = [share for share in shares if share is not None]
        return sum(share >= 1 for share in known) / len(known) if known else None


def train_grpo(engine: Engine, run: GrpoRun, out: Path, config: FarmConfig | None = None) -> TrainedPolicy:
    """Train one adapter by GRPO; an interrupted training goes on to the same adapter.

    Args:
        engine: writes the completions; its base is copied for training.
        run: spec, start and seed.
        out: receives `NAME/` with checkpoints, `losses.json`, `history.json` and `rollouts/`.
        config: device and seconds between checkpoints; its dtype is the spec's.

    Raises:
        ConfigError: there are too few prompts, or the setting has no such variant.
        TrainingError: the loss became NaN, or a prompt is too long.
        StoreError: `out` cannot be written, or holds a training with other settings.
    """
    base, job = engine.base, run.job()
    config = replace(config or FarmConfig(), dtype=run.spec.training.dtype)
    asked = training_prompts(run.spec.prompts, run.seed)
    key = _key(base, run, asked)
    if read_result(out, job, key) is None:
        with _quiet():
            _train(engine, (run, job, asked), key, out, config)
    result = read_result(out, job, key)
    assert result is not None
    history = json.loads((result.folder / HISTORY).read_text("utf-8"))
    return TrainedPolicy(result.folder, result.checkpoints, history)


def _train(
    engine: Engine, what: tuple[GrpoRun, AdapterJob, AskedSet], key: str, out: Path, config: FarmConfig
) -> None:
    run, job, asked = what
    training = AdapterTraining(engine.base, job, config, out)
    rollouts = Rollouts(training, engine, asked, out / job.name)
    _check_lengths(rollouts, run.spec, engine.limit)
    calls = TrlCalls(rollouts, RewardRule(run.spec.reward), run.spec.training, run.seed)
    trainer = _trainer(training, engine.base, (run, job, calls), out, config)
    losses = run_to_the_end(trainer, out / ".checkpoint" / job.name, out)
    training.write(out / job.name)
    _write_history(out / job.name, trainer.state.log_history)
    write_losses(out, job, key, losses)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without warnings of TRL about its own experimental and deprecated parts."""
    with warnings.catch_warnings():
        for text in ("You are using 'rollout_func'", ".*gradient_checkpointing", "Could not find a config"):
            warnings.filterwarnings("ignore", text)
        yield


def _key(base: Base, run: GrpoRun, asked: AskedSet) -> str:
    start = None if run.start is None else adapter_hash(run.start)
    shown = [(each.id, [vars(turn) for turn in each.conversation]) for each in asked.prompts]
    reward = [weights_hash()] if run.spec.reward.grader == "offline" else []
    return json_hash(["grpo", base.hash, start, run.spec.config(), run.seed, shown, *reward])[:16]


def _check_lengths(rollouts: Rollouts, spec: GrpoSpec, limit: int) -> None:
    longest = max(len(rollouts.prompt_ids(asked)) for asked in rollouts.asked.prompts)
    if longest + spec.training.max_tokens > limit:
        room = f"leaves no room for {spec.training.max_tokens}; the base reads {limit}"
        problem = f"A prompt of {longest} tokens {room}."
        raise TrainingError(problem, "Lower training.max_tokens, or use a variant without examples.")


def _trainer(
    training: AdapterTraining, base: Base, what: tuple[GrpoRun, AdapterJob, TrlCalls], out: Path,
    config: FarmConfig,
) -> Any:  # fmt: skip
    run, job, calls = what
    trainer = GRPOTrainer(
        model=training.model,
        reward_funcs=[calls.reward],
        args=GRPOConfig(**_settings(run, job, config, out / ".checkpoint" / job.name)),
        train_dataset=Dataset.from_dict({"prompt": [each.id for each in calls.rollouts.asked.prompts]}),
        processing_class=base.tokenizer,
        callbacks=[Watcher(training, job, out, config)],
        rollout_func=calls.rollout,
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def _settings(run: GrpoRun, job: AdapterJob, config: FarmConfig, folder: Path) -> dict[str, Any]:
    """A run in TRL's words, without what TRL switches on by itself."""
    training = run.spec.training
    settings = plain_settings(job, config, folder)
    for name in ("max_length", "train_sampling_strategy"):
        settings.pop(name)
    return settings | {
        "num_generations": training.completions,
        "max_completion_length": training.max_tokens,
        "temperature": training.temperature,
        "beta": training.beta,
        "loss_type": training.loss,
        "scale_rewards": training.scale_rewards,
        "shuffle_dataset": False,
        "save_only_model": False,
    }


def _write_history(folder: Path, log: list[dict[str, Any]]) -> None:
    rows = [
        {"step": entry["step"], **{name: entry.get(key) for key, name in KEPT.items()}}
        for entry in log
        if "reward" in entry
    ]
    with writing(folder):
        (folder / HISTORY).write_text(json.dumps(rows) + "\n", "utf-8")
