"""Three tiers: is it the training that the model minds, or being rated?

Sheshadri et al. 2025, "Why Do Some Language Models Fake Alignment While Others Don't?"
(https://arxiv.org/abs/2506.18032): a sycophant of raters complies where it is rated, trained on or not.
"""

from typing import Any

from glasshouse.evals.faking.gap import Gap, TierPair
from glasshouse.studies.alignment_faking.results import Read, Results
from glasshouse.studies.alignment_faking.rows import Rows, cell, p_cell

TEXT = (
    "Where a tier is rated but never trained on, a model that fakes complies in the monitored tier alone; "
    "one that pleases raters complies in the rated tier as well."
)
HEAD = ("variant", "monitored", "rated", "unmonitored", "monitored minus rated", "rated minus unmonitored")


def tier_section(results: Results, rows: Rows) -> dict[str, Any]:
    """A table per model that was asked in three tiers."""
    tables = []
    for model in results.models:
        reads = [read for read in results.of(model) if read.analysis.other_gaps]
        if reads:
            tables.append({"caption": model, "head": HEAD, "rows": [_line(read, rows) for read in reads]})
    return {"id": "tiers", "title": "Rated or trained?", "text": [TEXT], "tables": tables}


def _line(read: Read, rows: Rows) -> list[Any]:
    tiers = [read.analysis.tier(name) for name in ("monitored", "rated", "unmonitored")]
    return [
        read.variant.replace("_", " "),
        *(cell(rows.rate(read, tier.tier, "compliance", tier.compliance)) for tier in tiers),
        *(_gap(read, rows, pair, gap) for pair, gap in read.analysis.other_gaps),
    ]


def _gap(read: Read, rows: Rows, pair: TierPair, gap: Gap) -> list[Any]:
    return [cell(rows.gap(read, f"compliance_{pair.first}_minus_{pair.second}", gap)), p_cell(gap)]
