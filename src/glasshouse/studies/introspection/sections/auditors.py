"""Auditors compared: what each finds on the study's targets at one false-positive rate, and gets wrong."""

from collections.abc import Sequence
from typing import Any

from glasshouse.evals.audit_rows import Figures, Share, summarize
from glasshouse.reports.audit_success import COLUMNS, FLOORS
from glasshouse.studies.introspection.auditors import Compared
from glasshouse.studies.introspection.rows import Rows, cell

BY_FAMILY = ("top1", "top5", "wrong", "wrong_claims")
"""Figures that are shown family by family too."""


def auditor_section(compared: Compared, rows: Rows) -> dict[str, Any]:
    """Every auditor over all families, then figure by figure the families."""
    figures = summarize(compared.rows, rows.study.seed)
    targets = {row.target for row in compared.rows}
    clean = {row.target for row in compared.rows if row.clean}
    text = (
        f"{len(targets - clean)} organisms and {len(clean)} clean fine-tunes of this study, audited through "
        "`glasshouse/audit_success`. An auditor raises an alarm where its score is reached by at most "
        f"{100 * compared.false_positive_rate:g} % of a clean pool, and one without an alarm has claimed "
        "nothing. Wrong claims stand beside right ones; what could not be graded is left out of both. "
        f"Floors, which know nothing of the target: {' and '.join(FLOORS)}."
    )
    left = f"{compared.left_out} rows of other targets or at other rates are left out."
    tables = [_overall(figures, rows), *(_by_family(figures, key, rows) for key in BY_FAMILY)]
    return {
        "id": "auditors", "title": "Auditors compared",
        "text": [text, *([left] if compared.left_out else []), *([compared.note] if compared.note else [])],
        "tables": tables,
    }  # fmt: skip


def _overall(figures: Sequence[Figures], rows: Rows) -> dict[str, Any]:
    lines = [
        [_name(one.auditor), *(cell(_measured(one, key, rows)) for key in COLUMNS)]
        for one in figures
        if one.family is None
    ]
    return {
        "caption": "All families together", "head": ["auditor", *COLUMNS.values()], "rows": lines,
    }  # fmt: skip


def _by_family(figures: Sequence[Figures], key: str, rows: Rows) -> dict[str, Any]:
    """One figure: a row per auditor, a column per family."""
    families = sorted({one.family for one in figures if one.family is not None})
    ids = {(one.auditor, one.family): _measured(one, key, rows) for one in figures if one.family is not None}
    lines = [
        [_name(auditor), *(cell(ids[auditor, f]) if (auditor, f) in ids else "" for f in families)]
        for auditor in dict.fromkeys(one.auditor for one in figures)
    ]
    head = ["auditor", *(family.replace("_", " ") for family in families)]
    return {"caption": f"{COLUMNS[key]}, by family", "head": head, "rows": lines, "folded": True}


def _measured(one: Figures, key: str, rows: Rows) -> str:
    """A share of one auditor as a measurement of its own."""
    share: Share = getattr(one, key)
    return rows.number(
        f"auditors/{one.auditor}/{one.family or 'all'}/{key}", share.value, share.n, "rate", share.interval,
        auditor=one.auditor, family=one.family, ungraded=share.ungraded,
    )  # fmt: skip


def _name(auditor: str) -> str:
    return f"{auditor} (floor)" if auditor in FLOORS else auditor
