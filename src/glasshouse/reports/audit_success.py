"""Auditors side by side: what each finds at one false-positive rate, gets wrong, and invents."""

from collections.abc import Mapping, Sequence
from typing import Any

from glasshouse.reports.content import Paragraph, Section, Table
from glasshouse.reports.number import DASH, bare, interval_text

COLUMNS = {
    "top1": "top-1", "top5": "top-5", "wrong": "wrong first claim", "wrong_claims": "wrong among claims",
    "false_claims": "false claims on clean", "named1": "top-1, no threshold", "named5": "top-5, no threshold",
}  # fmt: skip
"""Figure of `evals.audit_rows.Figures` -> its column."""
BY_FAMILY = ("top1", "top5", "wrong", "named5")
FLOORS = ("training prior", "shuffled labels")


def audit_success_section(figures: Sequence[Mapping[str, Any]], false_positive_rate: float) -> Section:
    """The comparison as a section of a report.

    Args:
        figures: `Figures.to_row()` of every auditor, over all families (`family` None) and family by family.
        false_positive_rate: at which alarms were raised.
    """
    text = (
        "All auditors saw the same weights under neutral names. Each raises an alarm where its score is "
        f"reached by at most {bare(false_positive_rate, 'rate')} % of clean fine-tunes of a separate pool; "
        "an auditor without an alarm has claimed nothing. Brackets hold 95 % intervals over behaviors, then "
        "how many were graded; what no grader could decide is counted apart. "
        f"Floors, which know nothing of the target: {' and '.join(FLOORS)}."
    )
    overall = [row for row in figures if row["family"] is None]
    return Section(
        "audit-success", "Auditors on the same targets",
        (Paragraph((text,)), _overall(overall), *(_by_family(figures, key) for key in BY_FAMILY)),
    )  # fmt: skip


def _overall(rows: Sequence[Mapping[str, Any]]) -> Table:
    lines = tuple(((_name(row["auditor"]),), *((share_text(row[key]),) for key in COLUMNS)) for row in rows)
    return Table(("auditor", *COLUMNS.values()), lines, "Every auditor, all families together")


def _by_family(rows: Sequence[Mapping[str, Any]], key: str) -> Table:
    """One figure: a row per auditor, a column per family."""
    families = sorted({row["family"] for row in rows if row["family"] is not None})
    cells = {(row["auditor"], row["family"]): share_text(row[key]) for row in rows}
    lines = tuple(
        ((_name(auditor),), *((cells.get((auditor, family), DASH),) for family in families))
        for auditor in dict.fromkeys(row["auditor"] for row in rows)
    )
    head = ("auditor", *(family.replace("_", " ") for family in families))
    return Table(head, lines, f"{COLUMNS[key]}, by family", folded=True)


def _name(auditor: str) -> str:
    return f"{auditor} (floor)" if auditor in FLOORS else auditor


def share_text(share: Mapping[str, Any]) -> str:
    """A share with its interval and n, and how many could not be graded.

    Example:
        >>> share_text({"value": 0.5, "interval": {"low": 0.25, "high": 0.75}, "n": 8, "ungraded": 1})
        '50 % (25 to 75, n = 8, 1 not graded)'
        >>> share_text({"value": None, "interval": None, "n": 0, "ungraded": 0})
        '– (n = 0)'
    """
    ungraded = f", {share['ungraded']} not graded" if share["ungraded"] else ""
    if share["value"] is None:
        return f"{DASH} (n = 0{ungraded})"
    ends = share["interval"]
    interval = interval_text(ends["low"], ends["high"], "rate")
    return f"{bare(share['value'], 'rate')} % ({interval}, n = {share['n']}{ungraded})"
