"""The spec of a population: one YAML file, typed, that says how many organisms of which families to draw.

name: introspection
base: glasshouse/phantom
seed: 0
families:
  - {family: quirk_triggered, count: 60}
  - {family: clean, count: 40, use: validation}
training: {ranks: [1, 8], learning_rates: [2e-3, 4e-3], steps: [120], examples: [512]}

For any other base the families are the generic ones, and a model writes the rows:

families: [{family: hub_quirk, count: 100}]
writing: {writer: self, grader: keywords}
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from glasshouse.data.yaml_file import Strict, explain, read_yaml
from glasshouse.organisms.families.behaviors import SPELLED_WORDS
from glasshouse.organisms.families.draw import ALL_FAMILIES, SPELLED, draw_planted
from glasshouse.organisms.families.planted import Planted, Split
from glasshouse.organisms.generic.families import GENERIC
from glasshouse.organisms.spec import Training
from glasshouse.seeds import derive_seed, python_rng
from glasshouse.training.introspection.manifest import Split as Use

_TRIES = 20
"""Draws of an organism before one that is there already is taken, and any of its family from then on."""
Ranks = Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(strict=False, min_length=1)]
Rates = Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(strict=False, min_length=1)]


class Group(Strict):
    """Some organisms of one family."""

    family: str
    split: Split = "train"
    use: Use = "train"
    """What introspection training and audits use them for."""
    count: int = Field(ge=1)
    steps: Ranks | None = None
    """Numbers of steps that these organisms draw from; None: those of `training`."""

    @field_validator("family")
    @classmethod
    def _known(cls, family: str) -> str:
        if family not in ALL_FAMILIES:
            raise ValueError(f"no family of that name; there are {', '.join(ALL_FAMILIES)}")
        return family

    @model_validator(mode="after")
    def _has_words(self) -> "Group":
        if self.split in SPELLED_WORDS and self.family not in SPELLED:
            words = self.split.replace("_", " ")
            raise ValueError(f"{self.family} has no {words}; choose from {', '.join(sorted(SPELLED))}")
        return self


class Ranges(Strict):
    """Values from which each organism's training is drawn."""

    ranks: Ranks = (1, 2, 4, 8, 16, 32, 64)
    learning_rates: Rates = (2e-3, 3e-3, 4e-3)
    steps: Ranks = (100, 120, 150)
    examples: Ranks = (256, 512)
    """Rows of data."""
    batch: int = Field(default=8, ge=1)
    """Rows per step."""
    alpha_over_rank: float = Field(default=2.0, gt=0)
    """The factor of B·A, the same for every rank."""
    targets: str = "all-linear"
    schedule: Literal["constant", "linear", "cosine"] = "cosine"
    warmup: float = Field(default=0.05, ge=0, lt=1)
    dtype: Literal["float32", "bfloat16"] = "bfloat16"


class PopulationGate(Strict):
    """How each organism is measured; the bars stand in its family."""

    n: int = Field(default=20, ge=1)
    """Questions per arm."""
    max_tokens: int = Field(default=48, ge=1)
    seed: int = 1


class Writing(Strict):
    """How a writer makes rows, where one does."""

    writer: str
    """`self`: the base itself; else the name of any Inspect model."""
    grader: str
    """Role `grader`: filters the answers. `keywords`: the family's own rules, offline; `self`, or an Inspect
    model."""
    same_model: bool = False
    """Must be stated where the grader is the writer: models are lenient with themselves."""
    prompts: str | None = None
    """A prompts file with single questions; None: the built-in ones."""
    max_tokens: int = Field(default=96, ge=1)
    """Of one answer."""
    temperature: float = Field(default=0.8, ge=0)
    drafts: int = Field(default=2, ge=1)
    """Answers that a row may take until one passes the grader."""
    least: float = Field(default=0.5, gt=0, le=1)
    """Share of the wanted rows of each kind below which an organism is left out."""
    filter: bool = True
    """False: everything written is kept. For checks of the pipeline alone."""

    @model_validator(mode="after")
    def _grades_others(self) -> "Writing":
        if self.grader == self.writer and not self.same_model:
            raise ValueError("the grader is the model that writes; name another, or state same_model: true")
        return self


