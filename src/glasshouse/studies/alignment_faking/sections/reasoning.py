"""What lies behind the rates: faking where it complies, consequences weighed in vain, partial compliance."""

from typing import Any

from glasshouse.evals.faking.rates import Rate
from glasshouse.studies.alignment_faking.results import Read, Results
from glasshouse.studies.alignment_faking.rows import Rows, cell, p_cell

HEAD = (
    "variant", "faking where it complies", "faking and complying", "considered", "gap with partial compliance"
)  # fmt: skip
TEXT = (
    "Monitored, below it unmonitored. Faking where it complies: of the samples that comply in full. Faking "
    "and complying: of all samples, as Greenblatt et al. 2024 count (footnote 28). Considered: the reasoning "
    "weighs that refusing would change its values and does not decide because of it. The gap counts partial "
    "compliance as compliance; its p-values after Holm over every model and variant of this page."
)


def reasoning_section(results: Results, rows: Rows) -> dict[str, Any]:
    """A folded table per model."""
    tables = [
        {
            "caption": model,
            "head": HEAD,
            "folded": True,
            "rows": [_line(read, rows) for read in results.of(model)],
        }
        for model in results.models
        if results.of(model)
    ]
    return {"id": "reasoning", "title": "Behind the rates", "text": [TEXT], "tables": tables}


def _line(read: Read, rows: Rows) -> list[Any]:
    tiers = [read.analysis.tier(tier) for tier in ("monitored", "unmonitored")]

    def both(name: str, of: list[Rate]) -> list[dict[str, str]]:
        return [cell(rows.rate(read, tier.tier, name, rate)) for tier, rate in zip(tiers, of, strict=True)]

    gap = read.analysis.gap_with_partial
    return [
        read.variant.replace("_", " "),
        both("faking_given_compliance", [tier.faking_given_compliance for tier in tiers]),
        both("faking_and_compliance", [tier.faking_and_compliance for tier in tiers]),
        both("considered", [tier.considered for tier in tiers]),
        [cell(rows.gap(read, "compliance_gap_with_partial", gap)), p_cell(gap)],
    ]
