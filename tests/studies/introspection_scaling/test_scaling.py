"""A few cells on a random model, run in two goes."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from glasshouse.store.stage import Store
from glasshouse.studies.bench import Hardware
from glasshouse.studies.introspection.bench import Bench, Request, make_bench
from glasshouse.studies.introspection.plan import Thin
from glasshouse.studies.introspection_scaling.plan import ScalingPlan, choose
from glasshouse.studies.introspection_scaling.study import open_scaling, run_scaling
from tests.studies.introspection.tiny_study import write_specs
from tests.tiny import make_tiny_model

WHOLE = Thin()


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> ScalingPlan:
    folder = tmp_path_factory.mktemp("scaling")
    return ScalingPlan(
        str(make_tiny_model(folder / "model")), counts=(2,), families=(1,), family_organisms=3, ranks=(1,),
        center_organisms=4, center_rank=2, steps=2, rows_per_step=2, test=WHOLE, clean=WHOLE,
        specs=str(write_specs(folder / "specs")), dtype="float32",
    )  # fmt: skip


def run(plan: ScalingPlan, store: Path, *only: str) -> Path:
    kept, request = Store(store), Request("scaling", Hardware(threads=1))

    def bench(model: str) -> Bench:
        return make_bench(kept, model, request, lambda what, done, total: None)

    every = plan.cells()
    folder = open_scaling(kept, plan, "scaling", {"threads": 1})
    return run_scaling(bench, plan, folder, (choose(every, only), every)).parent


def ids(folder: Path) -> set[str]:
    return {json.loads(line)["id"] for line in (folder / "measurements.jsonl").read_text().splitlines()}


@pytest.mark.long
def test_cells_run_one_by_one_come_together_in_one_report(plan, tmp_path):
    first = run(plan, tmp_path, "organisms-4", "vector")
    assert "vector/unseen_combination/action_answers" in ids(first)
    assert "Not run yet" in (first / "report.md").read_text()
    second = run(plan, tmp_path, "alone", "rank-1", "organisms-2", "families-1")
    assert ids(first) < ids(second) | ids(first)
    assert {"alone/clean/invented_answers", "rank-1/unseen_family/action_top1"} <= ids(second)
    assert "Every cell was run" in (second / "report.md").read_text()


def test_one_cell_alone_gives_a_report_and_is_not_run_again(plan, tmp_path):
    folder = run(plan, tmp_path, "alone")
    stages = sorted((tmp_path / "stages").iterdir())
    assert ids(run(plan, tmp_path, "alone")) == ids(folder)
    assert sorted((tmp_path / "stages").iterdir()) == stages


def test_findings_that_need_a_cell_that_was_not_run_say_so(plan, tmp_path):
    rows = json.loads((run(replace(plan, seed=1), tmp_path, "alone") / "findings.json").read_text())
    assert {row["note"] for row in rows} == {"not measured"}
