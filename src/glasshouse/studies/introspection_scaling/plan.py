"""The cells of the scaling study: what is varied, with everything else as in the cell at the center."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Literal

from glasshouse.errors import ConfigError
from glasshouse.organisms.population_spec import PopulationSpec, load_population
from glasshouse.studies.introspection.plan import Thin
from glasshouse.studies.introspection.work import HELD_OUT_QUESTIONS, Work
from glasshouse.training.introspection.spec import IntrospectionSpec, Validation

Axis = Literal["organisms", "families", "rank", "vector", "alone", "base", "twin"]
AXES: tuple[Axis, ...] = ("organisms", "families", "rank", "vector", "alone", "base", "twin")
SPEC_FILES = {
    "train": "introspection.yaml",
    "test": "introspection_test.yaml",
    "clean": "introspection_clean_test.yaml",
}
SIZES = ("phantom-1m", "phantom-2m", "phantom")
"""The phantom's sizes, the smallest first; one that this installation lacks is listed and cannot be run."""


@dataclass(frozen=True)
class Cell:
    """One adapter and what it is asked."""

    axis: Axis
    model: str
    organisms: int
    """Training organisms, clean ones included."""
    families: int | None = None
    """Families that behave; None: all."""
    rank: int | None = None
    """Of the adapter; None: no adapter (a vector, or nothing)."""
    label: str = ""
    """Of a base: its size or folder's name."""

    @property
    def name(self) -> str:
        """As it is typed after --only.

        Example:
            >>> Cell("organisms", "phantom", 64, rank=16).name, Cell("vector", "phantom", 410).name
            ('organisms-64', 'vector')
        """
        value: object = {
            "organisms": self.organisms, "families": self.families, "rank": self.rank,
            "base": self.label, "twin": self.label,
        }.get(self.axis)  # fmt: skip
        return self.axis if value is None else f"{self.axis}-{value}"


