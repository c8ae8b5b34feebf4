"""`glasshouse train introspection`, as a user types it."""

import json
from pathlib import Path

import pytest
import yaml
from tests.tiny import make_tiny_model
from tests.training.introspection.grown import make_members

from glasshouse.cli.main import main
from glasshouse.models.adapter import read_adapter
from glasshouse.models.base import EngineConfig, load_base
from glasshouse.training.introspection.manifest import write_manifest
from glasshouse.training.introspection.train import CARD

VALIDATION = {"every": 2, "members": 2, "questions": 1, "max_tokens": 4}
DPO = {"pairs": 4, "samples": 1, "max_tokens": 4, "steps": 2, "pairs_per_step": 2}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("cli")
    base = load_base(str(make_tiny_model(root / "base")), EngineConfig())
    members = [m for part in ("train", "dpo") for m in make_members(base, root / "grown", part, 3)]
    write_manifest(root / "grown" / "manifest.jsonl", members)
    return root


def write_spec(folder: Path, name: str, **settings: object) -> Path:
    spec = {
        "base": str(folder / "base"), "manifest": "grown/manifest.jsonl", "rank": 2, "steps": 3,
        "rows_per_step": 4, "organisms_per_step": 4, "validation": VALIDATION, "dpo": DPO,
    }  # fmt: skip
    path = folder / name
    path.write_text(yaml.safe_dump({**spec, **settings}))
    return path


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["train", "introspection", *map(str, words)])
    return int(stopped.value.code or 0)


def test_an_adapter_is_trained_beside_its_spec(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(write_spec(folder, "one.yaml")) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("sft: 3 steps, ")
    assert said[1].startswith("dpo: 2 steps, ")
    assert Path(said[-1]) == folder / "one"
    assert read_adapter(folder / "one").rank == 2
    card = json.loads((folder / "one" / CARD).read_text())
    assert card["grader"].endswith("without a card: exact label, alike actions not graded")


def test_a_dry_run_prints_the_cost_and_writes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(write_spec(folder, "dry.yaml"), "--dry-run") == 0
    said = dict(line.split(" ", 1) for line in capsys.readouterr().out.splitlines())
    # 3 steps of 4 rows, 2 of 2 pairs, and the reference of 4 pairs at a third of the cost
    assert int(said["rows"]) == 3 * 4 + 2 * 2 * 2 + 2
    assert int(said["answers"]) == (2 + 1) * 1 + 4
    assert float(said["memory"].split()[0]) > 50
    assert not (folder / "dry").exists()


def test_a_dry_run_for_a_gpu_needs_no_gpu(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(write_spec(folder, "gpu.yaml"), "--dry-run", "--gpu", "h100-80gb") == 0
    assert "h100-80gb at 35%" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("settings", "words", "what"),
    [
        ({"step": 3}, (), "unknown key 'step'"),
        ({"manifest": "none.jsonl"}, (), "none.jsonl cannot be read"),
        ({}, ("--gpu", "h100-80gb"), "--gpu is for a dry run"),
        ({}, ("--dry-run", "--gpu", "abacus"), "no figures for the GPU 'abacus'"),
        ({"targets": ["nothing_proj"]}, (), "No layer of the base model is named"),
    ],
)
def test_a_mistake_is_one_sentence(
    settings: dict[str, object], words: tuple[str, ...], what: str, folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert run(write_spec(folder, "wrong.yaml", **settings), *words) == 2
    said = capsys.readouterr().err
    assert what in said
    assert "Traceback" not in said
