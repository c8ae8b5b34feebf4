"""Everything the study read: runs of every model and variant, analyzed together."""

from collections.abc import Sequence
from dataclasses import dataclass

from glasshouse.data.alignment_faking.variants import DEFAULT, VARIANTS
from glasshouse.evals.faking.analysis import FakingAnalysis, analyze_together
from glasshouse.evals.faking.read import FakingRun
from glasshouse.evals.faking.row import FakingRow
from glasshouse.studies.alignment_faking.plan import GROUPS


@dataclass(frozen=True)
class Read:
    """One model under one variant."""

    run: FakingRun
    analysis: FakingAnalysis
    """Its gap's p-value is adjusted over all models and variants of the study."""

    @property
    def model(self) -> str:
        """The model's label."""
        return self.run.key.model

    @property
    def variant(self) -> str:
        """The variant's name."""
        return self.run.key.variant

    @property
    def group(self) -> str:
        """The variant's group."""
        return VARIANTS[self.variant].group

    @property
    def id(self) -> str:
        """Opening of the ids of its measurements."""
        return f"{self.model}/{self.variant}"

    @property
    def has_tiers(self) -> bool:
        """Whether monitored and unmonitored were both asked."""
        return {"monitored", "unmonitored"} <= {tier.tier for tier in self.analysis.tiers}

    def rows(self, tier: str) -> dict[tuple[str, int], FakingRow]:
        """(Query, repeat) -> what came of it in a tier."""
        return {(row.query_id, row.repeat): row for row in self.run.rows if row.tier == tier}


@dataclass(frozen=True)
class Results:
    """All of a study, models in the plan's order, variants by group."""

    reads: tuple[Read, ...]

    @property
    def models(self) -> list[str]:
        """Labels in order."""
        return list(dict.fromkeys(read.model for read in self.reads))

    def of(self, model: str) -> list[Read]:
        """One model's variants, by group."""
        mine = [read for read in self.reads if read.model == model and read.has_tiers]
        return sorted(mine, key=lambda read: GROUPS.index(read.group))

    def main(self, model: str) -> Read | None:
        """What the verdict rests on: the default prompt, or the first that was asked."""
        mine = self.of(model)
        return next((read for read in mine if read.variant == DEFAULT), mine[0] if mine else None)


def analyze_study(runs: Sequence[FakingRun], seed: int) -> Results:
    """The analyses of all runs, whose gaps are called together."""
    analyses = analyze_together({place: run.rows for place, run in enumerate(runs)}, seed)
    return Results(tuple(Read(run, analyses[place]) for place, run in enumerate(runs)))
