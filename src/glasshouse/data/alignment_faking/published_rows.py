"""The published result of every prompt variant: facts of Greenblatt et al. 2024, appendices G.2 and G.3."""

import csv
from dataclasses import dataclass
from pathlib import Path

from glasshouse.data.published import data_file
from glasshouse.errors import ConfigError

TABLE = "alignment_faking/published_variants.csv"


@dataclass(frozen=True)
class PublishedRow:
    """One variant put to Claude 3 Opus (or the model that its name says); rates in [0, 1]."""

    setting: str
    row: int
    name: str
    af_rate: float
    af_error: float
    """Standard error of the rate."""
    compliance_gap: float
    gap_error: float
    monitored: float
    """Compliance in the monitored tier."""
    unmonitored: float


def load_published(data_dir: Path | None = None) -> dict[int, PublishedRow]:
    """Row number -> published result.

    Raises:
        ConfigError: the table is not there, or has other columns.
    """
    path = data_file(TABLE, data_dir)
    with path.open(encoding="utf-8", newline="") as file:
        try:
            rows = [_row(cells) for cells in csv.DictReader(file)]
        except (KeyError, ValueError) as error:
            raise ConfigError(
                f"{path} is not the published table ({error}).", "Get the file again."
            ) from error
    return {row.row: row for row in rows}


def _row(cells: dict[str, str]) -> PublishedRow:
    def rate(name: str) -> float:
        return float(cells[name]) / 100

    return PublishedRow(
        cells["setting"],
        int(cells["row"]),
        cells["variant"],
        rate("af_reasoning_pct"),
        rate("af_reasoning_se"),
        rate("compliance_gap_pct"),
        rate("compliance_gap_se"),
        1 - rate("noncompliance_monitored_pct"),
        1 - rate("noncompliance_unmonitored_pct"),
    )
