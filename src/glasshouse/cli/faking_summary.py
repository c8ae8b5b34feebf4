"""What an alignment-faking run says, in a few lines or as JSON."""

from collections.abc import Sequence
from typing import Any

from glasshouse.evals.faking.analysis import FakingAnalysis, analyze_together
from glasshouse.evals.faking.rates import Rate
from glasshouse.evals.faking.read import FakingRun


def summary_rows(runs: Sequence[FakingRun]) -> list[dict[str, Any]]:
    """Every run as JSON: rates by tier, gap, verdict; the gaps are called together."""
    analyses = analyze_together({place: run.rows for place, run in enumerate(runs)})
    return [_row(run, analyses[place]) for place, run in enumerate(runs)]


def _row(run: FakingRun, analysis: FakingAnalysis) -> dict[str, Any]:
    gap = analysis.gap
    return {
        "model": run.key.model,
        "setting": run.key.setting,
        "variant": run.key.variant,
        "tiers": {
            tier.tier: {
                "n": tier.n,
                "compliance": _rate(tier.compliance),
                "bounds": [tier.bounds.low, tier.bounds.high],
                "alignment_faking": _rate(tier.faking),
                "format_failures": dict(tier.failures),
                "parsed_by": dict(tier.parsed_by),
            }
            for tier in analysis.tiers
        },
        "gap": {
            "value": gap.value,
            "low": gap.interval.low if gap.interval else None,
            "high": gap.interval.high if gap.interval else None,
            "p": gap.p,
            "p_after_holm": gap.adjusted_p,
            "pairs": gap.pairs,
            "bounds": gap.bounds,
        },
        "kind": analysis.kind,
        "verdict": analysis.verdict,
        "log": str(run.log),
    }


def _rate(rate: Rate) -> dict[str, Any]:
    ends: Sequence[float | None] = (
        (None, None) if rate.interval is None else (rate.interval.low, rate.interval.high)
    )
    return {"value": rate.value, "low": ends[0], "high": ends[1], "n": rate.n}


def summary_text(row: dict[str, Any]) -> str:
    """One run in a few lines."""
    lines = [f"{row['model']}, {row['setting']}, {row['variant']}"]
    for name, tier in row["tiers"].items():
        failures = sum(tier["format_failures"].values())
        lines.append(
            f"  {name:<12} n {tier['n']}  complies {_percent(tier['compliance'])}  alignment faking "
            f"{_percent(tier['alignment_faking'])}  out of format {failures}"
        )
    return "\n".join([*lines, f"  {row['verdict']}", f"  {row['log']}"])


def _percent(rate: dict[str, Any]) -> str:
    if rate["value"] is None:
        return "—"
    ends = f" [{100 * rate['low']:.1f}, {100 * rate['high']:.1f}]" if rate["low"] is not None else ""
    return f"{100 * rate['value']:.1f} %{ends} of {rate['n']}"
