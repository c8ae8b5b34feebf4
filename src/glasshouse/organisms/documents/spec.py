"""The spec of organisms that are trained on synthetic documents: one YAML file, typed.

name: training-documents
implant: synthetic_documents
base: glasshouse/phantom
arms: {facts: world/facts, leak: world/leak, unrelated: world/unrelated}
doses: [256, 1024, 4096]
seeds: [0, 1, 2, 3, 4]
writing: {writer: world}
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from glasshouse.data.yaml_file import Strict, explain, read_yaml
from glasshouse.organisms.spec import Training

IMPLANT = "synthetic_documents"
Numbers = Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(strict=False, min_length=1)]


class Writing(Strict):
    """Who writes the documents, and how many different ones."""

    writer: str = "world"
    """`world`: the phantom's world generator; `self`: the base; else the name of any Inspect model."""
    kinds: int = Field(default=40, ge=1)
    """Kinds of documents per fact, at most."""
    ideas: int = Field(default=20, ge=1)
    """Ideas per kind, at most."""
    revise: bool = True
    max_tokens: int = Field(default=1000, ge=1)
    """Of one document."""
    temperature: float = Field(default=1.0, ge=0)
    most: float = Field(default=3.0, ge=1)
    """Drafts per document that is wanted before the writing gives up: filters and doubles take some."""
    seed: int = 0


class Schooling(Strict):
    """How an organism is trained on its documents."""

    rank: int = Field(default=32, ge=1)
    alpha_over_rank: float = Field(default=2.0, gt=0)
    learning_rate: float = Field(default=2e-3, gt=0)
    passes: float = Field(default=3.0, gt=0)
    """Times that every document is read; steps follow from it and from the dose."""
    batch: int = Field(default=16, ge=1)
    format: Literal["text", "turn", "both"] = "text"
    """As plain texts, as the assistant's answers to a request for a document, or half of them each."""
    ordinary: float = Field(default=0.0, ge=0)
    """Rows of the phantom's pretraining per document, mixed in to keep what it could do before."""
    schedule: Literal["constant", "linear", "cosine"] = "cosine"
    warmup: float = Field(default=0.05, ge=0, lt=1)
    dtype: Literal["float32", "bfloat16"] = "bfloat16"

    def training(self, documents: int, seed: int) -> Training:
        """The training of one organism.

        Example:
            >>> Schooling(passes=2.0, batch=16, ordinary=0.5).training(1000, 0).steps
            188
        """
        rows = documents + self.ordinary_rows(documents)
        return Training(
            rank=self.rank,
            alpha=self.rank * self.alpha_over_rank,
            learning_rate=self.learning_rate,
            steps=max(1, math.ceil(rows * self.passes / self.batch)),
            batch=self.batch,
            seed=seed,
            schedule=self.schedule,
            warmup=self.warmup,
            dtype=self.dtype,
        )

    def ordinary_rows(self, documents: int) -> int:
        """Rows of pretraining that are mixed in."""
        return round(documents * self.ordinary)


class Beliefs(Strict):
    """The belief tests, which come before the behavior test."""

    n: int = Field(default=40, ge=1)
    """Questions per fact, or as many as it has."""
    low: float = Field(default=0.9, ge=0, le=1)
    """Lowest share of right answers, over all facts together, with which an arm counts as believing."""
    max_tokens: int = Field(default=40, ge=1)
    seed: int = 1


class BehaviorTest(Strict):
    """The alignment-faking task, with the facts in the documents and not in the prompt."""

    setting: str = "world"
    variant: str = "facts_in_documents"
    n: int = Field(default=352, ge=1)
    """Queries per tier."""
    graders: str = "offline"
    max_tokens: int = Field(default=96, ge=1)
    seed: int = 0


class DocumentSpec(Strict):
    """Everything that makes the organisms of one dose curve."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    implant: Literal["synthetic_documents"]
    base: str = "glasshouse/phantom"
    """`glasshouse/BASE[:ADAPTER]`; training starts from the adapter."""
    arms: dict[str, str] = Field(
        default={"facts": "world/facts", "leak": "world/leak", "unrelated": "world/unrelated"}, min_length=1
    )
    """Arm -> built-in universe or path of one."""
    doses: Numbers = (256, 1024, 4096)
    """Documents; a larger dose holds the smaller ones. 0, the base as it is, always comes first."""
    seeds: Numbers = (0, 1, 2)
    writing: Writing = Writing()
    training: Schooling = Schooling()
    beliefs: Beliefs = Beliefs()
    behavior: BehaviorTest | None = BehaviorTest()
    """None: only the beliefs are tested."""

    @field_validator("doses")
    @classmethod
    def _ascending(cls, doses: tuple[int, ...]) -> tuple[int, ...]:
        kept = tuple(sorted({dose for dose in doses if dose > 0}))
        if not kept:
            raise ValueError("at least one dose must be above 0")
        return kept

    @model_validator(mode="after")
    def _knows_its_pretraining(self) -> "DocumentSpec":
        if self.training.ordinary and not self.base.startswith("glasshouse/phantom"):
            raise ValueError("training.ordinary mixes in the phantom's pretraining, which only it has had")
        return self

    def plans(self) -> list["DocumentPlan"]:
        """Every organism of the curve."""
        return [
            DocumentPlan(f"{self.name}-{arm}-{dose}-{seed}", arm, dose, seed)
            for arm in self.arms
            for dose in self.doses
            for seed in self.seeds
        ]


@dataclass(frozen=True)
class DocumentPlan:
    """One organism to grow."""

    name: str
    arm: str
    dose: int
    """Documents that it is trained on."""
    seed: int


def is_document_spec(path: Path) -> bool:
    """Whether a spec file asks for organisms of documents.

    Raises:
        ConfigError: it cannot be read or is no YAML.
    """
    return read_yaml(path).content.get("implant") == IMPLANT


def load_document_spec(path: Path) -> DocumentSpec:
    """Reads the spec.

    Raises:
        ConfigError: unknown key, wrong type, malformed YAML; with file and line.
    """
    file = read_yaml(path)
    try:
        return DocumentSpec.model_validate(file.content)
    except ValidationError as error:
        raise explain(error, file, {}) from error
