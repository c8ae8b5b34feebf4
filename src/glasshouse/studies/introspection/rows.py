"""Every number of an introspection study as one measurement, found again by its id."""

from collections.abc import Sequence
from typing import Any

from glasshouse.evals.pooling import Estimate
from glasshouse.records import Interval, Measurement
from glasshouse.stats.proportion import wilson
from glasshouse.studies.introspection.compare import Difference, Value, share
from glasshouse.studies.measure import Parameters, Study


class Rows:
    """The measurements of a study; every method returns the id under which its row is kept.

    Args:
        study: what every row has in common.
        common: hashes that every row carries: `model_hash` (the introspection adapter), `protocol_hash`.
    """

    def __init__(self, study: Study, common: dict[str, Any] | None = None) -> None:
        self.study, self.common = study, common or {}
        self._rows: dict[str, Measurement] = {}

    @property
    def all(self) -> list[Measurement]:
        """The measurements in the order in which they were made."""
        return list(self._rows.values())

    def get(self, id: str) -> Measurement:
        """One row."""
        return self._rows[id]

    def share(
        self, id: str, values: Sequence[Value], lower_is_better: bool | None = None, **about: Any
    ) -> str:
        """A share of organisms, or a mean of their shares, clustered by behavior."""
        found = share(values, self.study.seed)
        return self._add(id, found, "rate", lower_is_better, {**about, "asked": len(values)})

    def count(
        self, id: str, successes: int, n: int, lower_is_better: bool | None = None, **about: Any
    ) -> str:
        """A share of independent models, with Wilson's interval."""
        found = Estimate(successes / n if n else None, wilson(successes, n), None, n, None)
        return self._add(id, found, "rate", lower_is_better, about)

    def difference(self, id: str, first: Sequence[Value], second: Sequence[Value], **about: Any) -> str:
        """Mean of the first organisms minus mean of the second."""
        found = Difference(first, second).estimate(self.study.seed)
        about |= {"p_value": found.p_value}
        return self._add(id, found, "difference_of_rates", None, about)

    def number(
        self, id: str, value: float | None, n: int, unit: str, interval: Interval | None = None, **about: Any
    ) -> str:
        """Any other number; one that is undefined rests on nothing."""
        return self._add(
            id, Estimate(value, interval, None, 0 if value is None else n, None), unit, None, about
        )

    def _add(
        self, id: str, found: Estimate, unit: str, lower_is_better: bool | None, about: Parameters
    ) -> str:
        if id in self._rows:
            raise ValueError(f"two rows are called {id}")
        self._rows[id] = Measurement(
            id=id, name=id.split("/")[-1], value=found.value, interval=found.interval, n=found.n, unit=unit,
            lower_is_better=lower_is_better, cluster_unit=found.cluster_unit, code=self.study.code,
            parameters=about, **self.common,
        )  # fmt: skip
        return id


def cell(id: str) -> dict[str, str]:
    """A number in a table of figures.json."""
    return {"measurement": id}
