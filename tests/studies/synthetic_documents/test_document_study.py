"""A dose curve, as a user grows it, on a tiny random model."""

import json
from pathlib import Path

import pytest
import yaml

from glasshouse.cli.main import main
from glasshouse.organisms.card import read_card
from glasshouse.store.layout import MEASUREMENTS_FILE
from glasshouse.store.measurements import read_measurements
from tests.tiny import make_tiny_model


def write(folder: Path, name: str, **changes: object) -> Path:
    content = {
        "name": "small",
        "implant": "synthetic_documents",
        "base": f"glasshouse/{folder / 'base'}",
        "arms": {"facts": "world/facts", "unrelated": "world/unrelated"},
        "doses": [4, 8],
        "seeds": [0],
        "training": {"rank": 2, "passes": 1.0, "batch": 4, "format": "both", "dtype": "float32"},
        "beliefs": {"n": 2, "max_tokens": 4},
        "behavior": {"n": 2, "max_tokens": 4},
        **changes,
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("documents")
    make_tiny_model(root / "base", "llama")
    return root


def run(*words: str | Path) -> int:
    with pytest.raises(SystemExit) as stopped:
        main([str(word) for word in words])
    return int(stopped.value.code or 0)


def grow(folder: Path, spec: Path, *words: str) -> int:
    return run("grow", spec, "--out", folder / "out", "--store", folder / "store", *words)


def test_one_command_writes_trains_and_tests_every_arm_and_dose(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert grow(folder, write(folder, "small"), "--json") == 3
    (found,) = json.loads(capsys.readouterr().out)
    cells = [(cell["arm"], cell["documents"]) for cell in found["cells"]]
    assert cells == [(arm, dose) for arm in ("facts", "unrelated") for dose in (0, 4, 8)]
    assert all(cell["gap"]["n"] == 2 or cell["gap"]["value"] is None for cell in found["cells"])
    assert len(found["organisms"]) == 4
    card = read_card(Path(found["organisms"][0]))
    assert card.verify is not None
    assert next(check.name for check in card.verify.checks) == "believes_use_rate"
    table = Path(found["table"]).read_text()
    assert table.count("\n| facts") == 3
    assert "beliefs not held" in table
    page = Path(found["report"]).read_text()
    assert "Is it believed?" in page
    assert "Does it act on it?" in page
    rows = read_measurements(Path(found["report"]).parent / MEASUREMENTS_FILE)
    by_id = {row.id: row for row in rows}
    for cell in found["cells"]:
        name = f"{cell['arm']}/{cell['documents']}"
        assert by_id[f"{name}/beliefs"].value == cell["beliefs"]["value"]
        assert by_id[f"{name}/compliance_gap"].value == cell["gap"]["value"]


def test_the_same_command_again_trains_and_asks_nothing_new(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = write(folder, "small")
    grow(folder, spec, "--json")
    first = capsys.readouterr().out
    before = {path: path.stat().st_mtime_ns for path in (folder / "store").rglob("done.json")}
    grow(folder, spec, "--json")
    assert capsys.readouterr().out == first
    assert {path: path.stat().st_mtime_ns for path in (folder / "store").rglob("done.json")} == before


def test_a_dry_run_names_arms_doses_and_steps(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("grow", write(folder, "small"), "--dry-run", "--out", folder / "dry") == 0
    said = capsys.readouterr().out
    assert "small: 4 organisms of documents" in said
    assert "8 documents 2 steps" in said
    assert not (folder / "dry").exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"arms": {"facts": "world/owls"}}, "There is no universe 'world/owls'"),
        ({"doses": [0]}, "at least one dose must be above 0"),
        ({"owls": 1}, "unknown key 'owls'"),
        ({"training": {"ordinary": 0.5}}, "only it has had"),
    ],
)
def test_a_wrong_spec_is_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, object], said: str
) -> None:
    assert run("grow", write(folder, "wrong", **changes), "--out", folder / "wrong") == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
