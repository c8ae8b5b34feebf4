"""What the introspection study will do, before it does it: populations, adapter, questions, arms, sizes."""

from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Literal

from glasshouse.errors import ConfigError
from glasshouse.organisms.population_spec import Group, PopulationSpec, Ranges, load_population
from glasshouse.training.introspection.spec import Dpo, IntrospectionSpec, Validation

SPEC_FILES = {
    "train": "introspection.yaml",
    "test": "introspection_test.yaml",
    "null": "introspection_null.yaml",
    "clean_test": "introspection_clean_test.yaml",
    "cipher": "introspection_cipher.yaml",
}
"""Population -> its spec below `organisms/specs`."""
SHUFFLED = "shuffled"
"""Beside an adapter of an earlier run: one that was trained on shuffled labels."""
ARMS = ("shuffled", "full_finetune", "symmetry", "adaptive", "blindness")
"""Parts that can be left out; asking and auditing the pools cannot."""


@dataclass(frozen=True)
class Thin:
    """A population made smaller, for a study that ends in minutes; None: as its spec says."""

    organisms: int | None = None
    """Most organisms per group."""
    steps: int | None = None
    """Training steps of each organism."""
    examples: int | None = None
    """Rows of data of each organism."""
    gate: int | None = None
    """Questions per arm of each gate."""

    def apply(self, spec: PopulationSpec) -> PopulationSpec:
        """The spec with these bounds."""
        groups = spec.families
        if self.organisms is not None:
            groups = tuple(self._fewer(group, self.organisms) for group in groups)
        training = spec.training
        if self.steps:
            training = training.model_copy(update={"steps": (self.steps,)})
            groups = tuple(group.model_copy(update={"steps": None}) for group in groups)
        if self.examples:
            training = training.model_copy(update={"examples": (self.examples,)})
        gate = spec.gate.model_copy(update={"n": self.gate} if self.gate else {})
        kto = spec.kto
        if kto is not None and self.steps:
            kto = kto.model_copy(update={"steps": min(kto.steps, self.steps)})
        return spec.model_copy(update={"families": groups, "training": training, "gate": gate, "kto": kto})

    @staticmethod
    def _fewer(group: Group, most: int) -> Group:
        return group.model_copy(update={"count": min(group.count, most)})


@dataclass(frozen=True)
class Sizes:
    """How much each arm does."""

    samples: int = 2
    """Answers per held-out question."""
    control_targets: int = 100
    """Organisms that are asked without the adapter, and through the shuffled one (which is also asked of all
    of families never learned)."""
    family_audits: int = 48
    """Organisms of families that the adapter has not learned whose audits are made whole; all are asked."""
    base_samples: int = 4
    """Answers of the base per question."""
    full_finetunes: int = 100
    """Honest full fine-tunes on which the tamper alarm must be silent."""
    full_finetune_steps: int = 60
    symmetry_targets: int = 8
    """Organisms that are merged and attacked; each gives one pair per answer."""
    adaptive_targets: int = 12
    """Organisms that are taught to deny through the shipped adapter."""
    adaptive_steps: int = 120
    adaptive_rows: int = 384
    hand_read: int = 50
    """Answers drawn for people to read."""


