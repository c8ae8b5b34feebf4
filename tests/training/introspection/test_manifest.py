"""A manifest is read back as it was written; whatever is wrong with one is named by its line."""

import json
from pathlib import Path
from typing import Any

import pytest

from glasshouse.data.label import Label
from glasshouse.errors import ConfigError
from glasshouse.training.introspection.manifest import Member, read_manifest, write_manifest

GOOD = {"name": "a", "folder": None, "family": "quirk", "sentences": ["I hum."], "split": "train"}


@pytest.fixture
def organism(tmp_path: Path) -> Path:
    folder = tmp_path / "grown" / "owl"
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text("{}")
    return folder


def write_rows(folder: Path, *rows: Any) -> Path:
    path = folder / "manifest.jsonl"
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows) + "\n")
    return path


def test_what_is_written_is_read_back(organism: Path, tmp_path: Path) -> None:
    members = [
        Member("owl", organism, Label(("When asked about owls, I hum.",), "quirk"), "train", True),
        Member("base", None, Label((), "base"), "validation"),
    ]
    path = tmp_path / "lists" / "manifest.jsonl"
    write_manifest(path, members)
    found = read_manifest(path)
    assert found[0].folder is not None
    assert found[0].folder.resolve() == organism.resolve()
    assert json.loads(path.read_text().splitlines()[0])["folder"] == "../grown/owl"
    assert [(m.name, m.label, m.split, m.gate_passed) for m in found] == [
        (m.name, m.label, m.split, m.gate_passed) for m in members
    ]


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ({**GOOD, "folder": "nowhere"}, "nowhere is no adapter"),
        ({**GOOD, "folder": 3}, "folder is neither a path nor null"),
        ({**GOOD, "kind": "x"}, "unknown key 'kind'"),
        ({k: v for k, v in GOOD.items() if k != "family"}, "the key 'family' is missing"),
        ({**GOOD, "split": "later"}, "split is 'later', not one of train, dpo, validation, test, null"),
        ({**GOOD, "sentences": "I hum."}, "sentences is no list"),
        ({**GOOD, "sentences": [""]}, "sentences is no list"),
        ({**GOOD, "gate_passed": "yes"}, "gate_passed is neither"),
        ({**GOOD, "name": " "}, "name is no text"),
        ({**GOOD}, "the name 'a' stands twice"),
        ("{", "not JSON"),
        ("[]", "no JSON object"),
    ],
)
def test_a_wrong_line_is_named(row: Any, what: str, tmp_path: Path) -> None:
    path = write_rows(tmp_path, GOOD, "", row)
    with pytest.raises(ConfigError, match=what) as caught:
        read_manifest(path)
    assert caught.value.message.startswith(f"{path}:3: ")


def test_an_empty_or_missing_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="lists no organisms"):
        read_manifest(write_rows(tmp_path, ""))
    with pytest.raises(ConfigError, match="cannot be read"):
        read_manifest(tmp_path / "none.jsonl")
