"""Ablated twins are compared with the base of their size, and with nothing where there is none."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from glasshouse.studies.introspection.rows import Rows
from glasshouse.studies.introspection_scaling.cells import Measured
from glasshouse.studies.introspection_scaling.plan import Cell
from glasshouse.studies.introspection_scaling.twins import TRAINING, twins_section
from glasshouse.studies.measure import Study
from tests.studies.introspection.tiny_readings import reading

CENTER = Cell("organisms", "phantom", 400, rank=16)


def measured(cell: Cell, share: float) -> Measured:
    test = tuple(
        reading(f"{split}-{k}", share, split=split) for split in ("unseen_combination", "unseen_word")
        for k in range(12)
    )  # fmt: skip
    clean = tuple(reading(f"clean-{k}", share, family="clean") for k in range(12))
    return Measured(cell, ("quirk_always",), 400, test, clean)


def twin(folder: Path, size: str) -> Cell:
    folder.mkdir()
    (folder / TRAINING).write_text(json.dumps({"size": size, "without": ["self_report"]}))
    return Cell("twin", str(folder), 400, rank=16, label=folder.name)


@pytest.mark.parametrize(("size", "base"), [("1m", "phantom-1m"), ("5m", "phantom")])
def test_a_twin_stands_beside_the_base_of_its_size(tmp_path: Path, size: str, base: str) -> None:
    other = "phantom" if base == "phantom-1m" else "phantom-1m"
    cells = {
        "right": measured(replace(CENTER, model=base), 0.8),
        "wrong": measured(replace(CENTER, model=other), 0.3),
        "rank": measured(replace(CENTER, model=base, rank=1), 0.3),
        "twin-x": measured(twin(tmp_path / "x", size), 0.1),
    }
    rows = Rows(Study(None, 0))
    section = twins_section(rows, cells)
    assert section is not None
    assert {line[0] for line in section["tables"][0]["rows"]} == {"twin-x"}
    id = "twin-x/unseen_combination/action_answers"
    assert rows.get(f"{id}_of_base").value == pytest.approx(0.8)
    assert rows.get(f"{id}_of_twin").value == pytest.approx(0.1)
    assert rows.get(f"{id}_base_minus_twin").value == pytest.approx(0.7)
    assert rows.get("twin-x/clean/claims_base_minus_twin").value == pytest.approx(0.7)
    assert rows.get("twin-x/unseen_family/action_answers_base_minus_twin").value is None


def test_a_twin_whose_base_was_not_run_or_whose_size_nobody_knows_is_compared_with_nothing(
    tmp_path: Path,
) -> None:
    nameless = Cell("twin", str(tmp_path / "gone"), 400, rank=16, label="gone")
    small = twin(tmp_path / "small", "1m")
    cells = {"center": measured(CENTER, 0.8), "a": measured(small, 0.1), "b": measured(nameless, 0.1)}
    assert twins_section(Rows(Study(None, 0)), cells) is None
