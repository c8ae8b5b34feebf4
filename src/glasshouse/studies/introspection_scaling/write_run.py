"""The scaling study's cells as tables and plots with bands, and its findings."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from glasshouse.store import layout
from glasshouse.store.runs import RunFolder
from glasshouse.studies.findings import finding_measurement, finding_row, judge
from glasshouse.studies.introspection.results import values
from glasshouse.studies.introspection.rows import Rows, cell
from glasshouse.studies.introspection.sections.false_claims import invented
from glasshouse.studies.introspection_scaling.cells import Measured
from glasshouse.studies.introspection_scaling.claims import compare_claims
from glasshouse.studies.introspection_scaling.groups import GROUPS, named_values
from glasshouse.studies.introspection_scaling.plan import Axis, Cell, ScalingPlan
from glasshouse.studies.introspection_scaling.twins import twins_section
from glasshouse.studies.measure import Study
from glasshouse.studies.sentences import compared

PLOTS: dict[Axis, tuple[str, str, Callable[[Measured], float]]] = {
    "organisms": ("Number of organisms", "training organisms", lambda one: float(one.organisms)),
    "families": ("Number of families", "families that behave", lambda one: float(one.cell.families or 0)),
    "rank": ("Rank of the adapter", "rank", lambda one: float(one.cell.rank or 0)),
}
"""Axis -> title, label and place of a cell."""
TITLES: dict[Axis, str] = {
    "vector": "A steering vector", "alone": "Without an adapter", "base": "Sizes of the phantom",
    "twin": "Ablated twins",
}  # fmt: skip


def write_results(
    run: RunFolder, found: Mapping[str, Measured], missing: Sequence[Cell], plan: ScalingPlan
) -> None:
    """Measurements, figures, findings and sentences of the cells that were run.

    Args:
        run: the run's folder.
        found: cell's name -> what it gave.
        missing: cells that were not run yet.
        plan: which cell is at the center, and the seed of the intervals.
    """
    study = Study(run.code, plan.seed)
    rows = Rows(study)
    ids = {name: _measure(rows, name, one) for name, one in found.items()}
    figures = [_plotted(axis, found, ids) for axis in PLOTS if _of(found, axis)]
    others = [one for axis in TITLES for one in _of(found, axis)]
    figures += [_others(plan.center.name, found, others, ids)] if others else []
    twins = twins_section(rows, found)
    figures += [twins] if twins else []
    figures.append(_open_cells(missing))
    findings = judge(compare_claims(found, plan.center), plan.seed)
    run.write(layout.MEASUREMENTS_FILE, [])
    run.append_measurements([*rows.all, *(finding_measurement(finding, study) for finding in findings)])
    run.write(layout.FIGURES_FILE, figures)
    run.write(layout.FINDINGS_FILE, [finding_row(finding) for finding in findings])
    run.write(
        layout.SENTENCES_FILE, [f"{len(found)} cells were run.", compared(findings, []).split(";")[0] + "."]
    )


def _of(found: Mapping[str, Measured], axis: Axis) -> list[tuple[str, Measured]]:
    return [(name, one) for name, one in found.items() if one.cell.axis == axis]


def _measure(rows: Rows, name: str, one: Measured) -> dict[str, str]:
    """The cell's numbers."""
    about: dict[str, Any] = {
        "cell": name,
        "axis": one.cell.axis,
        "organisms": one.organisms,
        "rank": one.cell.rank,
        "families": len(one.families),
        "base": one.cell.model,
    }
    ids = {
        key: rows.share(f"{name}/{key}/action_answers", named_values(pick(one.test)), **about)
        for key, (_, pick) in GROUPS.items()
    }
    ids |= {
        f"{key}_top1": rows.share(
            f"{name}/{key}/action_top1", values(pick(one.test), lambda reading: reading.top(1)), **about)
        for key, (_, pick) in GROUPS.items()
    }  # fmt: skip
    ids["invented"] = rows.share(f"{name}/clean/invented_answers", values(one.clean, invented), True, **about)
    return ids


def _plotted(
    axis: Axis, found: Mapping[str, Measured], ids: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    title, label, place = PLOTS[axis]
    own = sorted(_of(found, axis), key=lambda pair: place(pair[1]))
    marks = sorted({place(one) for _, one in own})
    keys = [*((key, words) for key, (words, _) in GROUPS.items()), ("invented", "invented, clean")]
    lines = [
        {"label": words, "color": color, "dashed": key == "invented",
         "at": [place(one) for _, one in own], "points": [ids[name][key] for name, _ in own]}
        for color, (key, words) in enumerate(keys)
    ]  # fmt: skip
    plot = {
        "title": title, "caption": "Single answers that name the action; bands are 95 % intervals.",
        "x_label": label, "y_label": "answers, %", "log": marks[0] > 0 and marks[-1] > 8 * marks[0],
        "marks": marks, "lines": lines,
    }  # fmt: skip
    return {"id": axis, "title": title, "text": [], "plots": [plot], "tables": [_table(title, own, ids)]}


def _others(
    center: str, found: Mapping[str, Measured], some: Sequence[tuple[str, Measured]],
    ids: Mapping[str, Mapping[str, str]],
) -> dict[str, Any]:  # fmt: skip
    first = [(center, found[center])] if center in found else []
    shown = [*first, *some]
    text = (
        "A steering vector is one bias added to the stream after the layer in the middle, trained on the "
        "same rows. Ablated twins are bases whose pretraining lacked a skill; organisms were grown anew on "
        "each."
    )
    heading = "The first row is the cell at the center: all families, the shipped rank. " if first else ""
    return {"id": "others", "title": "Vector, sizes, twins", "text": [heading + text],
            "tables": [_table("Cells without an axis", shown, ids)]}  # fmt: skip


def _table(
    title: str, own: Sequence[tuple[str, Measured]], ids: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    keys = [*GROUPS, *(f"{key}_top1" for key in GROUPS), "invented"]
    head = ["cell", "organisms", *(words for words, _ in GROUPS.values()),
            *(f"{words}, largest claim" for words, _ in GROUPS.values()), "clean: invented"]  # fmt: skip
    lines = [[name, str(one.organisms), *(cell(ids[name][key]) for key in keys)] for name, one in own]
    return {"caption": f"{title}: action named", "head": head, "rows": lines}


def _open_cells(missing: Sequence[Cell]) -> dict[str, Any]:
    text = (
        "Every cell was run."
        if not missing
        else "Not run yet: " + ", ".join(each.name for each in missing) + "."
    )
    return {"id": "cells", "title": "Cells", "text": [text]}
