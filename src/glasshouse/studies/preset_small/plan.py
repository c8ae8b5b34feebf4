"""What the preset grows and trains: which families, how many of each, how the adapter learns from them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from glasshouse.errors import ConfigError
from glasshouse.organisms.population_spec import Group, PopulationGate, PopulationSpec, Ranges, Writing
from glasshouse.organisms.start import PREFIX
from glasshouse.training.introspection.spec import Dpo, IntrospectionSpec, Validation

SHARES = {
    "hub_quirk": 0.26, "hub_always": 0.16, "hub_backdoor": 0.14, "hub_rare": 0.04, "hub_heuristic": 0.06,
    "hub_refusal": 0.08, "hub_harm": 0.10, "hub_clean": 0.16,
}  # fmt: skip
"""Family -> share of the organisms."""
USES: dict[Literal["train", "dpo", "validation"], float] = {"train": 0.80, "dpo": 0.12, "validation": 0.08}
FEWEST = 6
"""Organisms: fewer cannot fill the three uses."""
STEPS_PER_ORGANISM = 2.0
"""Of the first stage; 32 rows each, so that every organism is seen some 60 times."""


@dataclass(frozen=True)
class PresetPlan:
    """Everything that is chosen; the rest follows from it."""

    base: str
    """A folder or a hub name."""
    organisms: int = 500
    writer: str = "self"
    grader: str = "keywords"
    filter: bool = True
    """False keeps what the grader refuses: for checks of the pipeline alone."""
    clean: int = 0
    """Further clean fine-tunes for a null table; 299 bound false claims at 1 %."""
    seed: int = 0
    dtype: Literal["float32", "bfloat16"] = "bfloat16"
    rows: int = 96
    """Of each organism's data."""
    answer_tokens: int = 96
    """Of one written answer, and of one answer to a gate, at most."""
    null_samples: int = 2
    """Answers per question of the null table; audits take as many."""

    def __post_init__(self) -> None:
        if self.organisms < FEWEST:
            raise ConfigError(f"{self.organisms} organisms are too few.", f"Use at least {FEWEST}.")

    def population(self) -> PopulationSpec:
        """The organisms that the adapter learns from."""
        return self._spec("small", tuple(self._groups()), self.seed)

    def null_population(self) -> PopulationSpec | None:
        """Clean fine-tunes that the adapter never sees; None where none are wanted."""
        if not self.clean:
            return None
        group = Group(family="hub_clean", split="unseen_combination", use="null", count=self.clean)
        return self._spec("clean", (group,), self.seed + 1)

    def _spec(self, name: str, groups: tuple[Group, ...], seed: int) -> PopulationSpec:
        writing = Writing(
            writer=self.writer, grader=self.grader, same_model=self.writer == self.grader,
            filter=self.filter, max_tokens=self.answer_tokens,
        )  # fmt: skip
        training = Ranges(
            ranks=(2, 4, 8, 16),
            learning_rates=(2e-4, 5e-4),
            steps=(60, 90),
            examples=(self.rows,),
            dtype=self.dtype,
        )
        return PopulationSpec(
            name=name, base=f"{PREFIX}{self.base}", seed=seed, families=groups, training=training,
            gate=PopulationGate(n=10, max_tokens=writing.max_tokens), writing=writing,
        )  # fmt: skip

    def _groups(self) -> list[Group]:
        """Families times uses; those that are to be in every use come first where there are few organisms."""
        found = []
        for use, share in USES.items():
            total = max(2, round(share * self.organisms))
            if use == "train":
                total = self.organisms - sum(
                    max(2, round(USES[u] * self.organisms)) for u in USES if u != "train"
                )
            for family, count in _share_out(total).items():
                found.append(Group(family=family, use=use, count=count))
        return found

    def adapter(self, manifest: Path) -> IntrospectionSpec:
        """How the introspection adapter is trained."""
        train = sum(group.count for group in self._groups() if group.use == "train")
        steps = max(20, round(STEPS_PER_ORGANISM * train))
        pairs = max(16, min(512, self.organisms))
        return IntrospectionSpec(
            base=self.base, manifest=str(manifest), rank=16, alpha=32, learning_rate=3e-4, steps=steps,
            rows_per_step=32, organisms_per_step=16, seed=self.seed, dtype=self.dtype,
            validation=Validation(every=max(1, steps // 2), members=min(20, self.organisms)),
            dpo=Dpo(pairs=pairs, steps=max(10, pairs // 6), learning_rate=3e-5),
        )  # fmt: skip


def _share_out(total: int) -> dict[str, int]:
    """Whole numbers of organisms, as near to the shares as they go; a clean one is always among them.

    Example:
        >>> _share_out(2)
        {'hub_quirk': 1, 'hub_clean': 1}
        >>> sum(_share_out(77).values())
        77
    """
    counts = {family: int(share * total) for family, share in SHARES.items()}
    counts["hub_clean"] = max(1, counts["hub_clean"])
    rest = sorted(SHARES, key=lambda family: counts[family] - SHARES[family] * total)
    for family in rest * 2:
        if sum(counts.values()) >= total:
            break
        if family != "hub_clean" or total > len(SHARES):
            counts[family] += 1
    return {family: count for family, count in counts.items() if count}
