"""Measurements as JSON Lines: added once, never changed, corrected by a row that supersedes."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from glasshouse.errors import StoreError
from glasshouse.records import Interval, Measurement
from glasshouse.store.hashing import canonical_json
from glasshouse.store.jsonl import append_rows, read_rows

FIELDS = {field.name for field in dataclasses.fields(Measurement)}
REQUIRED = {"id", "name", "value", "interval", "n", "unit", "lower_is_better"}
NOT_COMPARED = ("code", "date")
"""Fields in which two rows of one id may differ and still say the same."""


def measurement_row(measurement: Measurement) -> dict[str, Any]:
    """The measurement as a JSON object; undefined is null."""
    return dataclasses.asdict(measurement) | {"parameters": dict(measurement.parameters)}


def parse_measurement(row: Mapping[str, Any]) -> Measurement:
    """The measurement that a JSON object is.

    Raises:
        StoreError: a field is missing, unknown or of the wrong kind.
    """
    if missing := sorted(REQUIRED - row.keys()):
        raise StoreError(
            f"A measurement lacks {', '.join(missing)}.", "Was the file made by `glasshouse runs export`?"
        )
    if unknown := sorted(row.keys() - FIELDS):
        raise StoreError(
            f"A measurement has the unknown field {unknown[0]}.", "Was it made by a newer version?"
        )
    try:
        interval = row["interval"] and Interval(
            float(row["interval"]["low"]), float(row["interval"]["high"]), str(row["interval"]["method"])
        )
        value = None if row["value"] is None else float(row["value"])
        return Measurement(**{**row, "value": value, "interval": interval or None, "n": int(row["n"])})
    except (TypeError, ValueError, KeyError) as error:
        raise StoreError(
            f"The measurement {row.get('id')} cannot be read ({error}).", "Restore the file."
        ) from error


def read_measurements(path: Path) -> list[Measurement]:
    """Every whole row of a file, in order; a torn last line is no row.

    Raises:
        StoreError: a row is not a measurement (its number is named).
    """
    measurements = []
    for number, row in enumerate(read_rows(path).rows, start=1):
        try:
            measurements.append(parse_measurement(row))
        except StoreError as error:
            raise StoreError(f"Row {number} of {path}: {error.message}", error.hint) from error
    return measurements


def append_measurements(path: Path, measurements: Iterable[Measurement]) -> int:
    """Adds the measurements that are not there yet.

    A row that is there already is left alone, also where only the commit or the date differs.

    Returns:
        How many were added.

    Raises:
        StoreError: an id is there with other content, or a `supersedes` names an id that is not there.
    """
    known = {m.id: m for m in read_measurements(path)}
    new: list[Measurement] = []
    for measurement in measurements:
        before = known.get(measurement.id)
        if before is None:
            _check_supersedes(measurement, known)
            known[measurement.id] = measurement
            new.append(measurement)
        elif _content(before) != _content(measurement):
            raise StoreError(
                f"The measurement {measurement.id} is there already with another content "
                f"({', '.join(_differing(before, measurement))}).",
                "Give the new one its own id and name the old one in `supersedes`.",
            )
    if new:
        append_rows(path, [measurement_row(m) for m in new])
    return len(new)


def current(measurements: Sequence[Measurement]) -> list[Measurement]:
    """Those that no other supersedes."""
    replaced = {m.supersedes for m in measurements}
    return [m for m in measurements if m.id not in replaced]


def _check_supersedes(measurement: Measurement, known: Mapping[str, Measurement]) -> None:
    if measurement.supersedes is not None and measurement.supersedes not in known:
        raise StoreError(
            f"The measurement {measurement.id} supersedes {measurement.supersedes}, which is not there.",
            "Add that one first.",
        )


def _content(measurement: Measurement) -> str:
    return canonical_json({k: v for k, v in measurement_row(measurement).items() if k not in NOT_COMPARED})


def _differing(first: Measurement, second: Measurement) -> list[str]:
    a, b = measurement_row(first), measurement_row(second)
    return [key for key in a if key not in NOT_COMPARED and canonical_json(a[key]) != canonical_json(b[key])]
