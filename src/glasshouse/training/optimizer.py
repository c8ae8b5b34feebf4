"""AdamW for many adapters at once, each with its own rate, schedule, clipping and count of steps."""

from collections.abc import Sequence

import torch
from torch import nn

from glasshouse.models.bank import AdapterBank
from glasshouse.training.job import AdapterJob, rate_factor


class AdapterOptimizer:
    """torch's AdamW with one parameter group per adapter, over rows of the bank's one buffer.

    Padding of smaller ranks has zero gradients and zero moments, so it stays exactly zero.
    """

    def __init__(self, bank: AdapterBank, jobs: Sequence[AdapterJob]) -> None:
        assert bank.gradients is not None, "the bank is not trainable"
        self.bank, self.jobs = bank, jobs
        self.mean = torch.zeros_like(bank.weights)
        self.square = torch.zeros_like(bank.weights)
        """First and second moments, [adapter, weight]."""
        self._parameters = [nn.Parameter(row) for row in bank.weights]
        groups = [
            {"params": [row], "weight_decay": job.weight_decay}
            for row, job in zip(self._parameters, jobs, strict=True)
        ]
        self._adamw = torch.optim.AdamW(groups, lr=0.0, fused=True)
        self.set_step(0)

    def set_step(self, step: int) -> None:
        """Say how many steps are done; a job that is finished has done its own number."""
        device = self.bank.weights.device
        for i, (row, job) in enumerate(zip(self._parameters, self.jobs, strict=True)):
            done = torch.tensor(float(min(step, job.steps)), device=device)
            self._adamw.state[row] = {"step": done, "exp_avg": self.mean[i], "exp_avg_sq": self.square[i]}

    def norms(self) -> list[float]:
        """Norm of each adapter's gradient."""
        assert self.bank.gradients is not None
        norms: list[float] = torch.linalg.vector_norm(self.bank.gradients, dim=1).tolist()
        return norms

    @torch.no_grad()
    def step(self, step: int, active: Sequence[int], norms: Sequence[float]) -> None:
        """One update of the active adapters; the others stay as they are.

        Args:
            step: steps done before this one.
            active: places of the adapters that take part.
            norms: of all adapters' gradients; larger ones are scaled down to the job's `max_grad_norm`.
        """
        assert self.bank.gradients is not None
        for row in self._parameters:
            row.grad = None
        for i in active:
            job, gradient = self.jobs[i], self.bank.gradients[i]
            if norms[i] > job.max_grad_norm:
                gradient *= job.max_grad_norm / (norms[i] + 1e-6)
            self._parameters[i].grad = gradient
            self._adamw.param_groups[i]["lr"] = job.learning_rate * rate_factor(job, step)
        self._adamw.step()
