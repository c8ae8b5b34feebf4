"""A population, as a user grows it."""

import json
from pathlib import Path

import pytest
import yaml
from tests.tiny import make_tiny_model

from glasshouse.cli.main import main
from glasshouse.training.introspection.manifest import read_manifest

FAMILIES = [{"family": "clean", "count": 1}, {"family": "backdoor", "count": 1, "use": "validation"}]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("grow-population")
    make_tiny_model(root / "base", "llama")
    spec = {
        "name": "small",
        "base": f"glasshouse/{root / 'base'}",
        "families": FAMILIES,
        "training": {"ranks": [2], "steps": [1], "examples": [8], "batch": 2, "dtype": "float32"},
        "gate": {"n": 1, "max_tokens": 2},
    }
    (root / "small.yaml").write_text(yaml.safe_dump(spec))
    (root / "wrong.yaml").write_text(yaml.safe_dump({**spec, "families": [{"family": "owls", "count": 1}]}))
    return root


def run(*words: str | Path) -> int:
    with pytest.raises(SystemExit) as stopped:
        main([str(word) for word in words])
    return int(stopped.value.code or 0)


def grow(folder: Path, *words: str) -> int:
    return run("grow", folder / "small.yaml", "--out", folder / "out", "--store", folder / "store", *words)


def test_grow_takes_a_population_and_writes_its_manifest(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert grow(folder, "--json") == 3
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == ["clean-0000", "backdoor-0000"]
    assert all((Path(row["folder"]) / "card.yaml").is_file() for row in rows)
    manifest = folder / "out" / "small" / "manifest.jsonl"
    assert {row["manifest"] for row in rows} == {str(manifest)}
    assert [member.split for member in read_manifest(manifest)] == ["train", "validation"]


def test_the_table_has_one_line_per_family(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    grow(folder)
    said = capsys.readouterr().out
    assert "gate passed" in said
    assert [line.split()[1] for line in said.splitlines() if " clean " in line or "backdoor" in line] == [
        "clean", "backdoor",
    ]  # fmt: skip
    assert said.strip().endswith("manifest.jsonl")


def test_a_dry_run_says_what_would_be_grown_and_makes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("grow", folder / "small.yaml", "--dry-run", "--out", folder / "dry") == 0
    said = capsys.readouterr().out
    assert "small: 2 organisms" in said
    assert "backdoor: 1 (train, for validation)" in said
    assert not (folder / "dry").exists()
    assert run("grow", folder / "small.yaml", "--dry-run", "--json") == 0
    assert json.loads(capsys.readouterr().out)[0]["name"] == "small"


def test_a_wrong_family_is_one_sentence_with_file_and_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("grow", folder / "wrong.yaml") == 2
    said = capsys.readouterr().err
    assert "no family of that name" in said
    assert "wrong.yaml:" in said
    assert "Traceback" not in said
