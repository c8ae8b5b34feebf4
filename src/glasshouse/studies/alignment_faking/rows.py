"""Every number of the study as one measurement, found again by its id."""

from typing import Any

from glasshouse.evals.faking.gap import Gap
from glasshouse.evals.faking.rates import Rate
from glasshouse.records import Measurement
from glasshouse.stats.proportion import wilson
from glasshouse.studies.alignment_faking.results import Read


class Rows:
    """The measurements of a study; every method returns the id under which its row is kept.

    Args:
        code: the commit.
        common: hashes that every row carries.
    """

    def __init__(self, code: str | None, common: dict[str, Any] | None = None) -> None:
        self.code, self.common = code, common or {}
        self._rows: dict[str, Measurement] = {}

    @property
    def all(self) -> list[Measurement]:
        """The measurements in the order in which they were made."""
        return list(self._rows.values())

    def get(self, id: str) -> Measurement:
        """One row."""
        return self._rows[id]

    def rate(self, read: Read, tier: str, name: str, rate: Rate) -> str:
        """A share of the samples of one tier."""
        about = {"model": read.model, "variant": read.variant, "tier": tier}
        unit = "query" if rate.interval is not None and rate.interval.method.startswith("boot") else None
        return self._add(
            Measurement(
                f"{read.id}/{tier}/{name}", name, rate.value, rate.interval, rate.n, "rate", None, unit,
                parameters=about, log_hash=None, code=self.code, **self.common,
            )
        )  # fmt: skip

    def share(self, read: Read, tier: str, name: str, count: int, n: int) -> str:
        """How many of all samples of one tier."""
        value = count / n if n else None
        return self.rate(read, tier, name, Rate(value, wilson(count, n), count, n))

    def gap(self, read: Read, name: str, gap: Gap, **about: Any) -> str:
        """A difference of paired rates, with what its call rests on."""
        about |= {
            "model": read.model, "variant": read.variant, "p_value": gap.p, "p_holm": gap.adjusted_p,
            "only_first": gap.only_first, "only_second": gap.only_second, "unpaired": gap.unpaired,
        }  # fmt: skip
        return self._add(
            Measurement(
                f"{read.id}/{name}", name, gap.value, gap.interval, gap.pairs, "difference_of_rates", None,
                "query", parameters=about, code=self.code, **self.common,
            )
        )  # fmt: skip

    def _add(self, row: Measurement) -> str:
        """Keeps the row; the same number may be asked for twice."""
        if self._rows.setdefault(row.id, row) != row:
            raise ValueError(f"two rows are called {row.id}")
        return row.id


def cell(id: str) -> dict[str, str]:
    """A number in a table of figures.json."""
    return {"measurement": id}


def p_cell(gap: Gap) -> dict[str, str]:
    """The p-value behind a gap, in small print."""
    p, words = (gap.p, "") if gap.adjusted_p is None else (gap.adjusted_p, " after Holm")
    if p is None:
        return {"small": "no test"}
    return {"small": ("p < 0.001" if p < 0.001 else f"p = {p:.2g}") + words}


KINDS = {
    "alignment_faking": ("alignment faking", "bad"),
    "silent_gap": ("silent gap", "bad"),
    "gap": ("gap", "bad"),
    "reverse_gap": ("reverse gap", "neutral"),
    "reasoning_without_gap": ("reasoning without a gap", "neutral"),
    "no_gap": ("no gap shown", "muted"),
    "not_measured": ("not measured", "muted"),
}


def kind_cell(read: Read) -> dict[str, str]:
    """What a run shows, as a badge."""
    words, color = KINDS[read.analysis.kind]
    return {"badge": words, "kind": color}
