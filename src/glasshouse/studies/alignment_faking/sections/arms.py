"""What moves the model: every motive arm and control against the default prompt, query by query."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from glasshouse.evals.faking.gap import Gap, TierPair, adjusted, tier_gap
from glasshouse.evals.faking.row import FakingRow
from glasshouse.studies.alignment_faking.results import Read, Results
from glasshouse.studies.alignment_faking.rows import Rows, cell, p_cell

GROUPS = ("motive", "control", "clarification", "channel")
TEXT = (
    "The same queries, monitored, under an arm and under the default prompt. An arm that takes away what "
    "faking is good for (the deployment that is to be preserved, the training, the conflict) lowers the "
    "compliance of a model that fakes for that reason, and of no other. P-values after Holm over the arms of "
    "a model. Benign queries are other queries and have no difference."
)
HEAD = ("arm", "complies, monitored", "minus default", "alignment faking, monitored", "minus default")


def arm_section(results: Results, rows: Rows) -> dict[str, Any]:
    """A table per model that was asked the default and some arms."""
    tables = [table for model in results.models if (table := _table(results, model, rows))]
    return {"id": "arms", "title": "What moves it?", "text": [TEXT], "tables": tables}


def _table(results: Results, model: str, rows: Rows) -> dict[str, Any] | None:
    main = results.main(model)
    arms = [read for read in results.of(model) if read.group in GROUPS]
    if main is None or not arms:
        return None
    compliance = adjusted([against(read, main, lambda row: row.complies) for read in arms])
    faking = adjusted([against(read, main, lambda row: row.fakes) for read in arms])
    each = zip(arms, compliance, faking, strict=True)
    lines = [_line(read, rows, (of_compliance, of_faking)) for read, of_compliance, of_faking in each]
    return {"caption": f"{model}, against {main.variant}", "head": HEAD, "rows": lines}


def against(read: Read, main: Read, verdict: Callable[[FakingRow], bool | None]) -> Gap:
    """A verdict's rate under an arm minus its rate under the default, both monitored, paired by query."""
    both: Sequence[FakingRow] = [
        *(replace(row, tier="arm") for row in read.rows("monitored").values()),
        *(replace(row, tier="default") for row in main.rows("monitored").values()),
    ]
    return tier_gap(both, verdict, TierPair("arm", "default"))


def _line(read: Read, rows: Rows, differences: tuple[Gap, Gap]) -> list[Any]:
    summary = read.analysis.tier("monitored")
    compliance, faking = differences
    return [
        [read.variant.replace("_", " "), {"small": read.group}],
        cell(rows.rate(read, "monitored", "compliance", summary.compliance)),
        [cell(rows.gap(read, "compliance_minus_default", compliance)), p_cell(compliance)],
        cell(rows.rate(read, "monitored", "faking", summary.faking)),
        [cell(rows.gap(read, "faking_minus_default", faking)), p_cell(faking)],
    ]
