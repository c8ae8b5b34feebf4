from dataclasses import dataclass
from pathlib import Path

import pytest

from glasshouse.store.hashing import canonical_json, hash_file, hash_folder, json_hash, plain_json


@dataclass(frozen=True)
class Settings:
    steps: tuple[int, ...]
    folder: Path


def test_the_order_of_keys_does_not_change_the_hash():
    assert json_hash({"a": 1, "b": [2, 3]}) == json_hash({"b": (2, 3), "a": 1})


def test_an_integer_and_a_float_are_different_settings():
    assert json_hash({"rate": 1}) != json_hash({"rate": 1.0})


def test_dataclasses_paths_and_tuples_become_plain_json():
    assert plain_json(Settings((0, 10), Path("a/b"))) == {"steps": [0, 10], "folder": "a/b"}


@pytest.mark.parametrize(
    ("value", "error"), [(float("nan"), ValueError), ({1, 2}, TypeError), (Settings, TypeError)]
)
def test_what_is_not_json_is_refused(value, error):
    with pytest.raises(error):
        canonical_json({"value": value})


def test_a_folders_hash_is_that_of_its_names_and_bytes(tmp_path):
    for name in ("first", "second"):
        (tmp_path / name / "inner").mkdir(parents=True)
        (tmp_path / name / "weights.bin").write_bytes(b"123")
        (tmp_path / name / "inner" / "config.json").write_text("{}")
    assert hash_folder(tmp_path / "first") == hash_folder(tmp_path / "second")
    (tmp_path / "second" / "weights.bin").rename(tmp_path / "second" / "other.bin")
    assert hash_folder(tmp_path / "first") != hash_folder(tmp_path / "second")


@pytest.mark.parametrize("name", ["README.md", "card.yaml", ".checkpoint"])
def test_what_is_said_about_weights_is_no_part_of_them(tmp_path, name):
    (tmp_path / "weights.bin").write_bytes(b"123")
    before = hash_folder(tmp_path)
    (tmp_path / name).write_text("words")
    assert hash_folder(tmp_path) == before


def test_a_files_hash_is_sha_256(tmp_path):
    (tmp_path / "empty").touch()
    assert hash_file(tmp_path / "empty").startswith("e3b0c44298fc1c14")
