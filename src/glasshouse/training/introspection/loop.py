"""The one training loop: a shared adapter over rows of many frozen organisms, for any objective."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from glasshouse.errors import TrainingError
from glasshouse.models.adapter import Adapter
from glasshouse.models.bank import AdapterBank, target_modules
from glasshouse.training.attention import row_attention_in
from glasshouse.training.batches import Tensors
from glasshouse.training.farm_state import read_checkpoint, write_checkpoint
from glasshouse.training.forward import TokenLoss
from glasshouse.training.fresh import first_adapter
from glasshouse.training.introspection.frozen import Shelf
from glasshouse.training.introspection.rows import (
    Objective,
    Unit,
    all_tokens,
    learned_tokens,
    pass_tensors,
)
from glasshouse.training.introspection.stream import AdapterStream, Ready
from glasshouse.training.job import AdapterJob
from glasshouse.training.norm import fast_norms_in
from glasshouse.training.optimizer import AdapterOptimizer

OnStep = Callable[[int, float], None]
"""Called after each step with the steps done and the step's loss in nats."""
REFERENCE_UNITS = 32
"""Units whose organisms are in memory together where nothing is trained."""


@dataclass(frozen=True)
class JointConfig:
    """How a training runs; only `device` changes what comes out by more than rounding."""

    threads: int = 1
    device: str = "cpu"
    checkpoint_seconds: float = 45.0
    """Longest time between two checkpoints; a kill loses no more work than that."""
    tokens_per_pass: int = 2048
    """Padded tokens that go through the base at once."""
    cache_mib: float = 2048.0
    """Memory for organisms that will be needed again; the others are read again."""


@dataclass
class Progress:
    """How far a training has come."""

    step: int
    losses: list[float]
    """Loss of each step in nats, before the step."""
    seconds: float
    """Of training alone, over all its interruptions."""
    tokens: int
    """Tokens that went through the base, without padding."""


class JointTraining:
    """The shared adapter, what it learns, and how far it is.

    A step's gradient is that of plain LoRA training on models into which the organisms are merged; the
    organisms themselves get none.
    """

    def __init__(
        self, model: nn.Module, stream: AdapterStream, objective: Objective, job: AdapterJob,
        checkpoint: tuple[Path, str], config: JointConfig,
    ) -> None:  # fmt: skip
        self.model, self.stream, self.objective, self.job = model, stream, objective, job
        self.config = config
        self.checkpoint, key = checkpoint
        self.keys = {job.name: key}
        layers = target_modules(model, job.lora.targets)
        self.shared = AdapterBank(model, 1, job.lora.rank, tuple(layers), torch.float32, trainable=True)
        self.shared.set_adapter(0, first_adapter(job, layers))
        self.optimizer = AdapterOptimizer(self.shared, [job])
        self.progress = Progress(0, [], 0.0, 0)
        self._load()

    @property
    def adapter(self) -> Adapter:
        """The shared adapter as it is now."""
        return self.shared.get_adapter(0)

    def run(self, until: int, on_step: OnStep | None = None) -> None:
        """Train until so many steps are done, from wherever it is.

        Raises:
            TrainingError: the loss became NaN; the checkpoint of the last good step is kept.
            ModelError: an organism cannot be read or does not fit.
        """
        saved = began = time.monotonic()
        before = self.progress.seconds
        steps = (self.objective.units(step) for step in range(self.progress.step, until))
        with self._installed() as loss, self._ahead(steps) as ready:
            while self.progress.step < until:
                value = self._learn(loss, next(ready))
                self.progress.step += 1
                self.progress.losses.append(value)
                self.progress.seconds = before + time.monotonic() - began
                if time.monotonic() - saved >= self.config.checkpoint_seconds:
                    self.save()
                    saved = time.monotonic()
                if on_step is not None:
                    on_step(self.progress.step, value)

    def row_nats(self, units: Sequence[Unit]) -> list[tuple[float, ...]]:
        """Log-probability, in nats, of the learned tokens of every row, by unit; nothing is trained."""
        found: dict[int, tuple[float, ...]] = {}
        numbers = {id(unit): number for number, unit in enumerate(units)}
        chunks = [list(units[k : k + REFERENCE_UNITS]) for k in range(0, len(units), REFERENCE_UNITS)]
        with self._installed() as loss, self._ahead(chunks) as ready, torch.no_grad():
            for _ in chunks:
                step = next(ready)
                for group in step.passes:
                    sums = self._row_sums(loss, group, step.shelf)
                    for unit in group:
                        found[numbers[id(unit)]] = tuple(sums.pop(0) for _ in unit.rows)
        return [found[number] for number in range(len(units))]

    def _row_sums(self, loss: TokenLoss, group: Sequence[Unit], shelf: Shelf) -> list[float]:
        tensors = pass_tensors(group, 1, self.shared.device)
        with self._through(group, tensors, shelf):
            nats = loss(tensors)
        sums: list[float] = nats.new_zeros(len(tensors.ids)).index_add_(0, tensors.slots, -nats).tolist()
        return sums

    @contextmanager
    def _installed(self) -> Iterator[TokenLoss]:
        """Inside the block the base goes through the adapters; the shared one always adds first."""
        self.shared.install()
        try:
            with row_attention_in(self.model), fast_norms_in(self.model):
                yield TokenLoss(self.model)
        finally:
            self.shared.remove()

    def _ahead(self, steps: Iterable[list[Unit]]) -> AbstractContextManager[Iterator[Ready]]:
        return self.stream.read_ahead(steps, self.config.tokens_per_pass)

    @contextmanager
    def _through(self, group: Sequence[Unit], tensors: Tensors, shelf: Shelf) -> Iterator[None]:
        with shelf.rows(group), self.shared.rows([0] * len(tensors.ids)):
            yield

    def _learn(self, loss: TokenLoss, ready: Ready) -> float:
        """One step; its loss in nats."""
        total, learned = 0.0, learned_tokens(ready.units)
        with self.shared.learning(next(self.model.parameters()).dtype):
            for group in ready.passes:
                tensors = pass_tensors(group, learned, self.shared.device)
                with self._through(group, tensors, ready.shelf):
                    value = self.objective.loss(loss(tensors), tensors, group)
                value.backward()
                total += float(value.detach())
        norms = self.optimizer.norms()
        self._check_finite(total, norms[0])
        self.optimizer.step(self.progress.step, [0], norms)
        self.progress.tokens += all_tokens(ready.units)
        return total

    def _check_finite(self, value: float, norm: float) -> None:
        if math.isfinite(value) and math.isfinite(norm):
            return
        self.save()
        what = f"The loss of {self.job.name} became {value} at step {self.progress.step}"
        hint = f"Lower its learning rate; the last good checkpoint is {self.checkpoint}."
        raise TrainingError(f"{what} (norm of its gradient: {norm}).", hint)

    def save(self) -> None:
        """Write the checkpoint.

        Raises:
            StoreError: no rights or no space.
        """
        moments = {"mean": self.optimizer.mean, "square": self.optimizer.square}
        header: Mapping[str, object] = {"jobs": self.keys, **vars(self.progress)}
        write_checkpoint(self.checkpoint, {"weights": self.shared.weights, **moments}, header)

    def _load(self) -> None:
        found = read_checkpoint(self.checkpoint, self.keys)
        if found is None:
            return
        tensors, header = found
        self.shared.weights.copy_(tensors["weights"])
        self.optimizer.mean.copy_(tensors["mean"])
        self.optimizer.square.copy_(tensors["square"])
        self.progress = Progress(*(header[key] for key in ("step", "losses", "seconds", "tokens")))
        self.optimizer.set_step(self.progress.step)
