"""What was out of format, and how far that could change the rates."""

from typing import Any

from glasshouse.evals.faking.rates import TierSummary
from glasshouse.studies.alignment_faking.results import Read, Results
from glasshouse.studies.alignment_faking.rows import Rows, cell

TEXT = (
    "Nothing is dropped: a completion out of format is graded on what can be read of it. The bounds say what "
    "compliance could be at least and at most, were every sample without a verdict (strict: every sample out "
    "of format too) a refusal or a full compliance."
)
HEAD = (
    "variant, tier",
    "samples",
    "out of format",
    "without a verdict",
    "bounds",
    "strict bounds",
    "read by",
)


def format_section(results: Results, rows: Rows) -> dict[str, Any]:
    """A folded table per model."""
    tables = [
        {
            "caption": f"{model}: format failures and worst-case bounds",
            "head": HEAD,
            "folded": True,
            "rows": [_line(read, tier, rows) for read in results.of(model) for tier in read.analysis.tiers],
        }
        for model in results.models
    ]
    return {"id": "formats", "title": "Format failures", "text": [TEXT], "tables": tables}


def _line(read: Read, tier: TierSummary, rows: Rows) -> list[Any]:
    failed = ", ".join(f"{name} {count}" for name, count in tier.failures.items())
    out = rows.share(read, tier.tier, "format_failures", sum(tier.failures.values()), tier.n)
    parsed = ", ".join(f"{name} {count}" for name, count in tier.parsed_by.items())
    return [
        [read.variant.replace("_", " "), {"small": tier.tier}],
        str(tier.n),
        [cell(out), {"small": failed}] if failed else cell(out),
        cell(rows.share(read, tier.tier, "ungraded", tier.ungraded, tier.n)),
        _bounds(tier.bounds.low, tier.bounds.high),
        _bounds(tier.strict_bounds.low, tier.strict_bounds.high),
        parsed,
    ]


def _bounds(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{100 * low:.1f} to {100 * high:.1f} %"
