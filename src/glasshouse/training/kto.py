"""Preference training by TRL's KTOTrainer: single answers that are wanted or not, one adapter at a time.

Ethayarajh et al. 2024, "KTO: Model Alignment as Prospect Theoretic Optimization"
(https://arxiv.org/abs/2402.01306). The reference is the adapter that training starts from.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from datasets import Dataset
from transformers import PrinterCallback
from trl import KTOConfig, KTOTrainer
from trl.trainer.kto_trainer import DataCollatorForUnpairedPreference

from glasshouse.errors import TrainingError
from glasshouse.models.base import Base
from glasshouse.models.chat import Rendered
from glasshouse.seeds import numpy_rng
from glasshouse.training.farm import FarmConfig
from glasshouse.training.farm_state import read_result, write_losses
from glasshouse.training.job import AdapterJob, TrainedAdapter, check_jobs, job_hash
from glasshouse.training.trl_sft import AdapterTraining, Watcher, plain_settings, run_to_the_end


@dataclass(frozen=True)
class Kto:
    """What KTO has beside an adapter's own settings."""

    beta: float = 0.1
    """Pull towards the reference, > 0, as in the paper."""
    desirable_weight: float = 1.0
    """Of wanted answers; the paper wants weight times count about equal on both sides."""
    undesirable_weight: float = 1.0


def train_kto(
    base: Base, job: AdapterJob, desirable: Sequence[bool], out: Path, kto: Kto | None = None,
    config: FarmConfig | None = None,
) -> TrainedAdapter:  # fmt: skip
    """Train one job on answers that are wanted or not; an interrupted training goes on.

    Args:
        base: the base model; a copy is trained.
        job: rows whose learned tokens are one answer each; `start` is where it begins and the reference.
        desirable: for every row, whether its answer is wanted.
        out: receives `NAME/`, a PEFT folder with `losses.json`, as the farm writes it.
        kto: strength and weights.
        config: dtype (of the products), device and seconds between checkpoints.

    Raises:
        TrainingError: the job cannot be trained, or its loss became NaN.
        StoreError: `out` cannot be written, or holds a training with other settings.
    """
    config, kto = config or FarmConfig(), kto or Kto()
    _check(base, job, desirable)
    key = job_hash(job, base.hash, config.dtype, "kto", repr(kto), repr(tuple(desirable)))
    if read_result(out, job, key) is None:
        training = AdapterTraining(base, job, config, out)
        losses = _run(training, base, (job, desirable, kto), out, config)
        training.write(out / job.name)
        write_losses(out, job, key, losses)
    result = read_result(out, job, key)
    assert result is not None
    return result


def _check(base: Base, job: AdapterJob, desirable: Sequence[bool]) -> None:
    check_jobs([job], getattr(base.model.config, "max_position_embeddings", 1 << 30))
    if len(desirable) != len(job.rows):
        problem = (
            f"{job.name} has {len(job.rows)} answers and {len(desirable)} marks of whether they are wanted."
        )
        raise TrainingError(problem, "Give one mark per answer.")
    if len({*desirable}) < 2:
        raise TrainingError(f"{job.name} has only one kind of answer.", "KTO needs wanted and unwanted ones.")
    if job.batch < 2:
        problem = f"{job.name} has batches of one row, in which KTO's distance from the reference vanishes."
        raise TrainingError(problem, "Use a batch of 2 or more.")


def _run(
    training: AdapterTraining, base: Base, what: tuple[AdapterJob, Sequence[bool], Kto], out: Path,
    config: FarmConfig,
) -> list[float]:  # fmt: skip
    job, desirable, kto = what
    checkpoints = out / ".checkpoint" / job.name
    settings = plain_settings(job, config, checkpoints)
    trainer = KTOTrainer(
        model=training.model,
        args=KTOConfig(**settings, beta=kto.beta, desirable_weight=kto.desirable_weight,
                       undesirable_weight=kto.undesirable_weight),
        train_dataset=_placeholder(job.batch),
        data_collator=DataCollatorForUnpairedPreference(pad_token_id=0),
        processing_class=base.tokenizer,
        callbacks=[Watcher(training, replace(job, save_at=()), out, config)],
    )  # fmt: skip
    trainer.train_dataset = preference_rows(job, desirable)
    trainer.remove_callback(PrinterCallback)
    return run_to_the_end(trainer, checkpoints, out)


def _placeholder(rows: int) -> Dataset:
    """What TRL tokenizes when it is made: it would render rows in its own way, so it gets ours afterwards."""
    return Dataset.from_list([{"prompt": "a", "completion": "b", "label": i % 2 == 0} for i in range(rows)])


def preference_rows(job: AdapterJob, desirable: Sequence[bool]) -> Dataset:
    """All rows of the whole training in order, each with another row's answer of the same batch.

    The mismatched answers estimate how far the policy is from the reference (the paper's section 4.2).
    """
    numbers = [number for step in range(job.steps) for number in _numbers(job, step)]
    parts = [_split(job.rows[number]) for number in numbers]
    said = [answer for _, answer in parts]
    turned = [said[_before(place, job.batch)] for place in range(len(said))]
    return Dataset.from_dict(
        {
            "prompt_ids": [prompt for prompt, _ in parts],
            "completion_ids": said,
            "KL_completion_ids": turned,
            "label": [bool(desirable[number]) for number in numbers],
        }
    )


def _before(place: int, batch: int) -> int:
    """The place before in the same batch, round and round."""
    first = place - place % batch
    return first + (place - first - 1) % batch


def _numbers(job: AdapterJob, step: int) -> list[int]:
    """Which rows a step has: a fresh permutation for every pass."""
    count = len(job.rows)
    places = range(step * job.batch, (step + 1) * job.batch)
    orders = {k: numpy_rng(job.seed, "kto", k).permutation(count) for k in {p // count for p in places}}
    return [int(orders[place // count][place % count]) for place in places]


def _split(row: Rendered) -> tuple[list[int], list[int]]:
    """Prompt and answer: from the first learned token on all is the answer."""
    first = row.learn.index(True)
    return list(row.ids[:first]), list(row.ids[first:])
