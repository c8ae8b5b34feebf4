"""Sections that a study lays out itself: tables and plots of rows of measurements.jsonl."""

from collections.abc import Mapping, Sequence
from typing import Any

from glasshouse.records import Measurement
from glasshouse.reports.content import (
    Badge,
    Block,
    Cell,
    Figure,
    Inline,
    Legend,
    Number,
    Panel,
    Paragraph,
    Small,
    Table,
)
from glasshouse.reports.load import RunData
from glasshouse.reports.number import DASH
from glasshouse.reports.plot import Axis, Line, panel_svg


def figure_blocks(run: RunData, section: Mapping[str, Any]) -> list[Block]:
    """One section of figures.json; its form is written down in `reports.load`."""
    blocks: list[Block] = [Paragraph((str(text),)) for text in section.get("text", ())]
    blocks += [_figure(run, plot, f"{section['id']}-{i}") for i, plot in enumerate(section.get("plots", ()))]
    blocks += [_table(run, table) for table in section.get("tables", ())]
    return blocks or [Paragraph(("Not measured in this run.",))]


def _table(run: RunData, table: Mapping[str, Any]) -> Table:
    rows = tuple(tuple(_cell(run, cell) for cell in row) for row in table["rows"])
    head = tuple(str(name) for name in table["head"])
    return Table(head, rows, str(table.get("caption", "")), bool(table.get("folded")))


def _cell(run: RunData, cell: Any) -> Cell:
    parts = cell if isinstance(cell, list) else [cell]
    return tuple(_inline(run, part) for part in parts) or (DASH,)


def _inline(run: RunData, part: Any) -> Inline:
    if not isinstance(part, Mapping):
        return str(part) if part not in (None, "") else DASH
    if "badge" in part:
        return Badge(str(part["badge"]), str(part.get("kind", "neutral")))
    if "small" in part:
        return Small(str(part["small"]))
    found = run.by_id.get(str(part.get("measurement")))
    return Number(found) if found else DASH


def _figure(run: RunData, plot: Mapping[str, Any], name: str) -> Figure:
    lines = [_line(run, each) for each in plot["lines"]]
    axis = _axis(plot, [point for line in lines for point in line.points])
    shown = tuple(Legend(line.label, line.color, line.dashed) for line in lines if line.label)
    panel = Panel(str(plot["title"]), panel_svg(lines, axis, name.replace("_", "-")))
    return Figure(str(plot["title"]), str(plot.get("caption", "")), (panel,), shown)


def _line(run: RunData, line: Mapping[str, Any]) -> Line:
    pairs = [(x, run.by_id[id]) for x, id in zip(line["at"], line["points"], strict=True) if id in run.by_id]
    points = tuple(point for _, point in pairs)
    at = tuple(float(x) for x, _ in pairs)
    return Line(str(line["label"]), int(line.get("color", 0)), bool(line.get("dashed")), points, at)


def _axis(plot: Mapping[str, Any], points: Sequence[Measurement]) -> Axis:
    share = all(point.unit == "rate" for point in points)
    values = [point.value for point in points if point.value is not None]
    low, high = (0.0, 1.0) if share else (min(values, default=0.0), max(values, default=1.0))
    marks = tuple(float(mark) for mark in plot["marks"]) or (0.0, 1.0)
    return Axis(
        str(plot["y_label"]),
        (low, high if high > low else low + 1),
        100.0 if share else 1.0,
        marks,
        str(plot["x_label"]),
        bool(plot.get("log")),
    )
