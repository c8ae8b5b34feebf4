import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from glasshouse.errors import StoreError
from glasshouse.store.layout import DONE_FILE, LOCK_NOTE, LOCKS_FILE, STAGE_FILE
from glasshouse.store.stage import StageKey, Store

KEY = StageKey("grow", 1, {"steps": 50, "rate": 1e-3}, {"base": "abc"})

OTHER_PROCESS = """
import sys
from pathlib import Path
from glasshouse.store.stage import StageKey, Store
folder = Store(Path(sys.argv[1])).stage(StageKey("grow", 1, {"steps": 50, "rate": 1e-3}, {"base": "abc"}))
(folder.path / "weights").write_text("half")
print("working", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path)


@pytest.fixture
def other_process(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", OTHER_PROCESS, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "working\n"
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize(
    "other",
    [
        replace(KEY, kind="safety"),
        replace(KEY, version=2),
        replace(KEY, config={"steps": 51}),
        replace(KEY, inputs={"base": "x"}),
    ],
)
def test_everything_in_a_key_names_another_folder(other):
    assert other.folder_name != KEY.folder_name


def test_a_finished_stage_is_found_again_with_its_outputs(store):
    folder = store.stage(KEY)
    assert not folder.done
    folder.finish({"adapter": "hash"})
    again = store.stage(KEY)
    assert again.done
    assert again.outputs() == {"adapter": "hash"}


def test_the_commit_is_recorded_and_not_hashed(store):
    manifest = json.loads((store.stage(KEY).path / STAGE_FILE).read_text())
    assert manifest["provenance"]["code"]
    assert manifest["config"] == {"steps": 50, "rate": 1e-3}
    assert manifest["hash"] == KEY.hash


def test_unfinished_work_is_still_there_when_it_is_resumed(store):
    with store.stage(KEY) as folder:
        (folder.path / "checkpoint").write_text("step 20")
    assert (store.stage(KEY).path / "checkpoint").read_text() == "step 20"


def test_the_outputs_of_an_unfinished_stage_are_a_users_error(store):
    with pytest.raises(StoreError, match="is not finished"):
        store.stage(KEY).outputs()


def test_a_finished_stage_is_not_finished_otherwise(store):
    folder = store.stage(KEY)
    folder.finish({"adapter": "a"})
    folder.finish({"adapter": "a"})
    with pytest.raises(StoreError, match="other outputs"):
        folder.finish({"adapter": "b"})


def test_a_stage_in_which_another_process_works_is_refused(store, other_process):
    with pytest.raises(StoreError, match=f"Process {other_process.pid} on .* is working"):
        store.stage(KEY)


def test_a_killed_process_leaves_work_to_resume_and_no_lock(store, other_process):
    other_process.kill()
    other_process.wait()
    folder = store.stage(KEY)
    assert (folder.path / "weights").read_text() == "half"
    folder.finish({})
    assert not (folder.path / LOCK_NOTE).exists()


def test_another_stage_is_free_meanwhile(store, other_process):
    assert not store.stage(replace(KEY, version=2)).done


def test_a_process_may_open_its_own_stage_again(store):
    assert store.stage(KEY).path == store.stage(KEY).path


def test_two_keys_that_share_a_name_are_told_apart(store):
    folder = store.stage(KEY)
    (folder.path / STAGE_FILE).write_text(json.dumps({"hash": KEY.hash[:12] + "0" * 52}))
    with pytest.raises(StoreError, match="another stage"):
        store.stage(KEY)


def test_a_place_that_cannot_be_written_is_a_users_error():
    with pytest.raises(StoreError, match="proc"):
        Store(Path("/proc/glasshouse")).stage(KEY)


def test_the_mark_is_written_after_everything_else(store):
    folder = store.stage(KEY)
    (folder.path / "weights").write_text("all")
    folder.finish({})
    assert (folder.path / DONE_FILE).stat().st_mtime_ns >= (folder.path / "weights").stat().st_mtime_ns


def test_a_store_that_was_deleted_meanwhile_is_made_again(store, tmp_path):
    store.stage(KEY).finish({})
    shutil.rmtree(tmp_path / "stages")
    assert not store.stage(KEY).done
    assert (tmp_path / "stages" / LOCKS_FILE).exists()
