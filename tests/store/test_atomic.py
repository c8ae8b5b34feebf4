import errno
from pathlib import Path

import pytest

from glasshouse.errors import StoreError
from glasshouse.store.atomic import explained, read_json, write_json, write_text


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path):
    write_json(tmp_path / "new" / "a.json", {"step": 1})
    write_json(tmp_path / "new" / "a.json", {"step": None})
    assert read_json(tmp_path / "new" / "a.json") == {"step": None}
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["a.json"]


def test_a_nan_is_refused_and_the_old_file_stays(tmp_path):
    write_json(tmp_path / "a.json", 1)
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "a.json", float("nan"))
    assert read_json(tmp_path / "a.json") == 1


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EACCES, "No permission to write"),
        (errno.EROFS, "No permission"),
        (errno.EIO, "Cannot write"),
    ],
)
def test_what_the_system_refuses_is_said_in_one_sentence(number, words):
    with pytest.raises(StoreError, match=words) as caught, explained(Path("runs/a")):
        raise OSError(number, "refused")
    assert "\n" not in str(caught.value)
    assert caught.value.hint


def test_a_folder_that_is_a_file_is_a_users_error(tmp_path):
    (tmp_path / "taken").touch()
    with pytest.raises(StoreError, match="Cannot write"):
        write_text(tmp_path / "taken" / "a.json", "text")


def test_a_file_that_is_not_json_is_named(tmp_path):
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(StoreError, match=r"a\.json is not JSON"):
        read_json(tmp_path / "a.json")
