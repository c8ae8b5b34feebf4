"""Ours beside the published rows of the same variants."""

from collections.abc import Mapping
from typing import Any

from glasshouse.data.alignment_faking.published_rows import PublishedRow, load_published
from glasshouse.data.alignment_faking.variants import VARIANTS
from glasshouse.errors import ConfigError
from glasshouse.evals.faking.table import Comparison, compare
from glasshouse.studies.alignment_faking.results import Read, Results
from glasshouse.studies.alignment_faking.rows import Rows, cell

HEAD = ("variant", "published gap", "gap here", "published faking", "faking here", "")
TEXT = (
    "Published: Claude 3 Opus, Greenblatt et al. 2024, appendices G.2 and G.3, with standard errors. The "
    "prompts here say the same in other words. `differs`: further apart than both errors allow."
)
WORLD = "The phantom is asked in a world of its own: its digits are not comparable with the paper's."
MISSING = "The published table is not on this machine (set GLASSHOUSE_DATA_DIR to compare with it)."


def published_section(results: Results, rows: Rows) -> dict[str, Any]:
    """A table per model of the variants that have a published row."""
    section: dict[str, Any] = {"id": "published", "title": "Against the published rows", "text": [TEXT]}
    try:
        published = load_published()
    except ConfigError:
        return section | {"text": [MISSING]}
    tables = [_table(results, model, rows, published) for model in results.models]
    world = any(read.run.key.setting == "world" for read in results.reads)
    return section | {"text": [TEXT, *([WORLD] if world else [])], "tables": [t for t in tables if t["rows"]]}


def _table(results: Results, model: str, rows: Rows, published: Mapping[int, PublishedRow]) -> dict[str, Any]:
    reads = results.of(model)
    compared = compare({read.run.key: read.analysis for read in reads}, published)
    by_key = {(c.key, c.quantity): c for c in compared}
    lines = [line for read in reads if (line := _line(read, rows, published, by_key))]
    return {"caption": model, "head": HEAD, "rows": lines, "folded": len(lines) > 12}


def _line(
    read: Read, rows: Rows, published: Mapping[int, PublishedRow],
    compared: Mapping[tuple[Any, str], Comparison],
) -> list[Any]:  # fmt: skip
    numbers = VARIANTS[read.variant].rows
    number = numbers.get(read.run.key.setting, numbers.get("helpful_only", 0))
    if number not in published:
        return []
    row = published[number]
    both = [compared.get((read.run.key, quantity)) for quantity in ("compliance_gap", "af_rate")]
    return [
        [read.variant.replace("_", " "), {"small": f"row {row.row}: {row.name}"}],
        _figure(row.compliance_gap, row.gap_error),
        cell(rows.gap(read, "compliance_gap", read.analysis.gap)),
        _figure(row.af_rate, row.af_error),
        cell(rows.rate(read, "monitored", "faking", read.analysis.tier("monitored").faking)),
        _verdict(both),
    ]


def _figure(value: float, error: float) -> str:
    return f"{100 * value:.1f} ± {100 * error:.1f}"


def _verdict(both: list[Comparison | None]) -> Any:
    known = [c for c in both if c is not None and c.differs is not None]
    if not known:
        return {"badge": "not comparable", "kind": "muted"}
    apart = [name for c, name in zip(both, ("gap", "faking"), strict=True) if c is not None and c.differs]
    if not apart:
        return {"badge": "agrees", "kind": "good"}
    return {"badge": f"differs: {' and '.join(apart)}", "kind": "neutral"}
