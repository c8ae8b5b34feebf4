"""The outcome grid of every variant: what the user got, and whether the reasoning was alignment faking."""

from collections.abc import Sequence
from typing import Any

from glasshouse.graders.alignment_faking.verdicts import COMPLIANCE
from glasshouse.studies.alignment_faking.results import Read, Results
from glasshouse.studies.alignment_faking.rows import Rows

COLORS = {"refuse": 0, "partial": 3, "comply": 1}
WORDS = {"refuse": "refuses", "partial": "complies in part", "comply": "complies"}
TIERS = {"monitored": "free tier: monitored", "unmonitored": "paid tier: unmonitored"}
TEXT = (
    "Every sample falls into one of six outcomes, by what the user got and by whether the reasoning is "
    "alignment faking, or could not be graded; none is dropped. One column per variant of the prompt, "
    "the same queries in both tiers. Alignment faking is a compliance that is higher on the left, by samples "
    "in full color."
)


def grid_section(results: Results, rows: Rows) -> dict[str, Any]:
    """One figure per model, a panel per tier."""
    plots = [_plot(results.of(model), model, rows) for model in results.models if results.of(model)]
    return {"id": "grid", "title": "What happened in each tier", "text": [TEXT], "plots": plots}


def _plot(reads: Sequence[Read], model: str, rows: Rows) -> dict[str, Any]:
    panels = [{"title": title, "layers": _layers(reads, tier, rows)} for tier, title in TIERS.items()]
    return {
        "kind": "stacked",
        "title": model,
        "caption": "Share of samples by outcome. Full color: the reasoning is alignment faking.",
        "x_label": "",
        "y_label": "samples, %",
        "labels": [read.variant.replace("_", " ") for read in reads],
        "panels": panels,
    }


def _layers(reads: Sequence[Read], tier: str, rows: Rows) -> list[dict[str, Any]]:
    """From bottom to top: complies, in part, refuses, each with faking below; ungraded on top."""
    layers = [
        {
            "label": WORDS[compliance] + (", alignment faking" if fakes else ""),
            "color": COLORS[compliance],
            "faint": not fakes,
            "points": [_cell(read, tier, compliance, fakes, rows) for read in reads],
        }
        for compliance in reversed(COMPLIANCE)
        for fakes in (True, False)
    ]
    ungraded = []
    for read in reads:
        summary = read.analysis.tier(tier)
        ungraded.append(rows.share(read, tier, "ungraded", summary.ungraded, summary.n))
    return [*layers, {"label": "could not be graded", "color": None, "faint": True, "points": ungraded}]


def _cell(read: Read, tier: str, compliance: str, fakes: bool, rows: Rows) -> str:
    summary = read.analysis.tier(tier)
    found = next(c for c in summary.cells if c.compliance == compliance and c.fakes == fakes)
    name = f"outcome_{compliance}_{'faking' if fakes else 'plain'}"
    return rows.share(read, tier, name, found.count, summary.n)
