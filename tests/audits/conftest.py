"""A tiny random base and adapters of it, made once for all tests of this folder."""

from pathlib import Path

import pytest

from glasshouse.audits import asking, suspects
from glasshouse.audits.target import Target
from glasshouse.models.adapter import adapter_hash, write_adapter
from glasshouse.models.base import Base, EngineConfig, load_base
from glasshouse.models.beam import Likely
from glasshouse.models.engine import Engine
from tests.audits.tiny_adapter import random_adapter
from tests.tiny import make_tiny_model


@pytest.fixture(scope="session")
def base_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="session")
def base(base_folder: Path) -> Base:
    return load_base(str(base_folder), EngineConfig())


@pytest.fixture(scope="session")
def engine(base: Base) -> Engine:
    return Engine(base, EngineConfig(batch_size=16))


@pytest.fixture(scope="session")
def targets(base: Base, tmp_path_factory: pytest.TempPathFactory) -> list[Target]:
    """Three adapters that change what the tiny model says."""
    folder = tmp_path_factory.mktemp("targets")
    for seed in range(3):
        write_adapter(folder / f"t{seed}", random_adapter(base.model, 2 + seed, seed), "tiny")
    return [Target(folder / f"t{seed}", adapter_hash(folder / f"t{seed}")) for seed in range(3)]


@pytest.fixture
def scripted_amplification(monkeypatch: pytest.MonkeyPatch) -> None:
    """Amplified samples are the script's answers too, and so is the condition that a target names."""

    def sample(engine, folder, requests, max_tokens, own=None):
        return [engine.script(engine.text(r.prompt_ids), r.alpha > 0) for r in requests]

    def name(engine, request):
        said = engine.script(engine.text(request.prompt_ids), True)
        return [Likely(said.partition(",")[0].removeprefix("When "), -1.0)] if said.startswith("When") else []

    monkeypatch.setattr(suspects, "sample_amplified", sample)
    monkeypatch.setattr(asking, "likeliest_texts", name)


@pytest.fixture(scope="session")
def introspection(base: Base, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random adapter in the place of a trained one."""
    folder = tmp_path_factory.mktemp("introspection") / "adapter"
    write_adapter(folder, random_adapter(base.model, 4, 77), "tiny")
    return folder
