from dataclasses import replace

import pytest

from glasshouse.errors import StoreError
from glasshouse.records import Interval, Measurement
from glasshouse.store.jsonl import append_rows
from glasshouse.store.measurements import (
    append_measurements,
    current,
    measurement_row,
    parse_measurement,
    read_measurements,
)

KNOWN = Measurement(
    id="asr/normal/step50",
    name="attack_success_rate",
    value=0.25,
    interval=Interval(0.17, 0.34, "Wilson"),
    n=100,
    unit="rate",
    lower_is_better=None,
    cluster_unit="prompt",
    code="abc",
    step=50,
    parameters={"variant": "normal", "clean_twin": False, "learning_rate": 1e-3},
)
UNKNOWN = Measurement("half/normal", "steps_to_half", None, None, 0, "steps", None, supersedes=None)


@pytest.mark.parametrize("measurement", [KNOWN, UNKNOWN])
def test_a_measurement_comes_back_as_it_was(tmp_path, measurement):
    append_measurements(tmp_path / "m.jsonl", [measurement])
    assert read_measurements(tmp_path / "m.jsonl") == [measurement]


def test_undefined_is_null():
    row = measurement_row(UNKNOWN)
    assert row["value"] is None
    assert row["interval"] is None


def test_the_same_row_again_changes_nothing(tmp_path):
    assert append_measurements(tmp_path / "m.jsonl", [KNOWN, UNKNOWN, KNOWN]) == 2
    before = (tmp_path / "m.jsonl").read_bytes()
    assert append_measurements(tmp_path / "m.jsonl", [replace(KNOWN, code="def", date="2026-01-01")]) == 0
    assert (tmp_path / "m.jsonl").read_bytes() == before


def test_another_value_under_a_known_id_is_refused_and_says_what_differs(tmp_path):
    append_measurements(tmp_path / "m.jsonl", [KNOWN])
    with pytest.raises(StoreError, match=r"\(value, n\)"):
        append_measurements(tmp_path / "m.jsonl", [UNKNOWN, replace(KNOWN, value=0.5, n=50)])
    assert read_measurements(tmp_path / "m.jsonl") == [KNOWN]


def test_a_correction_supersedes_and_both_stay(tmp_path):
    better = replace(KNOWN, id="asr/normal/step50/2", value=0.3, supersedes=KNOWN.id)
    append_measurements(tmp_path / "m.jsonl", [KNOWN, better])
    assert read_measurements(tmp_path / "m.jsonl") == [KNOWN, better]
    assert current([KNOWN, better]) == [better]


def test_a_correction_of_nothing_is_refused(tmp_path):
    with pytest.raises(StoreError, match="supersedes none, which is not there"):
        append_measurements(tmp_path / "m.jsonl", [replace(KNOWN, supersedes="none")])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"n": "many"}, "cannot be read"),
        ({"score": 1}, "unknown field score"),
        ({"interval": {"low": 0}}, "cannot be read"),
    ],
)
def test_a_row_that_is_no_measurement_says_why(change, words):
    with pytest.raises(StoreError, match=words):
        parse_measurement(measurement_row(KNOWN) | change)


def test_a_missing_field_is_named_with_its_row(tmp_path):
    append_measurements(tmp_path / "m.jsonl", [KNOWN])
    append_rows(tmp_path / "m.jsonl", [{"id": "x"}])
    with pytest.raises(StoreError, match=r"Row 2 of .* lacks interval"):
        read_measurements(tmp_path / "m.jsonl")


def test_a_whole_number_is_read_as_a_value():
    assert parse_measurement(measurement_row(KNOWN) | {"value": 1}).value == 1.0
