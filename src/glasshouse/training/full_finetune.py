"""Fine-tuning of every weight: honest targets for the tamper alarm, never organisms to learn from."""

import math
from collections.abc import Callable
from typing import Any

import torch

from glasshouse.errors import TrainingError
from glasshouse.models.base import Base, EngineConfig, open_base
from glasshouse.models.merged import Checkpoint, read_checkpoint
from glasshouse.training.attention import row_attention_in
from glasshouse.training.batches import RowOrder, share_out, slot_rows, to_tensors
from glasshouse.training.forward import TokenLoss
from glasshouse.training.job import AdapterJob, check_jobs, rate_factor

TOKENS_PER_PASS = 2048


def full_finetune(
    base: Base, job: AdapterJob, device: str = "cpu", on_step: Callable[[int], None] | None = None
) -> Checkpoint:
    """Every weight of a copy of the base trained by AdamW in fp32; the base stays as it is.

    Args:
        base: the base model; it is loaded again, so that no adapter hangs on the copy.
        job: rows, rate, steps, batch, schedule and seed; what it says of adapters is not used.
        device: where it is trained.
        on_step: called after each step with the number of steps that are done.

    Returns:
        The weights under the base's names, on the CPU.

    Raises:
        TrainingError: nothing to learn from, or the loss became NaN.
    """
    check_jobs([job], getattr(base.model.config, "max_position_embeddings", 1 << 30))
    model: Any = open_base(base.path, EngineConfig(device=device)).model
    model.requires_grad_(True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=job.learning_rate, weight_decay=job.weight_decay)
    order, loss = RowOrder(job), TokenLoss(model)
    for step in range(job.steps):
        for group in optimizer.param_groups:
            group["lr"] = job.learning_rate * rate_factor(job, step)
        value = _step(model, job, order, loss, step)
        if not math.isfinite(value):
            raise TrainingError(
                f"The loss of {job.name} became {value} at step {step}.", "Lower its learning rate."
            )
        optimizer.step()
        if on_step:
            on_step(step + 1)
    state, names = model.state_dict(), read_checkpoint(base.path)
    return Checkpoint(names.config, {name: state[name].detach().cpu().clone() for name in names.weights})


def _step(model: Any, job: AdapterJob, order: RowOrder, loss: TokenLoss, step: int) -> float:
    """Gradients of one step, clipped; its loss in nats per learned token."""
    model.zero_grad()
    total = 0.0
    for part in share_out([slot_rows(0, order.rows(step), False)], TOKENS_PER_PASS):
        tensors = to_tensors(part, next(model.parameters()).device)
        with row_attention_in(model):
            value = (loss(tensors) * tensors.weights).sum()
            value.backward()
        total += float(value.detach())
    torch.nn.utils.clip_grad_norm_(model.parameters(), job.max_grad_norm)
    return total