@dataclass(frozen=True)
class ScalingPlan:
    """The whole study; its fields are the run's config, the list of twins aside."""

    model: str
    counts: tuple[int, ...] = (16, 32, 64, 128, 256, 512, 1024)
    families: tuple[int, ...] = (1, 2, 3, 5, 8, 11)
    family_organisms: int = 240
    """Training organisms of every cell of the axis `families`, however many families they come from."""
    ranks: tuple[int, ...] = (1, 2, 4, 8, 16, 32)
    center_organisms: int = 400
    center_rank: int = 16
    steps: int = 1200
    """The same for every cell: what is varied is not the compute."""
    samples: int = 1
    test: Thin = field(default_factory=lambda: Thin(organisms=12))
    """Of the test population."""
    clean: Thin = field(default_factory=lambda: Thin(organisms=100))
    train: Thin = field(default_factory=Thin)
    rows_per_step: int = 32
    sizes: tuple[str, ...] = ()
    """Other bases, with populations of their own."""
    specs: str = ""
    dtype: Literal["float32", "bfloat16"] = "bfloat16"
    group: int = 64
    seed: int = 0

    @property
    def center(self) -> Cell:
        """The cell from which all others differ in one thing."""
        return Cell("organisms", self.model, self.center_organisms, rank=self.center_rank)

    def cells(self, twins: Sequence[str] = ()) -> list[Cell]:
        """Every cell, center first.

        Args:
            twins: folders of ablated bases.
        """
        center = self.center
        found = [center]
        found += [replace(center, organisms=n) for n in self.counts]
        found += [
            replace(center, axis="families", organisms=self.family_organisms, families=k)
            for k in self.families
        ]
        found += [replace(center, axis="rank", rank=rank) for rank in self.ranks]
        found += [replace(center, axis="vector", rank=None), replace(center, axis="alone", rank=None)]
        found += [replace(center, axis="base", model=size, label=size) for size in self.sizes]
        found += [replace(center, axis="twin", model=each, label=Path(each).name) for each in twins]
        return list({cell.name: cell for cell in found}.values())

    @cached_property
    def factor(self) -> int:
        """How often every training group's count is taken, so that the largest cell has its organisms."""
        spec = self._load("train")
        own = sum(group.count for group in spec.families if group.use == "train")
        most = max((self.center_organisms, self.family_organisms, *self.counts))
        return max(1, -(-most // own))

    def population(self, name: str, cell: Cell) -> PopulationSpec:
        """A population of one cell's base: of the main one for all cells, of others what their cell needs."""
        spec = self._load(name)
        training = spec.training.model_copy(update={"dtype": self.dtype})
        spec = spec.model_copy(update={"base": f"glasshouse/{cell.model}", "training": training})
        if name != "train":
            return (self.test if name == "test" else self.clean).apply(spec)
        groups = [group for group in spec.families if group.use == "train"]
        times: float = self.factor
        if cell.model != self.model:
            times = min(1.0, cell.organisms / sum(group.count for group in groups))
        counted = tuple(
            group.model_copy(update={"count": math.ceil(group.count * times)}) for group in groups
        )
        return self.train.apply(spec.model_copy(update={"families": counted}))

    def _load(self, name: str) -> PopulationSpec:
        folder = (
            Path(self.specs) if self.specs else Path(str(resources.files("glasshouse"))) / "organisms/specs"
        )
        path = folder / SPEC_FILES[name]
        if not path.is_file():
            raise ConfigError(
                f"There is no population {path}.", "Put it there, or give --specs a folder that has it."
            )
        return load_population(path)

    def adapter_spec(self, cell: Cell) -> IntrospectionSpec:
        """How a cell's adapter is trained: the first stage alone, as in the paper's sweeps."""
        rank = cell.rank or self.center_rank
        return IntrospectionSpec(
            base=cell.model, manifest="manifest.jsonl", rank=rank, alpha=2.0 * rank, steps=self.steps,
            rows_per_step=self.rows_per_step, organisms_per_step=self.rows_per_step, seed=self.seed,
            dtype=self.dtype, validation=Validation(members=0),
        )  # fmt: skip

    def config(self) -> dict[str, object]:
        """Everything that decides the numbers."""
        files: Mapping[str, object] = {name: self._load(name).model_dump(mode="json") for name in SPEC_FILES}
        return asdict(self) | {"populations": files}


def full_plan(model: str = "phantom", **changes: object) -> ScalingPlan:
    """The whole study; the phantom's other sizes only where the main base is the phantom."""
    sizes = tuple(size for size in SIZES if size != model) if model.startswith("phantom") else ()
    return replace(ScalingPlan(model=model, sizes=sizes), **changes)  # type: ignore[arg-type]


def small_plan(model: str = "phantom", **changes: object) -> ScalingPlan:
    """A few cells in minutes."""
    plan = ScalingPlan(
        model=model, counts=(8, 24), families=(1, 3), family_organisms=8, ranks=(1,), center_organisms=16,
        center_rank=4, steps=40, test=Thin(organisms=1, steps=60, examples=128, gate=2),
        clean=Thin(organisms=4, steps=60, examples=128, gate=2),
        train=Thin(organisms=2, steps=60, examples=128, gate=2), rows_per_step=8,
    )  # fmt: skip
    return replace(plan, **changes)  # type: ignore[arg-type]


def choose(cells: Sequence[Cell], only: Sequence[str]) -> list[Cell]:
    """The cells that are asked for; all where none is named.

    Raises:
        ConfigError: a name is of no cell.
    """
    names = {cell.name: cell for cell in cells}
    unknown = [name for name in only if name not in names]
    if unknown:
        raise ConfigError(f"There is no cell {unknown[0]!r}.", f"Choose from {', '.join(names)}.")
    return [names[name] for name in only] if only else list(cells)


def work(plan: ScalingPlan, cells: Sequence[Cell]) -> list[Work]:
    """What the cells cost: populations once per base, then every cell."""
    lines = []
    for model in dict.fromkeys(cell.model for cell in cells):
        cell = next(each for each in cells if each.model == model)
        for name in SPEC_FILES:
            spec = plan.population(name, cell)
            count = sum(group.count for group in spec.families)
            gates = count * spec.gate.n * 3
            lines.append(Work("grow", f"population {name} on {model}", count, spec.rows_seen, gates))
    for cell in cells:
        pools = [plan.population(name, cell) for name in ("test", "clean")]
        asked = sum(group.count for pool in pools for group in pool.families)
        rows = 0 if cell.axis == "alone" else plan.steps * plan.rows_per_step
        answers = asked * plan.samples * HELD_OUT_QUESTIONS
        lines.append(Work("cell", cell.name, cell.organisms, rows, answers))
    return lines
