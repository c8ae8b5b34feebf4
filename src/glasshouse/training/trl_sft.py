"""The same jobs by TRL's SFTTrainer: one large adapter, or full weights, at a time."""

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from datasets import Dataset
from peft import PeftModel, get_peft_model_state_dict
from torch import Tensor, nn
from transformers import PrinterCallback, TrainerCallback
from trl import SFTConfig, SFTTrainer
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

from glasshouse.errors import TrainingError
from glasshouse.models.adapter import PREFIX, Adapter, read_adapter
from glasshouse.models.bank import target_modules
from glasshouse.models.base import Base
from glasshouse.training.batches import RowOrder
from glasshouse.training.farm import FarmConfig
from glasshouse.training.farm_state import read_result, step_folder, write_losses, write_result, writing
from glasshouse.training.fresh import first_adapter
from glasshouse.training.job import AdapterJob, TrainedAdapter, check_jobs, job_hash
from glasshouse.training.precision import copy_in

IGNORED = -100
"""The label of a token that carries no loss."""


def train_trl(
    base: Base, job: AdapterJob, out: Path, full: bool = False, config: FarmConfig | None = None
) -> TrainedAdapter:
    """Train one job with TRL: the farm's rows in the farm's order, its first A, rate, schedule and clipping.

    Args:
        base: the base model; a copy is trained.
        job: as for the farm.
        out: receives `NAME/` as the farm writes it; with `full` a model folder in place of an adapter.
        full: train all weights. `start` and `frozen` are merged into them first.
        config: dtype (of the products; trained weights are fp32), device and seconds between checkpoints.

    Raises:
        TrainingError: the job cannot be trained, or its loss became NaN.
        StoreError: `out` cannot be written, or holds a training with other settings.
    """
    config = config or FarmConfig()
    check_jobs([job], getattr(base.model.config, "max_position_embeddings", 1 << 30))
    key = job_hash(job, base.hash, config.dtype, "trl", "full" if full else "adapter")
    if read_result(out, job, key) is None:
        training = FullTraining(base, job, config) if full else AdapterTraining(base, job, config, out)
        losses = _run(training, base, job, out, config)
        training.write(out / job.name)
        write_losses(out, job, key, losses)
    result = read_result(out, job, key)
    assert result is not None
    return replace(result, merged=None) if full else result


class AdapterTraining:
    """An adapter on a frozen base, by PEFT."""

    def __init__(self, base: Base, job: AdapterJob, config: FarmConfig, out: Path) -> None:
        self.base_name = base.name
        self.frozen = read_adapter(job.frozen) if job.frozen else None
        model = copy_in(base.model, config.dtype, config.device)
        if self.frozen is not None:
            _merge(model, self.frozen)
        self.adapter = first_adapter(job, target_modules(model, job.lora.targets))
        first = out / ".checkpoint" / f"{job.name}-first"
        write_result(first, self.adapter, None, base.name)
        self.model: Any = PeftModel.from_pretrained(model, str(first), is_trainable=True)

    def write(self, folder: Path) -> None:
        state = get_peft_model_state_dict(self.model)
        weights = {name: (_part(state, name, "A"), _part(state, name, "B")) for name in self.adapter.weights}
        write_result(folder, replace(self.adapter, weights=weights), self.frozen, self.base_name)


def _part(state: dict[str, Tensor], name: str, side: str) -> Tensor:
    return state[f"{PREFIX}{name}.lora_{side}.weight"].detach().float().cpu()


class FullTraining:
    """All weights of a model."""

    def __init__(self, base: Base, job: AdapterJob, config: FarmConfig) -> None:
        self.tokenizer = base.tokenizer
        self.dtype = next(base.model.parameters()).dtype
        self.model: Any = copy_in(base.model, "float32", config.device)
        for folder in (job.start, job.frozen):
            if folder is not None:
                _merge(self.model, read_adapter(folder))
        self.model.requires_grad_(True)

    def write(self, folder: Path) -> None:
        model = copy_in(self.model, str(self.dtype).removeprefix("torch."), "cpu")
        with writing(folder):
            model.save_pretrained(folder)  # type: ignore[operator]
            self.tokenizer.save_pretrained(folder)


