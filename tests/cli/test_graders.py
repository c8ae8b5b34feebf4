import json
from pathlib import Path

import pytest

from glasshouse.cli.main import main


def typed(*words: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["graders", *words])
    return int(stopped.value.code or 0)


def test_check_prints_area_floor_and_difference_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed("write-set", "reasoning_held_out", str(tmp_path / "set.jsonl"), "--per-label", "5") == 0
    capsys.readouterr()
    assert typed("check", str(tmp_path / "set.jsonl"), "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["n"] == 40
    for name in ("auroc", "floor", "difference"):
        assert set(found[name]) == {"value", "low", "high"}
    assert len(found["per_source"]) == 4


def test_a_missing_label_is_one_sentence_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text('{"text": "a", "label": 1}\n{"text": "b"}\n')
    assert typed("check", str(path)) == 2
    assert f"{path}:2: the sample has no label." in capsys.readouterr().err


def test_training_again_gives_the_same_weights(tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert typed("train", "--per-label", "10", "--out", str(tmp_path / name)) == 0
    for grader in ("reasoning", "compliance"):
        one, two = (tmp_path / name / f"{grader}_weights.json" for name in ("one", "two"))
        assert one.read_text() == two.read_text()


def test_people_label_blind_and_agree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = tmp_path / "texts.jsonl"
    texts.write_text("".join(json.dumps({"text": f"t{k}", "source": "model-x"}) + "\n" for k in range(4)))
    blind = tmp_path / "blind.jsonl"
    assert typed("label-export", str(texts), str(blind)) == 0
    assert "model-x" not in blind.read_text()
    rows = [json.loads(line) for line in blind.read_text().splitlines()]
    filled = [row | {"label": "none" if k % 2 else "present"} for k, row in enumerate(rows)]
    blind.write_text("\n".join(map(json.dumps, filled)))
    capsys.readouterr()
    assert typed("label-agreement", str(blind), str(blind), "--json") == 0
    assert json.loads(capsys.readouterr().out)["kappa"]["value"] == 1
