"""Shares that add up to a whole, one above the other: over steps, or side by side for named things."""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glasshouse.records import Measurement
from glasshouse.reports.plot import GRID, INK, PALETTE, STYLE, Marks, inline_svg

FAINT = 0.38
"""Opacity of a pale layer."""


@dataclass(frozen=True)
class Layer:
    """One outcome."""

    label: str
    color: int | None
    """Index into the palette; None: gray."""
    faint: bool
    points: tuple[Measurement, ...]
    """One share per place; one without a value takes no room."""


@dataclass(frozen=True)
class Places:
    """What all panels of a stacked figure share."""

    at: tuple[float, ...]
    """Steps in rising order; empty where `labels` name the places."""
    labels: tuple[str, ...]
    """Names of the places, each as wide as the others."""
    x_label: str
    y_label: str


def stacked_svg(layers: Sequence[Layer], places: Places, name: str) -> str:
    """Layers from bottom to top; every piece says on hovering what it is.

    Args:
        layers: shares in [0, 1]; at each place they add up to 1 at most.
        places: the horizontal axis.
        name: unique in the document.
    """
    marks: Marks = {}
    named = bool(places.labels)
    with mpl.rc_context(STYLE | {"svg.hashsalt": name}):
        figure = Figure(figsize=(5.2, 3.4) if named else (4.0, 2.7))
        axes = figure.add_axes((0.1, 0.36, 0.88, 0.61) if named else (0.13, 0.16, 0.84, 0.81))
        bottom = [0.0] * (len(places.labels) or len(places.at))
        for layer in layers:
            top = [b + 100 * (m.value or 0.0) for b, m in zip(bottom, layer.points, strict=True)]
            _draw(axes, layer, (bottom, top), places, marks)
            bottom = top
        _frame(axes, places)
        return inline_svg(figure, name, marks)


def _draw(
    axes: Axes, layer: Layer, edges: tuple[list[float], list[float]], places: Places, marks: Marks
) -> None:
    color = INK if layer.color is None else PALETTE[layer.color % len(PALETTE)]
    alpha = FAINT if layer.faint else 0.92
    at = list(places.at) or [float(i) for i in range(len(places.labels))]
    if not places.labels:
        axes.fill_between(at, *edges, color=color, alpha=alpha, linewidth=0)
    for x, low, high, measurement in zip(at, *edges, layer.points, strict=True):
        if high <= low:
            continue
        mark = f"piece{len(marks)}"
        marks[mark] = (measurement,)
        if places.labels:
            axes.bar(x, high - low, 1.0, low, color=color, alpha=alpha, linewidth=0)[0].set_gid(mark)
        else:  # nothing to see, but something to point at
            axes.plot([x, x], [low, high], color=color, linewidth=8, alpha=0.0, gid=mark)


def _frame(axes: Axes, places: Places) -> None:
    axes.set_ylim(0, 100)
    axes.set_yticks([0, 25, 50, 75, 100])
    axes.set_ylabel(places.y_label)
    axes.set_xlabel(places.x_label)
    if places.labels:
        axes.set_xlim(-0.5, len(places.labels) - 0.5)
        size = 8 if len(places.labels) <= 12 else 6.5
        axes.set_xticks(range(len(places.labels)), places.labels, rotation=90, fontsize=size)
        for edge in range(1, len(places.labels)):
            axes.axvline(edge - 0.5, color=GRID, linewidth=0.4)
    elif len(places.at) > 1:
        axes.set_xlim(places.at[0], places.at[-1])
    axes.tick_params(length=0)
