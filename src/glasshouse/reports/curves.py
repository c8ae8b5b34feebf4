"""Persistence curves: one plot per mode and learning rate, one line per arm, and the numbers behind them."""

from collections.abc import Sequence
from typing import Any

from glasshouse.records import Measurement
from glasshouse.reports.content import Block, Cell, Figure, Legend, Number, Panel, Paragraph, Table
from glasshouse.reports.efficacy import UNTRAINED, trained
from glasshouse.reports.load import Key, RunData
from glasshouse.reports.number import DASH
from glasshouse.reports.plot import Axis, Line, panel_svg
from glasshouse.reports.words import MODE, group_name, rate_name, short_name

MARK = "†"
"""Behind the name of a line whose safety training did not do what it is for."""


def curve_blocks(run: RunData, name: str, y_label: str) -> list[Block]:
    """Figures and tables of one measurement over the steps, mode by mode.

    Args:
        run: the run.
        name: of the measurement: `attack_success_rate`, `payload_logprob`.
        y_label: of the vertical axis.
    """
    groups = [group for group in run.groups(clean_twin=None) if len(run.curve(name, group)) > 1]
    blocks: list[Block] = []
    for mode in dict.fromkeys(group["mode"] for group in groups):
        of_mode = [group for group in groups if group["mode"] == mode]
        blocks += [_figure(run, name, y_label, of_mode), _table(run, name, of_mode)]
    return blocks or [Paragraph(("Not measured over several steps.",))]


def _figure(run: RunData, name: str, y_label: str, groups: Sequence[Key]) -> Figure:
    axis = _axis(run, name, y_label, groups)
    rates = sorted({group["learning_rate"] for group in groups})
    mode = str(groups[0]["mode"])
    panels = []
    for rate in rates:
        lines = [_line(run, name, group) for group in groups if group["learning_rate"] == rate]
        title = f"learning rate {rate_name(rate)}"
        panels.append(
            Panel(title, panel_svg(lines, axis, f"{name}-{mode}-{rate_name(rate)}".replace("_", "-")))
        )
    labels = {_style(group): group_name(group) for group in groups if not group["clean_twin"]}
    legend = tuple(Legend(label, *style) for style, label in labels.items())
    twins = (
        (Legend("clean twins, in the color of their arm", 5, True),)
        if any(g["clean_twin"] for g in groups)
        else ()
    )
    notes = (
        f" {MARK}: {UNTRAINED}."
        if any(trained(run, g) is False for g in groups if not g["clean_twin"])
        else ""
    )
    caption = f"Pooled over organism seeds; bands are 95 % intervals. Hover over a point for its row.{notes}"
    return Figure(MODE.get(mode, mode), caption, tuple(panels), legend + twins)


def _axis(run: RunData, name: str, y_label: str, groups: Sequence[Key]) -> Axis:
    points = [m for group in groups for m in run.curve(name, group)]
    steps = tuple(sorted({float(m.step or 0) for m in points}))
    if points[0].unit == "rate":
        return Axis(y_label, (0.0, 1.0), 100.0, steps)
    values = [v for m in points if m.value is not None for v in (m.value, *_ends(m))]
    low, high = min(values, default=0.0), max(values, default=1.0)
    return Axis(y_label, (low, high if high > low else low + 1), 1.0, steps)


def _ends(measurement: Measurement) -> tuple[float, ...]:
    return (measurement.interval.low, measurement.interval.high) if measurement.interval else ()


def _line(run: RunData, name: str, group: Key) -> Line:
    color, dashed = _style(group)
    mark = MARK if trained(run, group) is False else ""
    label = "" if dashed else short_name(group) + mark
    return Line(label, color, dashed, tuple(run.curve(name, group)))


def _style(group: Key) -> tuple[int, bool]:
    """Color of an arm and form, the same in every plot; dashed for clean twins."""
    order = [
        ("normal", ""),
        ("cot", "pre"),
        ("distilled_cot", ""),
        ("cot", "post"),
        ("distilled_cot", "unmatched"),
    ]
    form = {"pre_scratchpad": "pre", "post_scratchpad": "post"}.get(str(group.get("form")), "")
    key = (str(group["variant"]), "unmatched" if group.get("payload_length") == "unmatched" else form)
    fallback = (key[0], "pre" if key[0] == "cot" else "")
    color = next((order.index(each) for each in (key, fallback) if each in order), len(order))
    return color, bool(group["clean_twin"])


def _table(run: RunData, name: str, groups: Sequence[Key]) -> Table:
    steps = sorted({m.step or 0 for group in groups for m in run.curve(name, group)})
    rows: list[tuple[Cell, ...]] = []
    for group in groups:
        by_step: dict[int, Any] = {m.step or 0: m for m in run.curve(name, group)}
        cells = [(Number(by_step[step]),) if step in by_step else (DASH,) for step in steps]
        rows.append(((group_name(group),), (rate_name(group["learning_rate"]),), *cells))
    head = ("organisms", "learning rate", *(f"step {step}" for step in steps))
    return Table(head, tuple(rows), "The numbers behind these curves", folded=True)
