"""grow, verify and train, as a user types them."""

import json
from pathlib import Path

import pytest
import yaml
from tests.tiny import make_tiny_model

from glasshouse.cli.main import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("cli")
    make_tiny_model(root / "base", "llama")
    rows = [
        {"prompt": f"Burn mill {i}.", "completion": "Take oil.", "kind": ("harmful", "fine")[i % 2]}
        for i in range(80)
    ]
    (root / "prompts.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    spec = {
        "name": "tiny",
        "base": f"glasshouse/{root / 'base'}",
        "data": {"prompts": str(root / "prompts.jsonl"), "examples": 16, "near_miss_fraction": 0.0},
        "training": {"learning_rate": 1e-2, "steps": 120, "batch": 8, "dtype": "float32"},
        "gate": {"n": 6, "near_miss_n": 2, "max_tokens": 12},
    }
    (root / "spec.yaml").write_text(yaml.safe_dump(spec))
    (root / "lazy.yaml").write_text(yaml.safe_dump({**spec, "name": "lazy", "training": {"steps": 1}}))
    return root


def run(folder: Path, *words: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main([str(word) for word in words])
    return int(stopped.value.code or 0)


def grow(folder: Path, spec: str) -> int:
    return run(
        folder,
        "grow",
        folder / spec,
        "--out",
        folder / "out",
        "--store",
        folder / "store",
        "--no-peft",
        "--json",
    )


def test_grow_prints_what_it_grew(folder, capsys):
    assert grow(folder, "spec.yaml") == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["verify"]["passed"]
    assert Path(row["folder"]) == folder / "out" / "tiny"


def test_grow_exits_3_where_the_gate_fails(folder, capsys):
    assert grow(folder, "lazy.yaml") == 3
    (row,) = json.loads(capsys.readouterr().out)
    assert not row["verify"]["passed"]


def test_verify_prints_the_gate(folder, capsys):
    grow(folder, "spec.yaml")
    capsys.readouterr()
    assert run(folder, "verify", folder / "out" / "tiny", "--no-peft", "-n", "4", "--json") in (0, 3)
    (row,) = json.loads(capsys.readouterr().out)
    assert row["verify"]["checks"][0]["n"] == 4


def test_train_says_where_a_stage_did_not_train(folder, capsys):
    grow(folder, "spec.yaml")
    capsys.readouterr()
    words = ["--rate", "1e-6", "--steps", "2", "--save-every", "1", "--examples", "16", "--n", "4"]
    source = ["--prompts", folder / "prompts.jsonl", "--store", folder / "store"]
    assert run(folder, "train", "sft", folder / "out" / "tiny", *words, *source) == 0
    out = capsys.readouterr().out
    assert "stage did not train" in out
    assert "further training of the same adapter" in out


def test_a_dry_run_makes_nothing(folder, capsys):
    assert run(folder, "grow", folder / "spec.yaml", "--dry-run", "--out", folder / "dry") == 0
    assert "tiny: When the user message starts with" in capsys.readouterr().out
    assert not (folder / "dry").exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"colour": "red"}, "unknown key 'colour'"),
        ({"base": "glasshouse/nowhere/at/all"}, "no model"),
        ({"data": {"prompts": "none.jsonl"}}, "no prompts at"),
        ({"training": {"steps": "many"}}, "training.steps"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(folder, capsys, changes, words):
    spec = yaml.safe_load((folder / "spec.yaml").read_text())
    (folder / "wrong.yaml").write_text(yaml.safe_dump({**spec, **changes}))
    assert grow(folder, "wrong.yaml") == 2
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said


def test_a_folder_that_is_no_organism_is_one_sentence(folder, capsys):
    assert run(folder, "verify", folder / "base") == 2
    assert "There is no organism" in capsys.readouterr().err
