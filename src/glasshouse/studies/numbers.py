"""A run's measurements, each found again by its id."""

from collections.abc import Sequence
from typing import Any

from glasshouse.evals.persistence import Curve, final_rate
from glasshouse.evals.pooling import Estimate, pooled
from glasshouse.records import Interval, Measurement
from glasshouse.studies.measure import Study


class Numbers:
    """Rows under ids; every method returns the id of its row."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.rows: dict[str, Measurement] = {}

    def rate(self, id: str, some: Sequence[Curve], **about: Any) -> str:
        """A share of samples at the only step of some curves, pooled over seeds."""
        found = pooled(some, final_rate, self.study.seed) if some else Estimate(None, None, None, 0, None)
        return self._keep(id, found, "rate", about)

    def number(
        self, id: str, value: float | None, n: int, unit: str, interval: Interval | None = None, **about: Any
    ) -> str:
        """Any other number."""
        return self._keep(id, Estimate(value, interval, None, n, None), unit, about)

    def _keep(self, id: str, found: Estimate, unit: str, about: dict[str, Any]) -> str:
        self.rows[id] = Measurement(
            id=id, name=id.split("/")[-1], value=found.value, interval=found.interval, n=found.n, unit=unit,
            lower_is_better=None, cluster_unit=found.cluster_unit, code=self.study.code,
            step=about.pop("step", None), parameters=about,
        )  # fmt: skip
        return id
