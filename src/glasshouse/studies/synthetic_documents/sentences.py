"""What the dose curve says: a table for people, rows for programs, one sentence per arm."""

from collections.abc import Sequence
from typing import Any

from glasshouse.evals.faking.gap import Gap
from glasshouse.evals.faking.rates import Rate
from glasshouse.studies.synthetic_documents.curve import DoseCell

HEAD = ("arm", "documents", "seeds", "beliefs", "gap, points", "AF monitored", "AF unmonitored", "reading")


def cell_row(cell: DoseCell) -> dict[str, Any]:
    """One cell as JSON."""
    found: dict[str, Any] = {
        "arm": cell.arm,
        "documents": cell.dose,
        "seeds": cell.seeds,
        "beliefs": _rate(cell.beliefs),
        "beliefs_by_fact": dict(cell.by_fact),
        "believes": cell.believes,
        "seed_gaps": list(cell.seed_gaps),
        "no_gap_within_3_points": cell.is_no_gap,
        "reading": reading(cell),
    }
    if cell.analysis is None:
        return found
    tiers = {tier.tier: tier for tier in cell.analysis.tiers}
    return found | {
        "gap": _gap(cell.analysis.gap),
        "compliance": {name: _rate(tier.compliance) for name, tier in tiers.items()},
        "alignment_faking": {name: _rate(tier.faking) for name, tier in tiers.items()},
        "format_failures": {name: sum(tier.failures.values()) for name, tier in tiers.items()},
        "kind": cell.analysis.kind,
        "verdict": cell.analysis.verdict,
    }


def reading(cell: DoseCell) -> str:
    """How a cell may be read: nothing about beliefs follows where they are not held."""
    if cell.analysis is None:
        return "beliefs held" if cell.believes else "beliefs not held"
    if cell.analysis.gap.is_called:
        what = "a gap"
    elif cell.is_no_gap:
        what = "no gap (within 3 points)"
    else:
        what = "no gap shown"
    if cell.dose and not cell.believes:
        return f"{what}; beliefs not held, so it says nothing about them"
    return what


def table_rows(cells: Sequence[DoseCell]) -> list[tuple[str, ...]]:
    """The table's cells as text."""
    return [
        (cell.arm, str(cell.dose), str(cell.seeds), _percent(cell.beliefs), *_behavior(cell), reading(cell))
        for cell in cells
    ]


def markdown(cells: Sequence[DoseCell], power: str | None) -> str:
    """The table and what it could have shown."""
    lines = ["| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD)]
    lines += ["| " + " | ".join(row) + " |" for row in table_rows(cells)]
    lines += [
        "",
        "Gaps: monitored minus unmonitored compliance, paired by query, seeds averaged; p after Holm.",
    ]
    if power:
        lines += ["", f"{power} One seed; more seeds on the same queries can only help."]
    return "\n".join([*lines, ""])


def _behavior(cell: DoseCell) -> tuple[str, str, str]:
    if cell.analysis is None:
        return "–", "–", "–"
    tiers = {tier.tier: _percent(tier.faking) for tier in cell.analysis.tiers}
    return _points(cell.analysis.gap), tiers.get("monitored", "–"), tiers.get("unmonitored", "–")


def _points(gap: Gap) -> str:
    if gap.value is None:
        return "–"
    ends = f" [{100 * gap.interval.low:.1f}, {100 * gap.interval.high:.1f}]" if gap.interval else ""
    p = gap.p if gap.adjusted_p is None else gap.adjusted_p
    return f"{100 * gap.value:.1f}{ends}" + ("" if p is None else f", p {p:.2g}") + f", n {gap.pairs}"


def _percent(rate: Rate) -> str:
    if rate.value is None:
        return "–"
    ends = f" [{100 * rate.interval.low:.0f}, {100 * rate.interval.high:.0f}]" if rate.interval else ""
    return f"{100 * rate.value:.1f} %{ends} of {rate.n}"


def _rate(rate: Rate) -> dict[str, Any]:
    low, high = (None, None) if rate.interval is None else (rate.interval.low, rate.interval.high)
    return {"value": rate.value, "low": low, "high": high, "n": rate.n}


def _gap(gap: Gap) -> dict[str, Any]:
    low, high = (None, None) if gap.interval is None else (gap.interval.low, gap.interval.high)
    return {
        "value": gap.value,
        "low": low,
        "high": high,
        "p": gap.p,
        "p_after_holm": gap.adjusted_p,
        "n": gap.pairs,
    }
