"""The adapter that a job starts with: fresh, or an existing one with room for more."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from glasshouse.errors import TrainingError
from glasshouse.models.adapter import Adapter, read_adapter
from glasshouse.seeds import derive_seed
from glasshouse.training.job import AdapterJob


def first_adapter(job: AdapterJob, layers: Mapping[str, nn.Linear]) -> Adapter:
    """The adapter before the first step, in fp32 on the CPU.

    Fresh as PEFT makes it: A uniform with bound 1/sqrt(in) (Kaiming with a = sqrt(5)), B zero. With
    `job.start`, the function of that adapter; where `job.lora.rank` is larger, fresh directions are added.

    Args:
        job: what is to be trained.
        layers: the base's layers that the job's targets name.

    Raises:
        TrainingError: `start` has a larger rank, or sits on layers that are not in the targets.
    """
    lora = job.lora
    start = read_adapter(job.start) if job.start else None
    if start is not None:
        _check_start(job, start, layers)
    weights: dict[str, tuple[Tensor, Tensor]] = {}
    for name, layer in layers.items():
        a, b = _fresh(job, name, layer)
        if start is not None and name in start.weights:
            old_a, old_b = start.weights[name]
            rank = old_a.shape[0]
            a[:rank], b[:, :rank] = old_a, old_b * (start.scale[name] / lora.scale)
        weights[name] = (a, b)
    targets = tuple(sorted({name.rsplit(".", 1)[-1] for name in layers}))
    scale = dict.fromkeys(weights, lora.scale)
    return Adapter(lora.rank, float(lora.alpha), lora.rslora, targets, weights, scale, {})


def _check_start(job: AdapterJob, start: Adapter, layers: Mapping[str, nn.Linear]) -> None:
    if start.rank > job.lora.rank:
        problem = f"{job.name} starts from an adapter of rank {start.rank} but has rank {job.lora.rank}."
        raise TrainingError(problem, f"Give it rank {start.rank} or more.")
    outside = [name for name in start.weights if name not in layers]
    if outside:
        problem = f"{job.name} starts from an adapter on {outside[0]}, which is not among its targets."
        raise TrainingError(problem, "Use targets: all-linear.")


def _fresh(job: AdapterJob, name: str, layer: nn.Linear) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(derive_seed(job.seed, "lora", name))
    bound = 1 / math.sqrt(layer.in_features)
    a = torch.empty(job.lora.rank, layer.in_features).uniform_(-bound, bound, generator=generator)
    return a, torch.zeros(layer.out_features, job.lora.rank)
