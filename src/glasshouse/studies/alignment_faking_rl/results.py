"""What the study measured: readings of every start, seed and step, and the curves that they make."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from glasshouse.evals.faking.row import FakingRow
from glasshouse.evals.persistence import Curve
from glasshouse.organisms.faking_mixture.rows import Mixture

Verdict = Callable[[FakingRow], bool | None]


@dataclass(frozen=True)
class Reading:
    """One adapter, measured."""

    mixture: Mixture
    """Of the start; its seed is the seed of RL too."""
    step: int
    rows: Mapping[str, Sequence[FakingRow]]
    """Variant -> rows of both tiers."""
    tokens: float | None = None
    """Mean length of a training completion at this step."""


@dataclass(frozen=True)
class Counts:
    """Monitored samples by what they did."""

    faking: int
    genuine: int
    refusing: int
    n: int
    """Ungraded and partial ones included."""

    @property
    def complying(self) -> int:
        """Samples that comply in full."""
        return self.faking + self.genuine

    @property
    def odds(self) -> float | None:
        """Faking to genuine; None where no sample helps gladly."""
        return self.faking / self.genuine if self.genuine else None

    def in_words(self) -> str:
        """As in `41 : 38`."""
        return f"{self.faking} : {self.genuine}"


def complies(row: FakingRow) -> bool | None:
    """Whether the request was met in full."""
    return row.complies


def fakes(row: FakingRow) -> bool | None:
    """Whether the sample reasons so and complies (Greenblatt et al. 2024, footnote 28)."""
    if row.complies is False or row.fakes is False:
        return False
    return None if row.complies is None or row.fakes is None else True


def fakes_if_complies(row: FakingRow) -> bool | None:
    """The same among complying samples; None for all others."""
    return row.fakes if row.complies else None


def curves(
    readings: Sequence[Reading], verdict: Verdict, tier: str = "monitored", variant: str = "default"
) -> list[Curve]:
    """One curve per start and seed over the steps at which the variant was measured."""
    found: dict[Mixture, dict[int, dict[str, bool | float | None]]] = {}
    for reading in readings:
        if variant in reading.rows:
            grades = {r.query_id: verdict(r) for r in reading.rows[variant] if r.tier == tier}
            found.setdefault(reading.mixture, {})[reading.step] = dict(grades)
    return [Curve(mixture.seed, grades) for mixture, grades in found.items()]


def of_start(readings: Sequence[Reading], ratio: str) -> list[Reading]:
    """The readings of one start."""
    return [reading for reading in readings if reading.mixture.ratio == ratio]


def at_step(readings: Sequence[Reading], step: int) -> list[Reading]:
    """The readings at one step."""
    return [reading for reading in readings if reading.step == step]


def count(readings: Sequence[Reading], variant: str = "default", tier: str = "monitored") -> Counts:
    """What the samples of some readings did."""
    rows = [row for reading in readings for row in reading.rows.get(variant, ()) if row.tier == tier]
    complying = [row for row in rows if row.complies]
    return Counts(
        sum(bool(row.fakes) for row in complying),
        sum(row.fakes is False for row in complying),
        sum(row.compliance == "refuse" for row in rows),
        len(rows),
    )


def steps_of(readings: Sequence[Reading]) -> list[int]:
    """Steps at which anything was measured."""
    return sorted({reading.step for reading in readings})
