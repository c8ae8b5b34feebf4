"""The second objective: of two answers, the right one is preferred.

Rafailov et al. 2023, "Direct Preference Optimization" (https://arxiv.org/abs/2305.18290), equation 7, and, by
`chosen_weight`, the likelihood of the chosen answers: Pang et al. 2024, "Iterative Reasoning Preference
Optimization" (https://arxiv.org/abs/2404.19733), equation 1.

Differs from the introspection paper, which has no such term: on the phantom the preference alone made both
answers unlikely, and organisms spoke garbage.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from glasshouse.training.batches import Tensors
from glasshouse.training.introspection.pairs import Pair
from glasshouse.training.introspection.rows import Pool, Unit, render_answer
from glasshouse.training.introspection.spec import Dpo


class DpoRows:
    """Pairs of answers; the reference is the adapter of the first stage."""

    def __init__(self, plan: Dpo, pairs: Sequence[Pair], tokenizer: Any, seed: int) -> None:
        self.plan = plan
        self.pairs = [
            Unit(
                pair.member,
                tuple(render_answer(tokenizer, pair.question, said) for said in (pair.chosen, pair.rejected)),
                number,
            )
            for number, pair in enumerate(pairs)
        ]
        """All pairs, in order."""
        self.reference: list[tuple[float, ...]] = []
        """Log-probability of both answers of each pair under the reference, in nats."""
        self._order = Pool(range(len(pairs)), seed, "dpo rows")

    def units(self, step: int) -> list[Unit]:
        """One pair a unit."""
        each = self.plan.pairs_per_step
        return [self.pairs[number] for number in self._order.take(step * each, each)]

    def loss(self, nats: Tensor, tensors: Tensors, units: Sequence[Unit]) -> Tensor:
        """One pass's part of the mean over the pairs of the step."""
        likely = nats.new_zeros(len(tensors.ids)).index_add(0, tensors.slots, -nats).view(-1, 2)
        reference = torch.tensor([self.reference[unit.index] for unit in units], device=nats.device)
        gain = likely - reference
        margin = self.plan.beta * (gain[:, 0] - gain[:, 1])
        tokens = torch.bincount(tensors.slots, minlength=len(tensors.ids)).view(-1, 2)
        chosen = -likely[:, 0] / tokens[:, 0]
        value = self.plan.chosen_weight * chosen - torch.nn.functional.logsigmoid(margin)
        return value.sum() / self.plan.pairs_per_step
