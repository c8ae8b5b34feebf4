"""Two rates against each other, one point per thing, with the intervals of both."""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glasshouse.records import Interval, Measurement
from glasshouse.reports.plot import GRID, INK, PALETTE, STYLE, Marks, inline_svg


@dataclass(frozen=True)
class Dot:
    """One thing measured twice."""

    x: Measurement
    y: Measurement
    label: str
    """Written beside it; empty for none."""


@dataclass(frozen=True)
class Dots:
    """Things of one kind."""

    color: int
    dots: tuple[Dot, ...]


def scatter_svg(series: Sequence[Dots], labels: tuple[str, str], name: str) -> str:
    """Every dot says on hovering which two rows it is; a dotted line marks where both are equal.

    Args:
        series: shares or differences of shares, shown as per cent; a dot without both values is left out.
        labels: of the horizontal and of the vertical axis.
        name: unique in the document.
    """
    marks: Marks = {}
    with mpl.rc_context(STYLE | {"svg.hashsalt": name}):
        figure = Figure(figsize=(5.2, 3.7))
        axes = figure.add_axes((0.13, 0.14, 0.84, 0.83))
        axes.axhline(0, color=GRID, linewidth=0.8)
        for each in series:
            for dot in each.dots:
                _draw(axes, dot, PALETTE[each.color % len(PALETTE)], marks)
        _frame(axes, labels)
        return inline_svg(figure, name, marks)


def _draw(axes: Axes, dot: Dot, color: str, marks: Marks) -> None:
    if dot.x.value is None or dot.y.value is None:
        return
    x, y = 100 * dot.x.value, 100 * dot.y.value
    if (ends := _ends(dot.x.interval)) is not None:
        axes.plot(ends, [y, y], color=color, linewidth=0.7, alpha=0.45)
    if (ends := _ends(dot.y.interval)) is not None:
        axes.plot([x, x], ends, color=color, linewidth=0.7, alpha=0.45)
    mark = f"dot{len(marks)}"
    marks[mark] = (dot.y, dot.x)
    axes.plot([x], [y], "o", color=color, markersize=5, gid=mark)
    if dot.label:
        axes.annotate(dot.label, (x, y), xytext=(6, 4), textcoords="offset points", fontsize=7, color=color)


def _ends(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [100 * interval.low, 100 * interval.high]


def _frame(axes: Axes, labels: tuple[str, str]) -> None:
    low, high = axes.get_ylim()
    left, right = axes.get_xlim()
    top = max(high, right, 10.0) + 2
    axes.set_xlim(min(left, 0.0) - 2, top)
    axes.set_ylim(min(low, 0.0) - 2, top)
    axes.plot([0, top], [0, top], ":", color=INK, linewidth=0.8)
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.grid(color=GRID, linewidth=0.4)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
