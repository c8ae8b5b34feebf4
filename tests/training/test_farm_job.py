"""Rates over the steps are those of transformers; a job's hash tells jobs apart."""

from dataclasses import replace

import pytest
import torch
from transformers import get_scheduler

from glasshouse.models.chat import Rendered
from glasshouse.training.job import AdapterJob, LoraSettings, job_hash, rate_factor

JOB = AdapterJob("a", (Rendered((5, 6, 7), (False, True, True)),), steps=20)


@pytest.mark.parametrize("warmup", [0.0, 0.25])
@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine"])
def test_schedules_are_those_of_transformers(schedule: str, warmup: float) -> None:
    job = replace(JOB, schedule=schedule, warmup=warmup)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    name = "constant_with_warmup" if schedule == "constant" else schedule
    scheduler = get_scheduler(name, optimizer, num_warmup_steps=int(warmup * 20), num_training_steps=20)
    for step in range(20):
        assert rate_factor(job, step) == pytest.approx(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 1},
        {"learning_rate": 2e-3},
        {"lora": LoraSettings(4)},
        {"save_at": (3,)},
        {"rows": JOB.rows * 2},
    ],
)
def test_a_job_with_another_setting_has_another_hash(changes: dict[str, object]) -> None:
    assert job_hash(replace(JOB, **changes), "base") != job_hash(JOB, "base")
    assert job_hash(replace(JOB), "base") == job_hash(JOB, "base") != job_hash(JOB, "other")


def test_the_factor_of_an_adapter_is_pefts() -> None:
    assert LoraSettings(4, 8).scale == 2
    assert LoraSettings(4, 8, rslora=True).scale == 4
