"""Ablated twins beside the base of their size: what a skill of pretraining is worth to self-report."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from glasshouse.studies.introspection.compare import Value
from glasshouse.studies.introspection.reading import Reading
from glasshouse.studies.introspection.results import values
from glasshouse.studies.introspection.rows import Rows, cell
from glasshouse.studies.introspection.sections.false_claims import invented
from glasshouse.studies.introspection_scaling.cells import Measured
from glasshouse.studies.introspection_scaling.groups import GROUPS, named_values
from glasshouse.studies.introspection_scaling.plan import Cell

TRAINING = "training.json"
"""What `glasshouse phantom train` leaves beside a model: its size and the skills that it lacks."""
DEFAULT_SIZE = "5m"
"""Of the cell at the center, where that is the phantom."""
MEASURES: dict[str, tuple[str, Callable[[Sequence[Reading]], list[Value]]]] = {
    "gate": ("behavior shows", lambda some: values(some, lambda one: one.truth.gate_passed)),
    "action_answers": ("single answers name the action", named_values),
    "action_top1": ("largest claim names the action", lambda some: values(some, lambda one: one.top(1))),
}
"""Name -> its words, and its value organism by organism."""


def twins_section(rows: Rows, found: Mapping[str, Measured]) -> dict[str, Any] | None:
    """A table of every twin beside its base; None where no twin was run together with its base.

    Organisms of a twin and of its base have the same specs and data, so those of one behavior are compared
    with each other. Whether they show what they were taught is compared first: a twin whose organisms
    did not learn it has nothing to report.
    """
    pairs = {name: (base_of(one.cell, found), one) for name, one in found.items() if one.cell.axis == "twin"}
    lines = [
        line for name, (base, twin) in pairs.items() if base is not None
        for line in _compared(rows, name, base, twin)
    ]  # fmt: skip
    if not lines:
        return None
    text = (
        "The recipe of the base without one skill of pretraining: self_report is to say which rule a system "
        "prompt states, described_behavior is to follow it. Differences are the base's minus the twin's, of "
        "organisms with the same specs and data."
    )
    head = ["twin", "organisms", "measured", "base", "twin", "difference"]
    table = {"caption": "Ablated twins beside their base", "head": head, "rows": lines}
    return {"id": "twins", "title": "What pretraining had to hold", "text": [text], "tables": [table]}


def base_of(twin: Cell, found: Mapping[str, Measured]) -> Measured | None:
    """The cell of the phantom of a twin's size; None where it was not run or the twin's size is not known."""
    try:
        size = json.loads((Path(twin.model) / TRAINING).read_text("utf-8"))["size"]
    except (OSError, ValueError, KeyError):
        return None
    wanted = "phantom" if size == DEFAULT_SIZE else f"phantom-{size}"
    alike = (twin.organisms, twin.families, twin.rank)
    return next(
        (one for one in found.values()
         if one.cell.model == wanted and (one.cell.organisms, one.cell.families, one.cell.rank) == alike),
        None,
    )  # fmt: skip


def _compared(rows: Rows, name: str, base: Measured, twin: Measured) -> list[list[Any]]:
    lines = [
        [name, words, what, *(cell(id) for id in _ids(rows, f"{name}/{key}/{measure}", number, pairs))]
        for key, (words, pick) in GROUPS.items()
        for pairs in [(pick(base.test), pick(twin.test))]
        for measure, (what, number) in MEASURES.items()
    ]
    clean = _ids(rows, f"{name}/clean/claims", _claiming, (base.clean, twin.clean))
    return [*lines, [name, "clean fine-tunes", "single answers claim something", *(cell(id) for id in clean)]]


def _claiming(clean: Sequence[Reading]) -> list[Value]:
    return values(clean, invented)


def _ids(
    rows: Rows, id: str, number: Callable[[Sequence[Reading]], list[Value]],
    pairs: tuple[Sequence[Reading], Sequence[Reading]],
) -> list[str]:  # fmt: skip
    of_base, of_twin = (number(some) for some in pairs)
    return [
        rows.share(f"{id}_of_base", of_base),
        rows.share(f"{id}_of_twin", of_twin),
        rows.difference(f"{id}_base_minus_twin", of_base, of_twin),
    ]
