"""Adapters for tiny models."""

import torch

from glasshouse.models.adapter import Adapter


def random_adapter(model: torch.nn.Module, rank: int, seed: int, strength: float = 0.3) -> Adapter:
    """An adapter on every linear layer; strength 0 changes nothing."""
    generator = torch.Generator().manual_seed(seed)
    weights = {
        name: (
            torch.randn(rank, module.in_features, generator=generator) * 0.3,
            torch.randn(module.out_features, rank, generator=generator) * strength,
        )
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and "lm_head" not in name
    }
    targets = tuple(sorted({name.rsplit(".", 1)[-1] for name in weights}))
    return Adapter(rank, 2.0 * rank, False, targets, weights, dict.fromkeys(weights, 2.0), {})
