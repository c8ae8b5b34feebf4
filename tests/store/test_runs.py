import subprocess
import sys
import time

import pytest

from glasshouse.errors import StoreError
from glasshouse.records import Measurement
from glasshouse.seeds import python_rng
from glasshouse.store import runs
from glasshouse.store.layout import MEASUREMENTS_FILE, README_FILE, TRANSCRIPTS_FILE
from glasshouse.store.runs import create_run, export_measurements, import_measurements, list_runs, open_run
from glasshouse.store.stage import StageKey, Store

CONFIG = {"seeds": [0, 1], "safety": {"steps": 100, "rates": (1e-3,)}}


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path)


def rows(n: int) -> list[Measurement]:
    return [Measurement(f"m{i}", "capability", i / 8, None, 8, "rate", False) for i in range(n)]


def test_a_runs_folder_explains_itself(store):
    run = create_run(store, "demo", CONFIG, {"title": "The loop", "question": "Does it last?"})
    text = (run.path / README_FILE).read_text()
    assert all(
        words in text
        for words in ("# The loop", "Does it last?", "`measurements.jsonl`", "glasshouse report demo")
    )


def test_a_run_is_resumed_with_the_config_it_has(store):
    create_run(store, "demo", CONFIG).append_measurements(rows(2))
    assert len(create_run(store, "demo", CONFIG).measurements()) == 2


def test_a_changed_config_is_refused_and_the_keys_are_named(store):
    create_run(store, "demo", CONFIG)
    changed = {"seeds": [0, 1, 2], "safety": {"steps": 50, "rates": [1e-3]}, "device": "cuda"}
    with pytest.raises(StoreError) as caught:
        create_run(store, "demo", changed)
    assert all(
        words in str(caught.value)
        for words in ("seeds ([0, 1] -> [0, 1, 2])", "safety.steps (100 -> 50)", "device")
    )
    assert "rates" not in str(caught.value)


def test_the_words_about_a_run_may_change(store):
    create_run(store, "demo", CONFIG, {"title": "Old"})
    assert create_run(store, "demo", CONFIG, {"title": "New"}).manifest["about"] == {"title": "New"}
    assert create_run(store, "demo", CONFIG).manifest["about"] == {"title": "New"}


def test_measurements_go_from_one_run_to_another_unchanged(store, tmp_path):
    first, second = create_run(store, "first", {}), create_run(store, "second", {})
    first.append_measurements(rows(5))
    (tmp_path / "out.jsonl").write_text(export_measurements(first))
    assert import_measurements(second, tmp_path / "out.jsonl") == 5
    assert import_measurements(second, tmp_path / "out.jsonl") == 0
    assert export_measurements(second) == export_measurements(first)


def test_a_file_that_is_cut_off_is_not_imported(store, tmp_path):
    run = create_run(store, "run", {})
    run.append_measurements(rows(3))
    (tmp_path / "out.jsonl").write_text(export_measurements(run)[:-9])
    with pytest.raises(StoreError, match="cut off"):
        import_measurements(run, tmp_path / "out.jsonl")
    with pytest.raises(StoreError, match="There is no file"):
        import_measurements(run, tmp_path / "none.jsonl")


def test_the_list_has_every_run_and_what_is_in_it(store):
    create_run(store, "b", {}, {"title": "Second"}).append_measurements(rows(3))
    create_run(store, "a", {})
    listed = {run.name: run for run in list_runs(store)}
    assert (listed["b"].title, listed["b"].measurements, listed["b"].reported) == ("Second", 3, False)
    assert listed["a"].measurements == 0


def test_rows_are_of_the_code_that_resumed_the_run_last(store, monkeypatch):
    first = create_run(store, "run", {}).code
    monkeypatch.setattr(runs, "code_state", lambda: "later")
    assert create_run(store, "run", {}).code == create_run(store, "run", {}).code == "later" != first
    assert [each["code"] for each in create_run(store, "run", {}).manifest["resumed"]] == ["later"]


def test_a_stage_is_noted_once(store):
    run, folder = create_run(store, "run", {}), store.stage(StageKey("grow", 1, {}, {"base": "x"}))
    folder.finish({})
    run.record_stages([folder])
    run.record_stages([folder])
    assert [stage["folder"] for stage in run.stages()] == [f"stages/{folder.path.name}"]


def test_a_run_is_found_by_name_and_by_folder(store):
    run = create_run(store, "run", {})
    assert open_run(store, "run").path == open_run(store, str(run.path)).path == run.path
    with pytest.raises(StoreError, match=r"no run 'other'.*There are: run"):
        open_run(store, "other")


@pytest.mark.parametrize("name", ["", "../up", ".hidden", "a/b", "a b"])
def test_a_name_that_is_no_folders_name_is_refused(store, name):
    with pytest.raises(StoreError, match="is no name"):
        create_run(store, name, {})


def test_files_are_written_and_read_by_name(store):
    run = create_run(store, "run", {})
    run.write(TRANSCRIPTS_FILE, [{"pair_id": "a"}, {"pair_id": "b"}])
    run.write("sentences.json", ("one", "two"))
    assert run.read(TRANSCRIPTS_FILE) == [{"pair_id": "a"}, {"pair_id": "b"}]
    assert run.read("sentences.json") == ["one", "two"]
    assert run.read("gates.json") is None


WRITER = """
import sys
from pathlib import Path
from glasshouse.records import Measurement
from glasshouse.store.runs import create_run
from glasshouse.store.stage import StageKey, Store
store = Store(Path(sys.argv[1]))
run = create_run(store, "run", {"n": 200})
for i in range(200):
    with store.stage(StageKey("measure", 1, {"i": i % 20})) as folder:
        if not folder.done:
            folder.finish({"value": i % 20 / 8})
        run.record_stages([folder])
        run.append_measurements([Measurement(f"m{i}", "capability", i / 8, None, 8, "rate", False)])
"""


def written(store: Store) -> int:
    path = store.runs / "run" / MEASUREMENTS_FILE
    return path.read_bytes().count(b"\n") if path.exists() else 0


def test_a_writer_killed_at_any_moment_and_resumed_ends_with_the_rows_of_one_that_was_not(store):
    rng = python_rng(0, "kill")
    for _ in range(5):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(store.root)])
        target = written(store) + rng.randrange(5, 35)
        while process.poll() is None and written(store) < target:
            time.sleep(0.001)
        process.kill()
        process.wait()
    assert 0 < written(store) < 200
    subprocess.run([sys.executable, "-c", WRITER, str(store.root)], check=True)
    run = open_run(store, "run")
    assert [(m.id, m.value) for m in run.measurements()] == [(f"m{i}", i / 8) for i in range(200)]
    assert len(run.stages()) == 20
