"""Small plots as inline SVG: the same bytes for the same data, colors that follow the page's theme.

The line plot stands here; `plot_stacked` and `plot_scatter` draw the others in the same style.
"""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glasshouse.records import Measurement
from glasshouse.reports.number import title_text

PALETTE = ("#0b62a8", "#c2410c", "#0f7b5a", "#8e44ad", "#2596be", "#475569")
"""Colors on a light page; the style sheet has their counterparts on a dark one."""
INK, GRID = "#33404d", "#d5dbe1"
THEMED = {color: f"var(--series-{i})" for i, color in enumerate(PALETTE)} | {
    INK: "var(--muted)",
    GRID: "var(--line)",
}
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "axes.edgecolor": GRID,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


Marks = dict[str, tuple[Measurement, ...]]
"""Id of an SVG element -> the measurements that it stands for."""


@dataclass(frozen=True)
class Line:
    """One curve."""

    label: str
    """Written at its end; empty for none."""
    color: int
    dashed: bool
    points: tuple[Measurement, ...]
    """By step; those without a value leave a gap."""
    at: tuple[float, ...] = ()
    """Where each point stands on the horizontal axis; empty: at its step."""


@dataclass(frozen=True)
class Axis:
    """What all panels of a figure share."""

    y_label: str
    y_limits: tuple[float, float]
    scale: float
    """100 for shares, shown as per cent."""
    steps: tuple[float, ...]
    """Where the horizontal axis has its marks, first to last."""
    x_label: str = "safety-training steps"
    log: bool = False
    """Whether equal distances are equal factors; no mark may be 0 then."""


def panel_svg(lines: Sequence[Line], axis: Axis, name: str) -> str:
    """One plot: bands are 95 % intervals, every point says on hovering what it is.

    Args:
        lines: the curves.
        axis: limits and labels.
        name: unique in the document; it makes the ids in the SVG unique and reproducible.
    """
    marks: Marks = {}
    with mpl.rc_context(STYLE | {"svg.hashsalt": name}):
        figure = Figure(figsize=(4.0, 2.7))
        axes = figure.add_axes((0.13, 0.16, 0.53, 0.81))
        for line in lines:
            _draw(axes, line, axis.scale, marks)
        _label(axes, lines, axis)
        _frame(axes, axis)
        return inline_svg(figure, name, marks)


def inline_svg(figure: Figure, name: str, marks: Marks) -> str:
    """The drawn figure as an SVG element that stands alone in a page.

    Args:
        figure: everything drawn, under `STYLE` and a hash salt of its own.
        name: unique in the document.
        marks: what hovering over an element says.
    """
    text = io.StringIO()
    nothing: Mapping[str, Any] = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(text, format="svg", transparent=True, metadata=nothing)
    return _inline(text.getvalue(), name, marks)


def _draw(axes: Axes, line: Line, scale: float, marks: Marks) -> None:
    at = line.at or tuple(m.step or 0 for m in line.points)
    points = [(x, m.value * scale, m) for x, m in zip(at, line.points, strict=True) if m.value is not None]
    if not points:
        return
    color, x = PALETTE[line.color % len(PALETTE)], [point[0] for point in points]
    bands = [m.interval or None for _, _, m in points]
    if all(bands) and len(points) > 1:
        low, high = ([getattr(b, end) * scale for b in bands] for end in ("low", "high"))
        axes.fill_between(x, low, high, color=color, alpha=0.07 if line.dashed else 0.16, linewidth=0)
    style, width = ("--", 1.2) if line.dashed else ("-", 1.9)
    axes.plot(x, [point[1] for point in points], style, color=color, linewidth=width)
    for step, value, measurement in points:
        mark = f"point{len(marks)}"
        marks[mark] = (measurement,)
        axes.plot([step], [value], "o", color=color, markersize=3 if line.dashed else 4.4, gid=mark)


def _label(axes: Axes, lines: Sequence[Line], axis: Axis) -> None:
    """Names at the ends of the lines, pushed apart where they would overlap."""
    ends = [
        (m.value * axis.scale, line)
        for line in lines
        for m in line.points[-1:]
        if m.value is not None and line.label
    ]
    low, high = (limit * axis.scale for limit in axis.y_limits)
    gap = (high - low) * 0.085
    heights = spread([end for end, _ in ends], gap, low, high)
    for (_, line), height in zip(ends, heights, strict=True):
        axes.annotate(
            line.label,
            (axis.steps[-1], height),
            xytext=(7, 0),
            textcoords="offset points",
            va="center",
            color=PALETTE[line.color % len(PALETTE)],
            fontsize=8,
            annotation_clip=False,
        )


def spread(heights: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Heights moved as little as needed so that neighbors are `gap` apart, within the limits where they fit.

    Example:
        >>> spread([0.0, 0.0, 50.0], 10.0, 0.0, 100.0)
        [0.0, 10.0, 50.0]
        >>> spread([100.0, 99.0], 10.0, 0.0, 100.0)
        [100.0, 90.0]
    """
    order = sorted(range(len(heights)), key=lambda i: heights[i])
    placed = [0.0] * len(heights)
    floor = low
    for i in order:
        placed[i] = max(heights[i], floor)
        floor = placed[i] + gap
    ceiling = high
    for i in reversed(order):
        placed[i] = min(placed[i], ceiling)
        ceiling = placed[i] - gap
    return placed


def _frame(axes: Axes, axis: Axis) -> None:
    low, high = (limit * axis.scale for limit in axis.y_limits)
    pad = (high - low) * 0.03
    axes.set_ylim(low - pad, high + pad)
    if axis.log:
        axes.set_xscale("log")
        axes.set_xlim(axis.steps[0] / 1.1, axis.steps[-1] * 1.1)
    else:
        axes.set_xlim(axis.steps[0] - axis.steps[-1] * 0.02, axis.steps[-1] * 1.02 or 1)
    if axis.scale == 100:
        axes.set_yticks([0, 25, 50, 75, 100])
    if len(axis.steps) <= 8:
        axes.set_xticks(axis.steps, [f"{mark:g}" for mark in axis.steps])
        axes.minorticks_off()
    axes.set_ylabel(axis.y_label)
    axes.set_xlabel(axis.x_label)
    axes.grid(axis="y", color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)


def _inline(svg: str, name: str, marks: Marks) -> str:
    """The SVG element alone: unique ids, theme colors, the page's font, a title on every point."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*pt" height="[^"]*pt"', r"\1", svg)
    svg = re.sub(r'(<svg[^>]*?)height="[^"]*pt"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?)width="[^"]*pt"', r"\1", svg, count=1)
    for color, variable in THEMED.items():
        svg = svg.replace(color, variable)
    svg = svg.replace("'DejaVu Sans', sans-serif", "system-ui, sans-serif")
    for mark, measurements in marks.items():
        title = "\n".join(map(title_text, measurements))
        about = f'data-measurement="{escape(measurements[0].id)}"><title>{escape(title)}</title>'
        svg = svg.replace(f'<g id="{mark}">', f'<g id="{mark}" {about}', 1)
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
    svg = re.sub(r'(xlink:href="#|url\(#)', rf"\g<1>{name}-", svg)
    return svg.strip()
