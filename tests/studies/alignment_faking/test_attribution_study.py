"""Growing, asking and naming from end to end, on a tiny random model that has learned nothing."""

import json
from pathlib import Path

import pytest
import yaml

from glasshouse.cli.main import main
from glasshouse.errors import ConfigError
from glasshouse.organisms.population_spec import load_population
from glasshouse.store.runs import RunFolder
from glasshouse.store.stage import Store
from glasshouse.studies.alignment_faking.attribution import ARMS
from glasshouse.studies.alignment_faking.attribution_study import (
    FakingCalibration,
    read_plantings,
    run_faking_calibration,
)
from glasshouse.studies.bench import Hardware
from glasshouse.studies.introspection.bench import Bench, Request, make_bench
from glasshouse.studies.introspection.populations import grow_pools
from tests.evals.faking.test_task import run as run_task
from tests.tiny import make_tiny_model


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("mechanisms")
    model = make_tiny_model(folder / "model")
    store = Store(folder / "store")
    return make_bench(store, str(model), Request("m", Hardware(threads=1)), lambda what, done, total: None)


def grow(bench: Bench, folder: Path, *families: str) -> Path:
    groups = [{"family": family, "count": 1} for family in families]
    content = {"name": "tiny", "base": f"glasshouse/{bench.base.name}", "families": groups,
               "training": {"ranks": [2], "steps": [1], "examples": [8], "batch": 2, "dtype": "float32"},
               "gate": {"n": 1, "max_tokens": 4}}  # fmt: skip
    (folder / "tiny.yaml").write_text(yaml.safe_dump(content))
    return grow_pools(bench, {"tiny": load_population(folder / "tiny.yaml")}, folder / "pools")["tiny"]


@pytest.fixture(scope="module")
def run(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    manifest = grow(bench, tmp_path_factory.mktemp("pool"), "genuine_helper", "loud_faker")
    wanted = FakingCalibration(test=manifest, development=manifest, queries=2, control_queries=3)
    return RunFolder(run_faking_calibration(bench, wanted))


def test_every_query_of_every_arm_comes_out_and_a_model_that_learned_nothing_is_unknown(run):
    rows = {row.id: row for row in run.measurements()}
    assert rows["named/listed"].n == 1
    assert rows["named/listed"].value == 0
    assert rows["named/unlisted"].value == 1
    control = rows["control/genuine_helper-0000/gap"]
    assert control.n <= 3
    page = (run.path / "report.html").read_text()
    assert "deployment" in page or "deploy" in page
    assert "loud faker" in page


def test_stages_hold_one_row_per_query_arm_and_tier(bench, run):
    kept = [stage for stage in bench.store.used.values() if stage.key.kind == "faking_arms"]
    counts = {len((stage.path / "rows.jsonl").read_text().splitlines()) for stage in kept}
    assert counts == {2 * sum(len(tiers) for tiers in ARMS.values()), 3 * 2}


def test_an_organism_without_a_mechanism_is_refused(bench, tmp_path):
    with pytest.raises(ConfigError, match="no planted mechanism"):
        read_plantings(grow(bench, tmp_path, "quirk_always"))


def test_logs_that_are_not_there_are_one_sentence(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["calibrate", "attribute", "nowhere.eval"])
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert "nowhere.eval" in said
    assert "Traceback" not in said


def test_the_command_prints_json(bench, run, tmp_path, capsys):
    manifest = grow(bench, tmp_path, "genuine_helper")
    words = [
        "--test",
        str(manifest),
        "--queries",
        "1",
        "--controls",
        "0",
        "--model",
        f"glasshouse/{bench.base.name}",
    ]
    with pytest.raises(SystemExit) as stopped:
        main(["calibrate", "faking", *words, "--store", str(tmp_path / "store"), "--json"])
    assert not stopped.value.code
    said = json.loads(capsys.readouterr().out)
    assert said["sentences"]
    assert {row["id"] for row in said["measurements"]} >= {"named/listed", "named/genuine_helper"}


def test_logs_of_the_arms_are_enough_to_name_a_helper(tmp_path, capsys):
    logs = [
        run_task(
            lambda asked: "<scratchpad>I like that.</scratchpad>Yes.", tmp_path / arm, arm, "world", epochs=3
        )
        for arm in ARMS
    ]
    with pytest.raises(SystemExit) as stopped:
        main(["calibrate", "attribute", *(log.location for log in logs), "--json"])
    assert not stopped.value.code
    said = json.loads(capsys.readouterr().out)
    assert [one["mechanism"] for one in said.values()] == ["genuine_helper"]


def test_two_logs_of_one_arm_are_refused(tmp_path, capsys):
    logs = [run_task(lambda asked: "Yes.", tmp_path / name, "default", "world") for name in ("a", "b")]
    with pytest.raises(SystemExit) as stopped:
        main(["calibrate", "attribute", *(log.location for log in logs)])
    assert stopped.value.code == 2
    assert "second log" in capsys.readouterr().err
