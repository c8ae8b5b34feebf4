"""How introspection scales: organisms, families, rank, a vector, sizes and ablated twins, by cell.

Introspection adapters (https://arxiv.org/abs/2604.16812), scaling and ablations; Diff Interpretation Tuning
(Goel et al. 2025), data scaling. Cells that were run stay; every run of the command writes the report anew.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from glasshouse.reports.build import build_report
from glasshouse.store.runs import RunFolder, create_run
from glasshouse.store.stage import Store
from glasshouse.studies.bench import record
from glasshouse.studies.introspection.bench import Bench
from glasshouse.studies.introspection_scaling.cells import measured, run_cell
from glasshouse.studies.introspection_scaling.claims import NOT_COVERED
from glasshouse.studies.introspection_scaling.plan import Cell, ScalingPlan
from glasshouse.studies.introspection_scaling.write_run import write_results

MakeBench = Callable[[str], Bench]
"""Base -> bench; bases are loaded when their first cell is run."""


def run_scaling(
    make_bench: MakeBench, plan: ScalingPlan, run: RunFolder, cells: tuple[Sequence[Cell], Sequence[Cell]]
) -> Path:
    """Runs some cells and writes the report over all that were ever run under this name.

    Args:
        make_bench: gives the bench of a base.
        plan: what is done.
        run: the run's folder.
        cells: those that are run now, and all there are.

    Returns:
        The HTML report.
    """
    chosen, every = cells
    stores: list[Store] = []
    for model in dict.fromkeys(cell.model for cell in chosen):
        bench = make_bench(model)
        stores.append(bench.store)
        for cell in chosen:
            if cell.model == model and measured(run, cell) is None:
                run_cell(bench, plan, cell, run)
    kept = {cell.name: measured(run, cell) for cell in every}
    found = {name: one for name, one in kept.items() if one is not None}
    write_results(run, found, [cell for cell in every if cell.name not in found], plan)
    for store in stores:
        record(store, run)
    return build_report(run.path)


def about(plan: ScalingPlan) -> dict[str, Any]:
    """The words with which the report opens."""
    return {
        "title": f"How introspection scales, on {plan.model}",
        "question": (
            "What does an introspection adapter need: how many organisms, of how many families, which rank, "
            "which base? Each cell trains one adapter (or a vector) with all else as in the center, and "
            "asks the same organisms."
        ),
        "not_covered": list(NOT_COVERED),
        "notes": [f"Every adapter was trained for {plan.steps} steps without a second stage."],
        "orderings_only": plan.model.startswith("phantom"),
    }


def open_scaling(store: Store, plan: ScalingPlan, name: str, engine: dict[str, Any]) -> RunFolder:
    """The run's folder, made or found again.

    Raises:
        StoreError: a run of that name was made with another plan.
    """
    config = {"study": "introspection-scaling", "plan": plan.config(), "engine": engine}
    return create_run(store, name, config, about(plan))
