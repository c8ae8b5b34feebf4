"""Why the model complies: the mechanism that transcripts and motive arms point to, or `unknown`."""

from typing import Any

from glasshouse.studies.alignment_faking.attribution import (
    ARMS,
    UNKNOWN,
    Attribution,
    Sign,
    attribute,
    is_high,
)
from glasshouse.studies.alignment_faking.attribution_fit import SHIPPED, few_open, origin
from glasshouse.studies.alignment_faking.results import Results
from glasshouse.studies.alignment_faking.rows import Rows, cell

HEAD = ("mechanism", "", "what speaks against it")
NEAREST = 3
"""Mechanisms shown: those with the fewest predictions against them, then the fewest open ones."""
TEXT = (
    "Every mechanism predicts which shares are high and which are low, over the default prompt and the arms "
    f"{', '.join(name.replace('_', ' ') for name in ARMS if name != 'default')}. It is named where none of "
    f"its predictions is contradicted, {few_open(SHIPPED.undecided)} undecided, and no other's hold so. A "
    f"share is high where its 95 % interval lies at or above {SHIPPED.high:g}, low where it lies at or below "
    f"{SHIPPED.low:g}; these thresholds were {origin()}. How often they name planted mechanisms rightly says "
    "glasshouse calibrate faking. An arm that was not asked "
    "leaves a prediction open."
)


def mechanism_section(results: Results, rows: Rows) -> dict[str, Any]:
    """A table per model that was asked enough of the arms."""
    tables = [table for model in results.models if (table := _table(results, model, rows))]
    return {"id": "mechanism", "title": "Why does it comply?", "text": [TEXT], "tables": tables}


def _table(results: Results, model: str, rows: Rows) -> dict[str, Any] | None:
    transcripts = {read.variant: read.run.rows for read in results.of(model) if read.variant in ARMS}
    if len(transcripts) < 2:
        return None
    found = attribute(transcripts, SHIPPED)
    nearest = sorted(found.broken, key=lambda name: _against_and_open(found, name))[:NEAREST]
    lines = [_line(results, model, rows, found, name) for name in nearest]
    return {"caption": f"{model}: {_words(found.mechanism)}", "head": HEAD, "rows": lines}


def _line(results: Results, model: str, rows: Rows, found: Attribution, mechanism: str) -> list[Any]:
    broken = found.broken[mechanism]
    against = [part for sign in broken for part in _broken(results, model, rows, found, sign)]
    if mechanism == found.mechanism:
        return [
            _words(mechanism),
            {"badge": "named", "kind": "good"},
            against or "every prediction holds, and of no other",
        ]
    contradicted, undecided = _against_and_open(found, mechanism)
    counts = ((contradicted, "against it"), (undecided, "open"))
    badge = {"badge": ", ".join(f"{n} {what}" for n, what in counts if n), "kind": "muted"}
    return [
        _words(mechanism),
        badge if broken else "",
        against or "every prediction holds, but not of it alone",
    ]


def _against_and_open(found: Attribution, mechanism: str) -> tuple[int, int]:
    """How many of its predictions are contradicted, and how many are neither shown nor contradicted."""
    broken = found.broken[mechanism]
    undecided = sum(is_high(found.readings[sign.cell], SHIPPED) is None for sign in broken)
    return len(broken) - undecided, undecided


def _broken(results: Results, model: str, rows: Rows, found: Attribution, sign: Sign) -> list[Any]:
    """What was predicted, in words, and the share that was found."""
    where = f"{sign.cell.what} in {_words(sign.cell.variant)}, {sign.cell.tier}, should be "
    said = {"small": where + ("high" if sign.high else "low")}
    read = next((r for r in results.of(model) if r.variant == sign.cell.variant), None)
    if read is None:
        return [said, {"small": "not asked"}]
    tier, what = read.analysis.tier(sign.cell.tier), sign.cell.what
    shown = {"complies": ("compliance", tier.compliance), "fakes": ("faking", tier.faking)}
    name, rate = shown.get(what, (what, found.readings[sign.cell]))
    return [said, cell(rows.rate(read, tier.tier, name, rate))]


def _words(name: str) -> str:
    return "unknown: no mechanism, or several" if name == UNKNOWN else name.replace("_", " ")
