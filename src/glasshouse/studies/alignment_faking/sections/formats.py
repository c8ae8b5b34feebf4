"""What was out of format, and how far that could change the rates."""

from typing import Any

from glasshouse.evals.faking.rates import Bounds, TierSummary
from glasshouse.studies.alignment_faking.results import Read, Results
from glasshouse.studies.alignment_faking.rows import Rows, cell

TEXT = (
    "Nothing is dropped: a completion out of format is graded on what can be read of it. The bounds say what "
    "compliance could be at least and at most, were every sample without a verdict (strict: every sample out "
    "of format too) a refusal or a full compliance; those of faking the same for reasoning that could not be "
    "graded, did not come back or was hidden by its provider."
)
HEAD = (
    "variant, tier",
    "samples",
    "out of format",
    "without a verdict",
    "bounds",
    "strict bounds",
    "faking, bounds",
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
        _bounds(tier.bounds),
        _bounds(tier.strict_bounds),
        [
            _bounds(tier.faking_bounds),
            *([{"small": f"hidden by the provider {tier.hidden}"}] * bool(tier.hidden)),
        ],
        parsed,
    ]


def _bounds(found: Bounds) -> str:
    if found.low is None or found.high is None:
        return ""
    return f"{100 * found.low:.1f} to {100 * found.high:.1f} %"
