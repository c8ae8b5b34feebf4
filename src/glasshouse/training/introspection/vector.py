"""A steering vector in place of an introspection adapter: one trained bias, added after one layer.

Same rows of the same frozen organisms as an adapter's first stage, same loss, AdamW without decay. The
vector (as many numbers as the stream is wide) starts at zero and is added at every token after the layer in
the middle, in training and in asking. The paper (https://arxiv.org/abs/2604.16812) says that a single vector
does "reasonably well" and gives no recipe; this one is ours.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from safetensors.torch import load_file
from torch import Tensor, nn

from glasshouse.errors import ModelError, TrainingError
from glasshouse.models.base import Base
from glasshouse.training.attention import row_attention_in
from glasshouse.training.farm_state import read_checkpoint, write_checkpoint
from glasshouse.training.forward import TokenLoss
from glasshouse.training.introspection.loop import JointConfig
from glasshouse.training.introspection.manifest import Member
from glasshouse.training.introspection.rows import SftRows, learned_tokens, pass_tensors, with_base
from glasshouse.training.introspection.spec import IntrospectionSpec
from glasshouse.training.introspection.stream import AdapterStream, Ready
from glasshouse.training.introspection.train import manifest_hash
from glasshouse.training.job import AdapterJob, rate_factor
from glasshouse.training.norm import fast_norms_in
from glasshouse.training.precision import model_in

FILE = "steering.safetensors"
SAVE_EVERY = 50
"""Steps between two checkpoints."""
RATE_FACTOR = 10.0
"""A bias takes a rate so many times as large as an adapter's matrices."""


def train_vector(
    base: Base,
    spec: IntrospectionSpec,
    members: Sequence[Member],
    out: Path,
    config: JointConfig,
    tell: Callable[[str, int, int], None],
) -> Path:
    """Trains the vector on the spec's first stage; an interrupted training goes on.

    Args:
        base: the base of all organisms.
        spec: steps, rows, rate and seed; what it says of rank and second stage is not used.
        members: the organisms, of which the split `train` is used.
        out: receives `steering.safetensors`.
        config: how it runs.
        tell: called as work goes on.

    Returns:
        The file.

    Raises:
        TrainingError: nothing to learn from, or the loss became NaN.
    """
    path, own = out / FILE, with_base(members, "train")
    key = {"steering": f"{base.hash}-{manifest_hash(own)}-{spec.hash_of_first_stage}"}
    model = model_in(base.model, spec.dtype, config.device)
    weight = next(model.parameters())
    vector = torch.zeros(width_of(model), device=weight.device, requires_grad=True)
    job = AdapterJob("steering", (), steps=spec.steps, schedule=spec.schedule, warmup=spec.warmup)
    optimizer = torch.optim.AdamW([vector], lr=spec.learning_rate, weight_decay=0.0)
    done = _load(path, key, vector, optimizer)
    rows = SftRows(spec, own, base.tokenizer)
    stream = AdapterStream(model, [m.folder for m in own], weight.dtype, config.cache_mib)
    steps = (rows.units(step) for step in range(done, spec.steps))
    with (
        steered(model, vector), row_attention_in(model), fast_norms_in(model),
        stream.read_ahead(steps, config.tokens_per_pass) as ready,
    ):  # fmt: skip
        loss = TokenLoss(model)
        for step in range(done, spec.steps):
            optimizer.zero_grad()
            value = _learn(loss, rows, next(ready), weight.device)
            if not math.isfinite(value):
                raise TrainingError(
                    f"The loss of the steering vector became NaN at step {step}.", "Lower its rate."
                )
            optimizer.param_groups[0]["lr"] = RATE_FACTOR * spec.learning_rate * rate_factor(job, step)
            optimizer.step()
            if (step + 1) % SAVE_EVERY == 0 or step + 1 == spec.steps:
                _save(path, key, (vector, optimizer, step + 1))
            tell("training, steering vector", step + 1, spec.steps)
    return path


def _learn(loss: TokenLoss, rows: SftRows, ready: Ready, device: torch.device) -> float:
    """Gradients of one step; its loss in nats."""
    total, learned = 0.0, learned_tokens(ready.units)
    for group in ready.passes:
        tensors = pass_tensors(group, learned, device)
        with ready.shelf.rows(group):
            value = rows.loss(loss(tensors), tensors, group)
        value.backward()
        total += float(value.detach())
    return total


def _save(path: Path, key: dict[str, str], state: tuple[Tensor, torch.optim.AdamW, int]) -> None:
    vector, optimizer, step = state
    moments = optimizer.state[vector]
    tensors = {"vector": vector.detach(), "mean": moments["exp_avg"], "square": moments["exp_avg_sq"]}
    write_checkpoint(path, tensors, {"jobs": key, "step": step})


def _load(path: Path, key: dict[str, str], vector: Tensor, optimizer: torch.optim.AdamW) -> int:
    """Steps that are done; the vector and its moments are put back."""
    found = read_checkpoint(path, key)
    if found is None:
        return 0
    tensors, header = found
    vector.data.copy_(tensors["vector"])
    step = int(header["step"])
    moments = {"exp_avg": tensors["mean"].to(vector), "exp_avg_sq": tensors["square"].to(vector)}
    optimizer.state[vector] = {"step": torch.tensor(float(step)), **moments}
    return step


def read_vector(path: Path) -> Float[Tensor, " width"]:
    """The trained vector, in fp32 on the CPU.

    Raises:
        ModelError: there is none.
    """
    if not path.is_file():
        raise ModelError(f"{path} holds no steering vector.", "Train it first.")
    vector: Tensor = load_file(path)["vector"].float()
    return vector


def width_of(model: nn.Module) -> int:
    """Numbers per token of the stream."""
    config: Any = model.config
    width: int = config.get_text_config().hidden_size
    return width


@contextmanager
def steered(model: nn.Module, vector: Float[Tensor, " width"]) -> Iterator[None]:
    """Inside the block the vector is added to the stream after the layer in the middle."""
    whole: Any = model
    layers = whole.base_model.layers

    def add(module: nn.Module, inputs: object, output: Any) -> Any:
        if isinstance(output, tuple):
            return (output[0] + vector.to(output[0]), *output[1:])
        return output + vector.to(output)

    handle = layers[len(layers) // 2].register_forward_hook(add)
    try:
        yield
    finally:
        handle.remove()
