"""One cell: its organisms picked, its adapter (or vector) trained, the same targets asked."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from glasshouse.errors import ConfigError
from glasshouse.seeds import python_rng
from glasshouse.store.hashing import json_hash
from glasshouse.store.runs import RunFolder
from glasshouse.store.stage import StageKey
from glasshouse.studies.introspection.adapter import train_adapter
from glasshouse.studies.introspection.asked import Setup, ask
from glasshouse.studies.introspection.bench import Bench
from glasshouse.studies.introspection.pools import read_pool
from glasshouse.studies.introspection.populations import grow_pools
from glasshouse.studies.introspection.reading import Reading, reading_from, to_row
from glasshouse.studies.introspection_scaling.plan import SPEC_FILES, Cell, ScalingPlan
from glasshouse.training.introspection.loop import JointConfig
from glasshouse.training.introspection.manifest import Member, read_manifest
from glasshouse.training.introspection.train import manifest_hash
from glasshouse.training.introspection.vector import train_vector

FOLDER = "cells"
VECTOR_VERSION = 1
"""Raised by hand when an unchanged cell would come out as another vector."""


@dataclass(frozen=True)
class Measured:
    """A cell with what its targets said."""

    cell: Cell
    families: tuple[str, ...]
    """That the adapter learned from."""
    organisms: int
    """That it learned from: fewer than the cell asks for where the population has no more."""
    test: tuple[Reading, ...]
    clean: tuple[Reading, ...]


def run_cell(bench: Bench, plan: ScalingPlan, cell: Cell, run: RunFolder) -> Measured:
    """Populations of the cell's base (shared by its cells), its adapter, its answers; kept in the run.

    Raises:
        ConfigError: the base cannot be made to learn so many organisms or families.
        TrainingError: a loss became NaN.
    """
    specs = {name: plan.population(name, cell) for name in SPEC_FILES}
    manifests = grow_pools(bench, specs, run.path / "organisms" / bench.base.hash)
    members = pick(read_manifest(manifests["train"]), cell, plan.seed)
    setup = _setup(bench, plan, cell, members)
    test = ask(bench, f"{cell.name}: test", read_pool(manifests["test"]), setup)
    clean = ask(bench, f"{cell.name}: clean", read_pool(manifests["clean"]), setup)
    families = tuple(sorted({member.label.family for member in members}))
    found = Measured(cell, families, len(members), tuple(test), tuple(clean))
    _keep(run, found)
    return found


def _setup(bench: Bench, plan: ScalingPlan, cell: Cell, members: Sequence[Member]) -> Setup:
    if cell.axis == "alone":
        return Setup(None, plan.samples, plan.seed)
    if cell.axis == "vector":
        return Setup(None, plan.samples, plan.seed, _vector(bench, plan, cell, members))
    return Setup(train_adapter(bench, plan.adapter_spec(cell), members).adapter, plan.samples, plan.seed)


def _vector(bench: Bench, plan: ScalingPlan, cell: Cell, members: Sequence[Member]) -> Path:
    spec = plan.adapter_spec(cell)
    inputs = {"base": bench.base.hash, "members": manifest_hash(members)}
    stage = bench.store.stage(StageKey("introspection_vector", VECTOR_VERSION, spec.config(), inputs))
    path = stage.path / "steering.safetensors"
    if not stage.done:
        config = JointConfig(threads=bench.config.threads, device=bench.config.device)
        train_vector(bench.base, spec, members, stage.path, config, bench.tell)
        stage.finish({})
    return path


def pick(members: Sequence[Member], cell: Cell, seed: int) -> list[Member]:
    """A cell's training organisms: nested, and each family with its share.

    Families are taken largest first, those of like size in an order drawn by seed; clean ones are always
    there.

    Raises:
        ConfigError: there are no such many families.
    """
    behaving = [m for m in members if m.label.sentences]
    clean = [m for m in members if not m.label.sentences]
    sizes = {family: sum(m.label.family == family for m in behaving) for family in _names(behaving)}
    rng = python_rng(seed, "families")
    order = sorted(sorted(sizes), key=lambda family: (-sizes[family], rng.random()))
    if cell.families is not None:
        if cell.families > len(order):
            raise ConfigError(
                f"The cell {cell.name} needs {cell.families} families, and there are {len(order)}.",
                "Leave it out with --only and the cells that are wanted.",
            )
        behaving = [m for m in behaving if m.label.family in order[: cell.families]]
    share = len(clean) / len(members) if members else 0.0
    quiet = round(share * cell.organisms)
    return [*_spread(behaving, cell.organisms - quiet), *_spread(clean, quiet)]


def _names(members: Sequence[Member]) -> set[str]:
    return {member.label.family for member in members}


def _spread(members: Sequence[Member], n: int) -> list[Member]:
    """The first `n` where every family's organisms come at even distances."""
    sizes = {family: sum(m.label.family == family for m in members) for family in _names(members)}
    seen: dict[str, int] = {}
    placed = []
    for number, member in enumerate(members):
        family = member.label.family
        placed.append(((seen.get(family, 0) + 0.5) / sizes[family], number, member))
        seen[family] = seen.get(family, 0) + 1
    return [member for *_, member in sorted(placed, key=lambda each: each[:2])[:n]]


def _keep(run: RunFolder, found: Measured) -> None:
    about = {"cell": asdict(found.cell), "families": list(found.families), "organisms": found.organisms}
    path = run.path / FOLDER
    path.mkdir(parents=True, exist_ok=True)
    rows = {"test": [to_row(one) for one in found.test], "clean": [to_row(one) for one in found.clean]}
    run.write(f"{FOLDER}/{_file(found.cell)}", about | rows)


def _file(cell: Cell) -> str:
    return f"{cell.name}-{json_hash(asdict(cell))[:8]}.json"


def measured(run: RunFolder, cell: Cell) -> Measured | None:
    """What a cell that was run left; None where it was not."""
    found: dict[str, Any] | None = run.read(f"{FOLDER}/{_file(cell)}")
    if found is None:
        return None
    readings = (tuple(reading_from(row) for row in found[name]) for name in ("test", "clean"))
    return Measured(Cell(**found["cell"]), tuple(found["families"]), found["organisms"], *readings)
