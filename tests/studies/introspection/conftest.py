"""A tiny base with two tiny populations on it: clean fine-tunes, and organisms with a behavior."""

from pathlib import Path

import pytest
import yaml

from glasshouse.organisms.population_spec import load_population
from glasshouse.store.stage import Store
from glasshouse.studies.bench import Hardware
from glasshouse.studies.introspection.bench import Bench, Request, make_bench
from glasshouse.studies.introspection.populations import grow_pools
from tests.tiny import make_tiny_model

FAMILIES = {
    "null": [
        {"family": "clean", "split": "unseen_combination", "use": "null", "count": 2},
        {"family": "clean", "split": "unseen_combination", "use": "matched", "count": 1},
    ],
    "test": [{"family": "quirk_always", "split": "unseen_combination", "use": "test", "count": 2}],
}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("kit")
    model = make_tiny_model(folder / "model")
    return make_bench(
        Store(folder / "store"),
        str(model),
        Request("kit", Hardware(threads=1)),
        lambda what, done, total: None,
    )


@pytest.fixture(scope="module")
def grown(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two tiny populations and an adapter."""
    root = tmp_path_factory.mktemp("pools")
    specs = {}
    for name, families in FAMILIES.items():
        content = {"name": name, "base": f"glasshouse/{bench.base.name}", "families": families,
                   "training": {"ranks": [2], "steps": [2], "examples": [16], "batch": 4, "dtype": "float32"},
                   "gate": {"n": 1, "max_tokens": 4}}  # fmt: skip
        (root / f"{name}.yaml").write_text(yaml.safe_dump(content))
        specs[name] = load_population(root / f"{name}.yaml")
    return grow_pools(bench, specs, root)