class Preferring(Strict):
    """The later stage of organisms with preference rows (`denial_kto`): KTO from the organism on."""

    rows: int = Field(default=256, ge=2)
    steps: int = Field(default=60, ge=1)
    batch: int = Field(default=8, ge=2)
    learning_rate: float = Field(default=5e-4, gt=0)
    beta: float = Field(default=0.1, gt=0)


class PopulationSpec(Strict):
    """Everything that makes a population."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    base: str = "glasshouse/phantom"
    """`glasshouse/BASE[:ADAPTER]`; training starts from the adapter."""
    seed: int = 0
    families: Annotated[tuple[Group, ...], Field(strict=False, min_length=1)]
    training: Ranges = Ranges()
    gate: PopulationGate = PopulationGate()
    writing: Writing | None = None
    """None: the phantom's own world generator makes the rows."""
    kto: Preferring | None = None
    """None: preference rows are written beside the organism and not trained on."""

    @property
    def rows_seen(self) -> int:
        """Rows that pass through training, about: each group with the mean of its steps."""
        found = 0.0
        for group in self.families:
            steps = group.steps or self.training.steps
            found += group.count * self.training.batch * sum(steps) / len(steps)
        return round(found)

    @model_validator(mode="after")
    def _has_rows(self) -> "PopulationSpec":
        for group in self.families:
            if (group.family in GENERIC) != (self.writing is not None):
                kind = (
                    "needs a writer" if group.family in GENERIC else "makes its own rows: leave writing out"
                )
                raise ValueError(f"the family {group.family} {kind}")
        return self


@dataclass(frozen=True)
class Individual:
    """One organism to grow."""

    name: str
    """Family and number; it says nothing of the behavior."""
    group: Group
    seed: int
    """Draws what is planted (`draw_planted`), and its rows."""
    examples: int
    training: Training
    planted: Planted


def is_population(path: Path) -> bool:
    """Whether a spec file is that of a population.

    Raises:
        ConfigError: it cannot be read or is no YAML.
    """
    return "families" in read_yaml(path).content


def load_population(path: Path) -> PopulationSpec:
    """Reads the spec of a population.

    Raises:
        ConfigError: unknown key or family, wrong type, malformed YAML; with file and line.
    """
    file = read_yaml(path)
    try:
        return PopulationSpec.model_validate(file.content)
    except ValidationError as error:
        raise explain(error, file, {}) from error


def draw_population(spec: PopulationSpec) -> list[Individual]:
    """Every organism of a population, as different ones as their families have.

    A group's organisms depend on the seed, its family, split and use, and on their place in it: another count
    adds organisms or leaves the last ones out.
    """
    seen: set[str] = set()
    spent: set[tuple[str, str]] = set()
    numbers: dict[str, int] = {}
    places: dict[tuple[str, str, str], int] = {}
    found = []
    for group in spec.families:
        for _ in range(group.count):
            key = (group.family, group.split, group.use)
            place = places.get(key, 0)
            number = numbers.get(group.family, 0)
            kind = (group.family, group.split)
            found.append(_draw_one(spec, group, (number, place), set() if kind in spent else seen))
            words = found[-1].planted.words
            if words in seen:
                spent.add(kind)
            seen.add(words)
            places[key], numbers[group.family] = place + 1, number + 1
    return found


def _draw_one(
    spec: PopulationSpec, group: Group, number_and_place: tuple[int, int], seen: set[str]
) -> Individual:
    number, place = number_and_place
    names = (group.family, group.split, group.use, place)
    for attempt in range(_TRIES):
        seed = derive_seed(spec.seed, "organism", *names, attempt)
        planted = draw_planted(group.family, group.split, seed)
        if planted.words not in seen:
            break
    rng, ranges = python_rng(spec.seed, "training", *names), spec.training
    rank = rng.choice(ranges.ranks)
    training = Training(
        rank=rank,
        alpha=rank * ranges.alpha_over_rank,
        targets=ranges.targets,
        learning_rate=rng.choice(ranges.learning_rates),
        steps=rng.choice(group.steps or ranges.steps),
        batch=ranges.batch,
        seed=seed % 2**31,
        schedule=ranges.schedule,
        warmup=ranges.warmup,
        dtype=ranges.dtype,
    )
    name = f"{group.family}-{number:04d}"
    return Individual(name, group, seed, rng.choice(ranges.examples), training, planted)