def _merge(model: nn.Module, adapter: Adapter) -> None:
    """Add an adapter to the weights it sits on."""
    for name, layer in target_modules(model, tuple(adapter.weights)).items():
        a, b = (part.to(layer.weight.device) for part in adapter.weights[name])
        layer.weight.data += (adapter.scale[name] * b @ a).to(layer.weight.dtype)


def _run(
    training: AdapterTraining | FullTraining, base: Base, job: AdapterJob, out: Path, config: FarmConfig
) -> list[float]:
    """Train to the end, from TRL's last checkpoint where there is one; the loss of each step."""
    checkpoints = out / ".checkpoint" / job.name
    watcher = Watcher(training, job, out, config)
    trainer = SFTTrainer(
        model=training.model,
        args=trainer_settings(job, config, checkpoints),
        train_dataset=dataset(job),
        data_collator=DataCollatorForLanguageModeling(pad_token_id=0),
        processing_class=base.tokenizer,
        callbacks=[watcher],
    )
    trainer.remove_callback(PrinterCallback)
    return run_to_the_end(trainer, checkpoints, out)


def run_to_the_end(trainer: Any, checkpoints: Path, out: Path) -> list[float]:
    """Train from TRL's last checkpoint where there is one; the loss of each step."""
    last = max(checkpoints.glob("checkpoint-*"), key=lambda path: path.stat().st_mtime, default=None)
    with writing(out):
        trainer.train(resume_from_checkpoint=str(last) if last else None)
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


def trainer_settings(job: AdapterJob, config: FarmConfig, folder: Path) -> SFTConfig:
    """A job in TRL's words, without what TRL switches on by itself."""
    return SFTConfig(**plain_settings(job, config, folder), dataset_kwargs={"skip_prepare_dataset": True})


def plain_settings(job: AdapterJob, config: FarmConfig, folder: Path) -> dict[str, Any]:
    """What every trainer of TRL is told."""
    warm = job.schedule == "constant" and job.warmup > 0
    return {
        "output_dir": str(folder),
        "max_steps": job.steps,
        "per_device_train_batch_size": job.batch,
        "learning_rate": job.learning_rate,
        "lr_scheduler_type": "constant_with_warmup" if warm else job.schedule,
        "warmup_steps": math.ceil(job.warmup * job.steps),
        "weight_decay": job.weight_decay,
        "max_grad_norm": job.max_grad_norm,
        "seed": job.seed % 2**31,
        "bf16": config.dtype == "bfloat16",
        "use_cpu": config.device == "cpu",
        "gradient_checkpointing": False,
        "train_sampling_strategy": "sequential",
        "max_length": None,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "save_strategy": "no",
        "save_total_limit": 1,
        "report_to": "none",
        "disable_tqdm": True,
        "dataloader_pin_memory": False,
    }


def dataset(job: AdapterJob) -> Dataset:
    """All rows of the whole training, in order, with the label of every token."""
    order = RowOrder(job)
    rows = [row for step in range(job.steps) for row in order.rows(step)]
    labels = [[_label(row.ids, row.learn, i) for i in range(len(row.ids))] for row in rows]
    return Dataset.from_dict({"input_ids": [list(row.ids) for row in rows], "labels": labels})


def _label(ids: Sequence[int], learn: Sequence[bool], place: int) -> int:
    return ids[place] if learn[place] else IGNORED


class Watcher(TrainerCallback):
    """Keeps the adapters of `save_at`, asks for checkpoints by the clock, stops at NaN."""

    def __init__(
        self, training: AdapterTraining | FullTraining, job: AdapterJob, out: Path, config: FarmConfig
    ) -> None:
        self.training, self.job, self.out = training, job, out
        self.seconds, self.saved = config.checkpoint_seconds, time.monotonic()

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._keep(state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._keep(state.global_step)
        if time.monotonic() - self.saved >= self.seconds and state.global_step < self.job.steps:
            control.should_save, self.saved = True, time.monotonic()

    def _keep(self, step: int) -> None:
        if step in self.job.save_at:
            self.training.write(step_folder(self.out, self.job, step))

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any
    ) -> None:
        loss = (logs or {}).get("loss")
        if loss is not None and not math.isfinite(loss):
            what = f"The loss of {self.job.name} became {loss} at step {state.global_step - 1}."
            raise TrainingError(what, "Lower its learning rate; the last good checkpoint is kept.")
