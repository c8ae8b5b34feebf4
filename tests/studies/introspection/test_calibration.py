"""The figures of a calibration by hand, and one calibration on a random model."""

import json

import pytest

from glasshouse.audits.null_table import CleanModel, NullTable
from glasshouse.audits.prompts import built_in_prompts
from glasshouse.errors import ConfigError
from glasshouse.models.adapter import write_adapter
from glasshouse.studies.introspection import pools
from glasshouse.studies.introspection.calibrate import Calibration, run_calibration
from glasshouse.studies.introspection.calibration import Found, error_interval, sections
from glasshouse.studies.introspection.rows import Rows
from glasshouse.studies.measure import Study
from tests.audits.tiny_adapter import random_adapter
from tests.studies.introspection.tiny_readings import reading

TABLE = NullTable(
    "b", "a", "q", 10, tuple(CleanModel(f"clean-{k}", k % 3, 10 - k % 3, 0) for k in range(320))
)


def measured(test, clean, table=TABLE) -> Rows:
    rows = Rows(Study(None, 0))
    sections(Found(test, [], clean, [], table), rows)
    return rows


def test_hits_false_claims_and_detection_are_counted():
    test = [reading("a", 0.9), reading("b", 0.8, right=False), reading("c", 0.1)]
    clean = [reading(f"quiet-{k}", 0.2, family="clean") for k in range(9)]
    rows = measured(test, [*clean, reading("loud", 0.9, family="clean")])
    assert rows.get("hits/all/top1").value == pytest.approx(2 / 3)
    assert rows.get("clean/claimed").value == 0.1
    assert rows.get("roc/detected_at_1_percent").value == 0.0
    assert rows.get("roc/area").value == pytest.approx((0.95 + 0.9) / 3)
    assert all(row.interval for row in rows.all if row.n > 1 and row.value is not None)


def test_without_a_null_table_the_rate_of_false_claims_is_unknown():
    rows = measured([reading("a", 0.9)], [reading("clean", 0.9, family="clean")], table=None)
    assert rows.get("clean/claimed").value is None


def test_a_wrong_claim_stated_by_nine_of_ten_answers_is_off_by_nine_tenths():
    wrong = [reading(name, 0.9, right=False) for name in "abc"]
    assert measured(wrong, []).get("calibration/error").value == pytest.approx(0.9)
    found = error_interval(wrong, 0)
    assert found is not None
    assert found.low == found.high == pytest.approx(0.9)


def test_a_calibration_goes_through_to_a_page_and_a_second_one_asks_nobody(
    bench, grown, tmp_path, monkeypatch
):
    monkeypatch.setattr(pools, "built_in_prompts", lambda: built_in_prompts()[:12])
    write_adapter(tmp_path / "adapter", random_adapter(bench.base.model, 2, 7), bench.base.name)
    clean = tmp_path / "clean.jsonl"
    lines = [json.loads(line) for line in grown["null"].read_text().splitlines()]
    for line in lines:
        line |= {"split": "test", "folder": str(grown["null"].parent / line["folder"])}
    clean.write_text("".join(json.dumps(line) + "\n" for line in lines))
    wanted = Calibration(tmp_path / "adapter", grown["test"], clean, sample=2, samples=1)
    run = run_calibration(bench, wanted)
    first = (run / "measurements.jsonl").read_text()
    assert "Stated against true" in (run / "report.html").read_text()
    monkeypatch.setattr(pools, "load_base", lambda *given: pytest.fail("audited again"))
    assert run_calibration(bench, wanted) == run
    assert len((run / "measurements.jsonl").read_text().splitlines()) == len(first.splitlines())


def test_organisms_of_a_null_table_cannot_be_calibrated_on(bench, grown, tmp_path):
    write_adapter(tmp_path / "adapter", random_adapter(bench.base.model, 2, 7), bench.base.name)
    with pytest.raises(ConfigError, match="is for null"):
        run_calibration(bench, Calibration(tmp_path / "adapter", grown["test"], grown["null"]))
