"""The study on a random model: it proves nothing about introspection, and everything about the plumbing."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from glasshouse.audits.prompts import built_in_prompts
from glasshouse.errors import ConfigError, StoreError
from glasshouse.reports.load import load_run
from glasshouse.store.stage import StageFolder
from glasshouse.studies.introspection import pools
from glasshouse.studies.introspection.learned import found_adapter
from glasshouse.studies.introspection.plan import StudyPlan
from glasshouse.studies.introspection.study import open_study
from tests.studies.introspection.tiny_study import run, tiny_bench, tiny_plan, write_specs
from tests.tiny import make_tiny_model


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> StudyPlan:
    folder = tmp_path_factory.mktemp("study")
    return tiny_plan(make_tiny_model(folder / "model"), write_specs(folder / "specs"))


@pytest.fixture(autouse=True, scope="module")
def few_prompts() -> Iterator[None]:
    """Audits with a few ordinary questions: minutes become seconds, and nothing is confirmed."""
    patch = pytest.MonkeyPatch()
    patch.setattr(pools, "built_in_prompts", lambda: built_in_prompts()[:12])
    yield
    patch.undo()


@pytest.fixture(scope="module")
def finished(plan: StudyPlan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("store"), replace(plan, arms=("shuffled",)))


def rows(folder: Path) -> list[dict[str, Any]]:
    """Measurements without what depends on the clock."""
    lines = map(json.loads, (folder / "measurements.jsonl").read_text().splitlines())
    timed = [line for line in lines if not line["id"].startswith("cost/")]
    return [{k: v for k, v in line.items() if k not in ("date", "code")} for line in timed]


def cited(value: Any) -> Iterator[str]:
    """Every id of a measurement in figures.json."""
    if isinstance(value, dict):
        yield from [value["measurement"]] if "measurement" in value else []
        yield from value.get("points", ())
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from cited(each)


def test_a_random_model_goes_through_to_a_report(finished):
    page = (finished / "report.html").read_text()
    assert all(words in page for words in ("What is named", "clean fine-tunes", "Covert attacks", "Controls"))
    assert {"findings.json", "figures.json", "sentences.json", "transcripts.jsonl", "stages.json"} <= {
        path.name for path in finished.iterdir()
    }


def test_every_number_of_the_report_is_one_row(finished):
    every = [json.loads(line)["id"] for line in (finished / "measurements.jsonl").read_text().splitlines()]
    assert len({*every}) == len(every)
    ids = {*cited(json.loads((finished / "figures.json").read_text()))}
    assert ids
    assert ids <= {*every}


def test_every_row_names_the_adapter_and_the_questions(finished):
    measured = [row for row in rows(finished) if not row["id"].startswith("finding/")]
    assert all(row["model_hash"] and row["protocol_hash"] for row in measured)
    assert all(row["value"] is not None or row["n"] == 0 for row in measured)


def test_answers_are_drawn_for_people_with_an_empty_place_for_them(finished):
    drawn = [json.loads(line) for line in (finished / "answers-to-read.jsonl").read_text().splitlines()]
    assert len(drawn) == 3
    assert all(one["reader_action"] is None and one["truth"] for one in drawn)


def test_a_finished_study_run_again_computes_nothing_and_stays_the_same(finished, plan):
    before, stages = rows(finished), sorted((finished.parents[1] / "stages").iterdir())
    again = run(finished.parents[1], replace(plan, arms=("shuffled",)))
    assert rows(again) == before
    assert sorted((finished.parents[1] / "stages").iterdir()) == stages


def test_a_study_goes_on_with_an_adapter_of_an_earlier_run_without_its_organisms(finished, plan, tmp_path):
    (found,) = finished.parents[1].rglob("population.jsonl")
    adapter = shutil.copytree(found.parent, tmp_path / "adapter")
    again = replace(plan, arms=("shuffled", "symmetry")).with_trained(adapter)
    assert again.arms == ("symmetry",)
    folder = run(finished.parents[1], replace(again, arms=()), "again")
    assert not (folder / "organisms" / "train").exists()
    before, after = ({row["id"]: row["value"] for row in rows(one)} for one in (finished, folder))
    assert {*after} <= {*before}
    own = [i for i in after if "shuffled" not in i and not i.startswith("finding/")]
    assert len(own) > 50
    assert [after[i] for i in own] == [before[i] for i in own]


def test_a_folder_that_is_no_trained_adapter_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"is missing\. Give the folder of an adapter"):
        found_adapter(tmp_path)


def test_another_config_is_refused_under_the_same_name(finished, plan):
    changed = replace(plan, arms=("shuffled",), seed=7)
    with pytest.raises(StoreError, match="another config"):
        open_study(tiny_bench(finished.parents[1], changed), changed, "study")


@pytest.mark.long
def test_every_arm_goes_through(plan, tmp_path):
    folder = run(tmp_path, plan)
    sections = {each["id"] for each in json.loads((folder / "figures.json").read_text())}
    assert {"symmetry", "adaptive", "blindness"} <= sections
    by_id = load_run(folder).by_id
    assert by_id["blindness/same_bytes"].value == 1.0
    assert by_id["symmetry/restored_minus_plain"].n > 0


@pytest.mark.long
def test_a_study_stopped_again_and_again_ends_with_the_same_rows(finished, plan, tmp_path, monkeypatch):
    finish, calls = StageFolder.finish, []

    def stopping(stage: StageFolder, outputs: object) -> None:
        calls.append(stage)
        if len(calls) % 4 == 0:
            stage.release()
            raise KeyboardInterrupt
        finish(stage, outputs)

    monkeypatch.setattr(StageFolder, "finish", stopping)
    folder = None
    while folder is None:
        try:
            folder = run(tmp_path, replace(plan, arms=("shuffled",)))
        except KeyboardInterrupt:
            continue
    assert rows(folder) == rows(finished)
