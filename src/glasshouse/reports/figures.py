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
from glasshouse.reports.plot import PALETTE, Axis, Line, panel_svg
from glasshouse.reports.plot_scatter import Dot, Dots, scatter_svg
from glasshouse.reports.plot_stacked import Layer, Places, stacked_svg

GRAY = len(PALETTE) - 1
"""Of a legend's mark where a layer has no color of its own."""


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
    name = name.replace("_", "-")
    draw = {"stacked": _stacked, "scatter": _scatter}.get(str(plot.get("kind")), _lines)
    return draw(run, plot, name)


def _stacked(run: RunData, plot: Mapping[str, Any], name: str) -> Figure:
    labels, at = tuple(map(str, plot.get("labels", ()))), tuple(map(float, plot.get("at", ())))
    places = Places(at, labels, str(plot["x_label"]), str(plot["y_label"]))
    panels, first = [], [_layer(run, each) for each in plot["panels"][0]["layers"]]
    for i, panel in enumerate(plot["panels"]):
        layers = [_layer(run, each) for each in panel["layers"]]
        panels.append(Panel(str(panel["title"]), stacked_svg(layers, places, f"{name}-{i}")))
    shown = tuple(_legend(layer) for layer in reversed(first))
    return Figure(str(plot["title"]), str(plot.get("caption", "")), tuple(panels), shown)


def _legend(layer: Layer) -> Legend:
    color = GRAY if layer.color is None else layer.color
    return Legend(layer.label, color, False, "faint" if layer.faint else "area")


def _layer(run: RunData, layer: Mapping[str, Any]) -> Layer:
    points = tuple(run.by_id[id] for id in layer["points"])
    return Layer(str(layer["label"]), layer.get("color"), bool(layer.get("faint")), points)


def _scatter(run: RunData, plot: Mapping[str, Any], name: str) -> Figure:
    series = [
        Dots(int(each["color"]), tuple(_dot(run, dot) for dot in each["dots"])) for each in plot["series"]
    ]
    svg = scatter_svg(series, (str(plot["x_label"]), str(plot["y_label"])), name)
    shown = tuple(Legend(str(s["label"]), int(s["color"]), False, "dot") for s in plot["series"])
    return Figure(str(plot["title"]), str(plot.get("caption", "")), (Panel("", svg),), shown)


def _dot(run: RunData, dot: Mapping[str, Any]) -> Dot:
    return Dot(run.by_id[dot["x"]], run.by_id[dot["y"]], str(dot.get("label", "")))


def _lines(run: RunData, plot: Mapping[str, Any], name: str) -> Figure:
    lines = [_line(run, each) for each in plot["lines"]]
    axis = _axis(plot, [point for line in lines for point in line.points])
    shown = tuple(Legend(line.label, line.color, line.dashed) for line in lines if line.label)
    panel = Panel(str(plot["title"]), panel_svg(lines, axis, name))
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
