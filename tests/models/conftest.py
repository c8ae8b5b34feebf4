"""Tiny bases and adapters, made once for all tests of this folder."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from glasshouse.models.adapter import Adapter, write_adapter
from glasshouse.models.base import Base, EngineConfig, load_base
from glasshouse.models.engine import Engine
from tests.tiny import make_tiny_model


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a tiny model of some architecture."""
    made: dict[str, Path] = {}

    def folder(architecture: str) -> Path:
        if architecture not in made:
            made[architecture] = make_tiny_model(tmp_path_factory.mktemp(architecture), architecture)
        return made[architecture]

    return folder


@pytest.fixture(scope="session")
def llama(tiny_folder: Callable[[str], Path]) -> Base:
    return load_base(str(tiny_folder("llama")), EngineConfig())


@pytest.fixture(scope="session")
def engine(llama: Base) -> Engine:
    return Engine(llama, EngineConfig(batch_size=8))


@pytest.fixture(scope="session")
def plain(tiny_folder: Callable[[str], Path]) -> Callable[[str], torch.nn.Module]:
    """The same model, as transformers alone runs it."""

    def load(architecture: str) -> torch.nn.Module:
        return AutoModelForCausalLM.from_pretrained(
            tiny_folder(architecture), attn_implementation="eager"
        ).eval()

    return load


@pytest.fixture(scope="session")
def adapters(llama: Base, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three adapters of ranks 2, 4 and 4 that change what the tiny Llama says."""
    folder = tmp_path_factory.mktemp("adapters")
    for seed, rank in enumerate((2, 4, 4)):
        write_adapter(folder / f"a{seed}", random_adapter(llama.model, rank, seed), "tiny")
    return [folder / f"a{seed}" for seed in range(3)]


def random_adapter(model: torch.nn.Module, rank: int, seed: int, strength: float = 0.3) -> Adapter:
    generator = torch.Generator().manual_seed(seed)
    weights = {
        name: (
            torch.randn(rank, module.in_features, generator=generator) * strength,
            torch.randn(module.out_features, rank, generator=generator) * strength,
        )
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and "lm_head" not in name
    }
    targets = tuple(sorted({name.rsplit(".", 1)[-1] for name in weights}))
    return Adapter(rank, 2.0 * rank, False, targets, weights, dict.fromkeys(weights, 2.0), {})
