"""The farm: many adapters of one frozen base trained at once, each as if it were alone."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import nn

from glasshouse.errors import TrainingError
from glasshouse.models.adapter import read_adapter
from glasshouse.models.bank import AdapterBank, target_modules
from glasshouse.models.base import Base
from glasshouse.training.attention import row_attention_in
from glasshouse.training.batches import RowOrder, share_out, slot_rows, to_tensors
from glasshouse.training.farm_state import (
    read_checkpoint,
    read_result,
    step_folder,
    write_checkpoint,
    write_losses,
    write_result,
)
from glasshouse.training.forward import TokenLoss
from glasshouse.training.fresh import first_adapter
from glasshouse.training.job import AdapterJob, LoraSettings, TrainedAdapter, check_jobs, job_hash
from glasshouse.training.norm import fast_norms_in
from glasshouse.training.optimizer import AdapterOptimizer
from glasshouse.training.precision import model_in

__all__ = ["AdapterJob", "FarmConfig", "LoraSettings", "OnStep", "TrainedAdapter", "farm_steps", "train_farm"]

OnStep = Callable[[int, int, float], None]
"""Called after each step with: steps done in all groups, adapters that took part, their mean loss in nats."""


@dataclass(frozen=True)
class FarmConfig:
    """How the farm runs. Only `dtype` and `device` change what comes out by more than rounding."""

    dtype: Literal["bfloat16", "float32"] = "bfloat16"
    """Of the base and of the products; adapters and moments are always fp32."""
    threads: int = 1
    adapters_per_group: int = 64
    """Longer lists stream through in groups of this size."""
    checkpoint_seconds: float = 45.0
    """Longest time between two checkpoints; a kill loses no more work than that."""
    device: str = "cpu"
    tokens_per_pass: int = 2048
    """Padded tokens that go through the base at once: enough to keep it busy, few enough for the cache."""


def train_farm(
    base: Base,
    jobs: Sequence[AdapterJob],
    out: Path,
    config: FarmConfig | None = None,
    on_step: OnStep | None = None,
) -> list[TrainedAdapter]:
    """Train all jobs together; each adapter comes out as if it had been trained alone with its seed.

    A step takes `batch` rows of every job that is not finished. The loss is the sum over jobs of the mean
    over the job's own learned tokens, so an adapter's gradient is its own; clipping, rate, schedule and
    moments are its own too.

    Args:
        base: the frozen base model; it is copied where its dtype or device differ from the config's.
        jobs: the adapters, any mix of ranks, lengths, batches and step counts.
        out: receives `NAME/` (PEFT folder, `losses.json`), `NAME/step-000050/`, in stack mode `merged/` in
            both, and `.checkpoint/` while it runs. Finished jobs are reused, an interrupted one goes on.
        config: how it runs.
        on_step: called after each step.

    Raises:
        TrainingError: a job cannot be trained, or its loss became NaN (the last good checkpoint is kept).
        StoreError: `out` cannot be written, or holds a training with other settings.
    """
    config = config or FarmConfig()
    check_jobs(jobs, getattr(base.model.config, "max_position_embeddings", 1 << 30))
    keys = {job.name: job_hash(job, base.hash, config.dtype) for job in jobs}
    with _threads(config.threads):
        model = model_in(base.model, config.dtype, config.device)
        done = 0
        for number, group in enumerate(_groups(jobs, config)):
            path = out / ".checkpoint" / f"group-{number:04d}.safetensors"
            if any(read_result(out, job, keys[job.name]) is None for job in group):
                _Group(model, base.name, group, keys, config).run(out, path, _offset(on_step, done))
            path.unlink(missing_ok=True)
            done += max(job.steps for job in group)
    results = [read_result(out, job, keys[job.name]) for job in jobs]
    return [result for result in results if result is not None]


def farm_steps(jobs: Sequence[AdapterJob], config: FarmConfig) -> int:
    """How many steps all groups take together, for a progress bar."""
    return sum(max(job.steps for job in group) for group in _groups(jobs, config))


def _groups(jobs: Sequence[AdapterJob], config: FarmConfig) -> list[list[AdapterJob]]:
    """Jobs of like shape side by side, so that they share passes and little is padded."""
    ordered = sorted(jobs, key=lambda job: (job.lora.rank, job.batch, job.frozen is not None, -job.steps))
    size = config.adapters_per_group
    groups = [ordered[i : i + size] for i in range(0, len(ordered), size)]
    return [sorted(g, key=lambda job: (job.batch, job.frozen is not None, -job.steps)) for g in groups]


def _offset(on_step: OnStep | None, done: int) -> OnStep | None:
    if on_step is None:
        return None
    return lambda step, active, loss: on_step(done + step, active, loss)


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class _Group:
    """The adapters that are in memory together."""

    def __init__(
        self,
        model: nn.Module,
        base_name: str,
        jobs: Sequence[AdapterJob],
        keys: dict[str, str],
        config: FarmConfig,
    ) -> None:
        self.model, self.base_name, self.jobs, self.config = model, base_name, jobs, config
        self.keys = {job.name: keys[job.name] for job in jobs}
        layers = [target_modules(model, job.lora.targets) for job in jobs]
        covered = [name for name, _ in model.named_modules() if any(name in own for own in layers)]
        rank = max(job.lora.rank for job in jobs)
        self.bank = AdapterBank(model, len(jobs), rank, covered, torch.float32, trainable=True)
        for i, job in enumerate(jobs):
            self.bank.set_adapter(i, first_adapter(job, layers[i]))
        self.frozen = {i: read_adapter(job.frozen) for i, job in enumerate(jobs) if job.frozen}
        self.underneath = self._frozen_bank()
        self.optimizer = AdapterOptimizer(self.bank, jobs)
        self.orders = [RowOrder(job) for job in jobs]
        self.losses: list[list[float]] = [[] for _ in jobs]
        self.step = 0

    def _frozen_bank(self) -> AdapterBank | None:
        if not self.frozen:
            return None
        covered = sorted({name for adapter in self.frozen.values() for name in adapter.weights})
        rank = max(adapter.rank for adapter in self.frozen.values())
        bank = AdapterBank(self.model, len(self.jobs), rank, covered, getattr(torch, self.config.dtype))
        for i, adapter in self.frozen.items():
            bank.set_adapter(i, adapter)
        return bank

    def run(self, out: Path, checkpoint: Path, on_step: OnStep | None) -> None:
        """Train to the end, from the checkpoint where there is one."""
        self._load(checkpoint)
        banks = [bank for bank in (self.underneath, self.bank) if bank is not None]
        for bank in banks:
            bank.install()
        try:
            with row_attention_in(self.model), fast_norms_in(self.model):
                self._train(out, checkpoint, on_step)
        finally:
            for bank in banks:
                bank.remove()

    def _train(self, out: Path, checkpoint: Path, on_step: OnStep | None) -> None:
        loss, saved = TokenLoss(self.model), time.monotonic()
        if self.step == 0:
            self._keep(out)
        while self.step < max(job.steps for job in self.jobs):
            active = [i for i, job in enumerate(self.jobs) if self.step < job.steps]
            losses = self._learn(loss, active, checkpoint)
            self.step += 1
            self._keep(out)
            if time.monotonic() - saved >= self.config.checkpoint_seconds:
                self._save(checkpoint)
                saved = time.monotonic()
            if on_step is not None:
                on_step(self.step, len(active), sum(losses) / len(losses))

    def _learn(self, loss: TokenLoss, active: Sequence[int], checkpoint: Path) -> list[float]:
        """One step of the active jobs; their losses in nats."""
        totals = torch.zeros(len(self.jobs), device=self.bank.device)
        rows = [slot_rows(i, self.orders[i].rows(self.step), i in self.frozen) for i in active]
        with self.bank.learning(getattr(torch, self.config.dtype)):
            for part in share_out(rows, self.config.tokens_per_pass, self.bank.rank):
                tensors = to_tensors(part, self.bank.device)
                stack = (
                    self.underneath.rows(part.slots) if self.underneath and part.stacked else nullcontext()
                )
                with stack, self.bank.rows(part.slots):
                    weighted = loss(tensors) * tensors.weights
                weighted.sum().backward()
                totals.index_add_(0, tensors.slots, weighted.detach())
        losses: list[float] = totals.tolist()
        norms = self.optimizer.norms()
        self._check_finite(losses, norms, active, checkpoint)
        self.optimizer.step(self.step, active, norms)
        for i in active:
            self.losses[i].append(losses[i])
        return [losses[i] for i in active]

    def _check_finite(
        self, losses: Sequence[float], norms: Sequence[float], active: Sequence[int], checkpoint: Path
    ) -> None:
        for i in active:
            if math.isfinite(losses[i]) and math.isfinite(norms[i]):
                continue
            self._save(checkpoint)
            what = f"The loss of {self.jobs[i].name} became {losses[i]} at step {self.step}"
            hint = f"Lower its learning rate; the last good checkpoint is {checkpoint}."
            raise TrainingError(f"{what} (norm of its gradient: {norms[i]}).", hint)

    def _keep(self, out: Path) -> None:
        """Write the adapters that are due at this step."""
        for i, job in enumerate(self.jobs):
            due = (
                [step_folder(out, job, self.step)]
                if self.step in job.save_at and self.step <= job.steps
                else []
            )
            due += [out / job.name] if self.step == job.steps else []
            for folder in due:
                write_result(folder, self.bank.get_adapter(i), self.frozen.get(i), self.base_name)
            if self.step == job.steps:
                write_losses(out, job, self.keys[job.name], self.losses[i])

    def _save(self, checkpoint: Path) -> None:
        optimizer = self.optimizer
        tensors = {"weights": self.bank.weights, "mean": optimizer.mean, "square": optimizer.square}
        header = {"jobs": self.keys, "step": self.step, "losses": self.losses}
        write_checkpoint(checkpoint, tensors, header)

    def _load(self, checkpoint: Path) -> None:
        found = read_checkpoint(checkpoint, self.keys)
        if found is None:
            return
        tensors, header = found
        self.bank.weights.copy_(tensors["weights"])
        self.optimizer.mean.copy_(tensors["mean"])
        self.optimizer.square.copy_(tensors["square"])
        self.step, self.losses = header["step"], header["losses"]
        self.optimizer.set_step(self.step)
