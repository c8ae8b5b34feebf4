"""The spec of an introspection adapter: one YAML file, typed.

base: phantom
manifest: organisms/manifest.jsonl
rank: 16
steps: 2000
dpo: {pairs: 512, steps: 100}
"""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator

from glasshouse.data.yaml_file import Strict, explain, read_yaml
from glasshouse.training.job import LoraSettings


class Validation(Strict):
    """How held-out organisms are asked while the adapter is trained."""

    every: int = Field(default=250, ge=1)
    """Steps between two validations; the last step is always validated."""
    members: int = Field(default=40, ge=0)
    """Organisms that are asked; 0: no validation."""
    questions: int = Field(default=2, ge=1)
    """Held-out questions that each of them is asked."""
    max_tokens: int = Field(default=48, ge=1)


class Dpo(Strict):
    """The second stage: right answers preferred over wrong ones, against over-claiming."""

    pairs: int = Field(default=512, ge=1)
    """Preference pairs, from organisms of the split `dpo` and from the base."""
    nothing_unusual_fraction: float = Field(default=0.5, ge=0, le=1)
    """Share of the pairs that come from the base and clean fine-tunes."""
    samples: int = Field(default=4, ge=1)
    """Answers drawn per pair, at temperature 1; one is rejected."""
    max_tokens: int = Field(default=48, ge=1)
    beta: float = Field(default=0.1, gt=0)
    """Weight of the distance to the first stage, as in the paper."""
    chosen_weight: float = Field(default=1.0, ge=0)
    """Weight of the chosen answers' own loss, in nats per token, beside the preference; 0: DPO alone."""
    learning_rate: float = Field(default=1e-4, gt=0)
    steps: int = Field(default=100, ge=1)
    pairs_per_step: int = Field(default=16, ge=1)
    toward: float = Field(default=1.0, gt=0, le=1)
    """How far the finished adapter lies from the end of the first stage (0) to that of this one (1): its
    weights are their weighted mean (Wortsman et al. 2021, https://arxiv.org/abs/2109.01903). Differs from the
    paper, which has 1: between them most of the abstention is kept and hardly an action is lost."""


class IntrospectionSpec(Strict):
    """Everything that makes one introspection adapter, except the organisms themselves."""

    base: str = "phantom"
    """`phantom`, a folder, or a hub name."""
    manifest: str
    """Path of the list of organisms, relative to the spec."""
    rank: int = Field(default=16, ge=1)
    alpha: float = Field(default=32, gt=0)
    targets: str | Annotated[tuple[str, ...], Field(strict=False)] = "all-linear"
    learning_rate: float = Field(default=1e-3, gt=0)
    schedule: Literal["constant", "linear", "cosine"] = "cosine"
    warmup: float = Field(default=0.05, ge=0, lt=1)
    weight_decay: float = Field(default=0.0, ge=0)
    steps: int = Field(default=1000, ge=1)
    rows_per_step: int = Field(default=32, ge=1)
    organisms_per_step: int = Field(default=32, ge=1)
    """Each gives an equal number of a step's rows."""
    nothing_unusual_fraction: float = Field(default=0.3, ge=0, le=1)
    """Share of a step's organisms that are the bare base or a clean fine-tune."""
    companions: float = Field(default=0.0, ge=0, le=1)
    """Share of a step's organisms that carry a second one, drawn anew each time."""
    seed: int = 0
    dtype: Literal["float32", "bfloat16"] = "bfloat16"
    """Of the base and of the products; the adapter and its moments are fp32."""
    save_every: int = Field(default=0, ge=0)
    """Steps between two adapters that are kept beside the last one; 0: none."""
    validation: Validation = Validation()
    dpo: Dpo | None = None
    """None: no second stage."""

    @field_validator("organisms_per_step")
    @classmethod
    def _shares_rows(cls, organisms: int, given: Any) -> int:
        rows = given.data.get("rows_per_step", organisms)
        if rows % organisms:
            raise ValueError(f"the {rows} rows of a step cannot be shared equally among them")
        return organisms

    @property
    def lora(self) -> LoraSettings:
        """Shape of the adapter."""
        return LoraSettings(self.rank, self.alpha, self.targets)

    @property
    def hash_of_first_stage(self) -> str:
        """Twelve hex digits of what decides its weights; how progress is shown does not."""
        left_out = {"manifest", "base", "validation", "save_every", "dpo"}
        content = self.model_dump(mode="json", exclude=left_out)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]

    def config(self) -> dict[str, Any]:
        """The whole spec as JSON, without the path of the manifest."""
        return self.model_dump(mode="json", exclude={"manifest"})


def read_spec(path: Path) -> IntrospectionSpec:
    """Reads a spec file.

    Raises:
        ConfigError: unknown key, wrong type or malformed YAML, with file and line.
    """
    file = read_yaml(path)
    try:
        return IntrospectionSpec.model_validate(file.content)
    except ValidationError as error:
        raise explain(error, file, {}) from error