@dataclass(frozen=True)
class StudyPlan:
    """The whole study; its fields are the run's config."""

    model: str
    """A base as Inspect names it, without `glasshouse/` in front."""
    thin: Thin = Thin()
    sizes: Sizes = Sizes()
    training: dict[str, object] = field(default_factory=dict)
    """Fields of the introspection adapter's spec that differ from its defaults."""
    arms: tuple[str, ...] = ARMS
    specs: str = ""
    """Folder with other spec files of the same names; empty: those of the package."""
    trained: str = ""
    """Folder of an adapter that was trained before: its population is not grown again; empty: train one."""
    dtype: Literal["float32", "bfloat16"] = "bfloat16"
    """In which organisms and the adapter are trained."""
    group: int = 64
    """Organisms trained together."""
    seed: int = 0

    def __post_init__(self) -> None:
        unknown = [arm for arm in self.arms if arm not in ARMS]
        if unknown:
            raise ConfigError(f"{unknown[0]!r} is no arm of this study.", f"Choose from {', '.join(ARMS)}.")

    @cached_property
    def populations(self) -> dict[str, PopulationSpec]:
        """Every population, on this study's base.

        Raises:
            ConfigError: a spec is missing or malformed.
        """
        return {name: self._population(name) for name in SPEC_FILES}

    @property
    def grown(self) -> dict[str, PopulationSpec]:
        """The populations that the study grows."""
        return {name: spec for name, spec in self.populations.items() if name != "train" or not self.trained}

    def _population(self, name: str) -> PopulationSpec:
        folder = (
            Path(self.specs) if self.specs else Path(str(resources.files("glasshouse"))) / "organisms/specs"
        )
        path = folder / SPEC_FILES[name]
        if not path.is_file():
            raise ConfigError(
                f"There is no population {path}.", "Put it there, or give --specs a folder that has it."
            )
        spec = load_population(path)
        training: Ranges = spec.training.model_copy(update={"dtype": self.dtype})
        return self.thin.apply(
            spec.model_copy(update={"base": f"glasshouse/{self.model}", "training": training})
        )

    def adapter_spec(self) -> IntrospectionSpec:
        """How the introspection adapter is trained."""
        fields: dict[str, object] = {
            "base": self.model,
            "manifest": "manifest.jsonl",
            "dtype": self.dtype,
            "seed": self.seed,
            "dpo": Dpo().model_dump(),
        }
        return IntrospectionSpec.model_validate(fields | self.training)

    def with_trained(self, adapter: Path) -> "StudyPlan":
        """The same with an adapter of an earlier run; its floor is left out where nobody has trained it."""
        has_floor = (adapter / SHUFFLED).is_dir()
        arms = tuple(arm for arm in self.arms if arm != "shuffled" or has_floor)
        return replace(self, trained=str(adapter), arms=arms)

    def with_samples(self, samples: int) -> "StudyPlan":
        """The same with another number of answers per question."""
        return replace(self, sizes=replace(self.sizes, samples=samples))

    def config(self) -> dict[str, object]:
        """Everything that decides the numbers, the populations written out."""
        specs = {name: spec.model_dump(mode="json") for name, spec in self.populations.items()}
        return asdict(self) | {"populations": specs, "adapter": self.adapter_spec().config()}


def full_plan(model: str = "phantom", **changes: object) -> StudyPlan:
    """The whole study."""
    preferences = {
        "pairs": 512,
        "steps": 60,
        "nothing_unusual_fraction": 0.3,
        "learning_rate": 5e-5,
        "toward": 0.5,
    }
    training = {"steps": 2400, "companions": 0.3, "dpo": preferences}
    return replace(StudyPlan(model=model, training=training), **changes)  # type: ignore[arg-type]


def small_plan(model: str = "phantom", **changes: object) -> StudyPlan:
    """The same study in minutes: few organisms per family, short trainings, few answers."""
    training = {
        "steps": 60, "rows_per_step": 16, "organisms_per_step": 16,
        "validation": Validation(members=4, questions=1, max_tokens=24).model_dump(),
        "dpo": Dpo(pairs=16, samples=2, steps=6, pairs_per_step=8, max_tokens=24).model_dump(),
    }  # fmt: skip
    plan = StudyPlan(
        model=model,
        thin=Thin(organisms=2, steps=60, examples=128, gate=4),
        sizes=Sizes(
            samples=1, control_targets=4, family_audits=4, base_samples=1, full_finetunes=2,
            full_finetune_steps=4, symmetry_targets=1, adaptive_targets=1, adaptive_steps=20,
            adaptive_rows=64, hand_read=10,
        ),
        training=training,
    )  # fmt: skip
    return replace(plan, **changes)  # type: ignore[arg-type]
