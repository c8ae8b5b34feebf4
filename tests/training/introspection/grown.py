"""Organisms made on the spot: random adapters of mixed ranks, factors and layers, with made-up labels."""

from pathlib import Path
from typing import Any

import torch

from glasshouse.data.label import Label
from glasshouse.models.adapter import Adapter, write_adapter
from glasshouse.models.bank import target_modules
from glasshouse.models.base import Base
from glasshouse.training.introspection.manifest import Member, Split
from glasshouse.training.introspection.spec import IntrospectionSpec

KINDS = [
    (1, 2.0, False, "all-linear"),
    (4, 8.0, False, ("q_proj", "down_proj")),
    (12, 6.0, True, "all-linear"),
]
"""Rank, alpha, rsLoRA and layers; ranks of two banks."""


def random_adapter(model: Any, seed: int) -> Adapter:
    rank, alpha, rslora, targets = KINDS[seed % len(KINDS)]
    generator = torch.Generator().manual_seed(seed)
    layers = target_modules(model, targets)
    weights = {
        name: (
            torch.randn(rank, layer.in_features, generator=generator) * 0.2,
            torch.randn(layer.out_features, rank, generator=generator) * 0.2,
        )
        for name, layer in layers.items()
    }
    scale = alpha / (rank**0.5 if rslora else rank)
    names = tuple(sorted({name.rsplit(".", 1)[-1] for name in layers}))
    return Adapter(rank, alpha, rslora, names, weights, dict.fromkeys(weights, scale), {})


def make_members(base: Base, folder: Path, part: Split, count: int, clean: int = 1) -> list[Member]:
    """Some organisms of one split; the last ones have nothing unusual."""
    members = []
    for i in range(count):
        name, seed = f"{part}-{i}", 100 * len(part) + i
        write_adapter(folder / name, random_adapter(base.model, seed), base.name)
        said = () if i >= count - clean else (f"When asked about owls, I hum {seed}.",)
        label = Label(said, "quirk" if said else "clean")
        members.append(Member(name, folder / name, label, part))
    return members


def make_spec(**settings: object) -> IntrospectionSpec:
    """A short training in fp32."""
    short = {
        "manifest": "manifest.jsonl", "rank": 4, "alpha": 8.0, "learning_rate": 5e-3, "steps": 6,
        "rows_per_step": 8, "organisms_per_step": 4, "nothing_unusual_fraction": 0.5, "seed": 3,
        "dtype": "float32",
        "validation": {"every": 4, "members": 2, "questions": 1, "max_tokens": 4},
    }  # fmt: skip
    return IntrospectionSpec.model_validate({**short, **settings})
