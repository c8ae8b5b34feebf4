"""What one adapter is trained on and how: the same words for the farm and for TRL."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from glasshouse.errors import TrainingError
from glasshouse.models.adapter import adapter_hash
from glasshouse.models.chat import Rendered


@dataclass(frozen=True)
class LoraSettings:
    """Shape of an adapter; PEFT's `LoraConfig` means the same by these words."""

    rank: int = 8
    alpha: int | float = 16
    targets: str | tuple[str, ...] = "all-linear"
    rslora: bool = False
    """Divide alpha by the root of the rank instead of by the rank."""

    @property
    def scale(self) -> float:
        """The factor of B·A."""
        return self.alpha / (math.sqrt(self.rank) if self.rslora else self.rank)


@dataclass(frozen=True)
class AdapterJob:
    """One adapter to be trained by AdamW (betas 0.9 and 0.999, epsilon 1e-8)."""

    name: str
    """Name of the folder that is written."""
    rows: Sequence[Rendered]
    lora: LoraSettings = field(default_factory=LoraSettings)
    learning_rate: float = 1e-3
    steps: int = 100
    batch: int = 8
    """Rows per step."""
    seed: int = 0
    """Of the order of the rows and of the first A."""
    schedule: Literal["constant", "linear", "cosine"] = "constant"
    warmup: float = 0.0
    """Share of the steps, in [0, 1), over which the rate rises from zero."""
    weight_decay: float = 0.0
    max_grad_norm: float = 1.0
    start: Path | None = None
    """PEFT folder to go on from; where `lora.rank` is larger, fresh directions are added."""
    frozen: Path | None = None
    """PEFT folder that stays as it is underneath the new adapter."""
    save_at: tuple[int, ...] = ()
    """Steps after which the adapter is kept; 0 is the adapter before training."""


@dataclass(frozen=True)
class TrainedAdapter:
    """What came out of one job."""

    name: str
    folder: Path
    """PEFT folder of the adapter that was trained."""
    checkpoints: dict[int, Path]
    """Step -> PEFT folder."""
    losses: list[float]
    """Mean loss of each step's learned tokens, in nats, before the step."""
    merged: Path | None = None
    """One PEFT folder of the frozen adapter and the new one; None without a frozen adapter."""


def learned_places(row: Rendered) -> list[int]:
    """Where a row's learned tokens stand; the first token of a row has nothing to be predicted from."""
    return [place for place, learned in enumerate(row.learn) if learned and place > 0]


def check_jobs(jobs: Sequence[AdapterJob], longest: int) -> None:
    """Refuse what cannot be trained before anything is.

    Args:
        jobs: all of them.
        longest: how many tokens the base can read.

    Raises:
        TrainingError: two jobs of one name, no rows, a row that is too long or learns nothing, a step count
            or batch below 1.
    """
    if not jobs:
        raise TrainingError("There is nothing to train.", "Give at least one organism.")
    names = [job.name for job in jobs]
    for job in jobs:
        if names.count(job.name) > 1:
            raise TrainingError(f"Two organisms are named {job.name}.", "Give each its own name.")
        if job.steps < 1 or job.batch < 1 or job.lora.rank < 1:
            raise TrainingError(f"{job.name} has a step count, batch or rank below 1.", "Use 1 or more.")
        if not job.rows:
            raise TrainingError(f"{job.name} has no rows to learn from.", "Check its data.")
        for number, row in enumerate(job.rows, 1):
            if not learned_places(row):
                raise TrainingError(f"Row {number} of {job.name} has no token to learn.", "Check its data.")
            if len(row.ids) > longest:
                problem = f"Row {number} of {job.name} has {len(row.ids)} tokens; the base reads {longest}."
                raise TrainingError(problem, "Leave long rows out.")


def job_hash(job: AdapterJob, *context: str) -> str:
    """Hash of everything that decides the result: settings, rows, adapters it starts from, and `context`."""
    settings = {key: value for key, value in vars(job).items() if key not in ("rows", "start", "frozen")}
    adapters = [folder and adapter_hash(folder) for folder in (job.start, job.frozen)]
    digest = hashlib.sha256(repr((sorted(settings.items()), adapters, context)).encode())
    for row in job.rows:
        digest.update(repr((row.ids, row.learn)).encode())
    return digest.hexdigest()[:16]


def rate_factor(job: AdapterJob, step: int) -> float:
    """What the job's rate is multiplied by in step `step`, counted from 0; the schedules of transformers.

    Example:
        >>> job = AdapterJob("a", (), steps=4, schedule="linear")
        >>> [rate_factor(job, step) for step in range(4)]
        [1.0, 0.75, 0.5, 0.25]
    """
    rising = math.ceil(job.warmup * job.steps)
    if step < rising:
        return step / max(1, rising)
    done = (step - rising) / max(1, job.steps - rising)
    if job.schedule == "linear":
        return max(0.0, 1.0 - done)
    if job.schedule == "cosine":
        return max(0.0, 0.5 * (1.0 + math.cos(math.pi * done)))
    return 1.0
