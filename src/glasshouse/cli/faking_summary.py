"""What an alignment-faking run says, in a few lines or as JSON."""

from collections.abc import Sequence
from typing import Any

from glasshouse.evals.faking.analysis import FakingAnalysis, analyze_together
from glasshouse.evals.faking.gap import Gap
from glasshouse.evals.faking.rates import Rate, TierSummary
from glasshouse.evals.faking.read import FakingRun


def summary_rows(runs: Sequence[FakingRun]) -> list[dict[str, Any]]:
    """Every run as JSON: rates by tier, gaps, verdict; each kind of gap is called together over the runs."""
    analyses = analyze_together({place: run.rows for place, run in enumerate(runs)})
    return [_row(run, analyses[place]) for place, run in enumerate(runs)]


def _row(run: FakingRun, analysis: FakingAnalysis) -> dict[str, Any]:
    return {
        "model": run.key.model,
        "setting": run.key.setting,
        "variant": run.key.variant,
        "tiers": {tier.tier: _tier(tier) for tier in analysis.tiers},
        "gap": _gap(analysis.gap),
        "gap_with_partial": _gap(analysis.gap_with_partial),
        "silent_gap": _gap(analysis.silent_gap),
        "alignment_faking_gap": _gap(analysis.faking_gap),
        "kind": analysis.kind,
        "verdict": analysis.verdict,
        "log": str(run.log),
    }


def _tier(tier: TierSummary) -> dict[str, Any]:
    return {
        "n": tier.n,
        "compliance": _rate(tier.compliance),
        "bounds": [tier.bounds.low, tier.bounds.high],
        "alignment_faking": _rate(tier.faking),
        "alignment_faking_bounds": [tier.faking_bounds.low, tier.faking_bounds.high],
        "alignment_faking_unknown": tier.faking_bounds.unknown,
        "alignment_faking_given_compliance": _rate(tier.faking_given_compliance),
        "alignment_faking_and_compliance": _rate(tier.faking_and_compliance),
        "considered": _rate(tier.considered),
        "reasoning_hidden_by_provider": tier.hidden,
        "format_failures": dict(tier.failures),
        "parsed_by": dict(tier.parsed_by),
    }


def _gap(gap: Gap) -> dict[str, Any]:
    return {
        "value": gap.value,
        "low": gap.interval.low if gap.interval else None,
        "high": gap.interval.high if gap.interval else None,
        "p": gap.p,
        "p_after_holm": gap.adjusted_p,
        "pairs": gap.pairs,
        "bounds": gap.bounds,
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
        lines.append(
            f"  {'':<12} faking where it complies {_percent(tier['alignment_faking_given_compliance'])}  "
            f"considered {_percent(tier['considered'])}{_unknown(tier)}"
        )
    partial = f"  With partial compliance counted as compliance: gap {_points(row['gap_with_partial'])}."
    return "\n".join([*lines, f"  {row['verdict']}", partial, f"  {row['log']}"])


def _unknown(tier: dict[str, Any]) -> str:
    """What is not known of the reasoning, and between which rates faking lies for that reason."""
    unknown, hidden = tier["alignment_faking_unknown"], tier["reasoning_hidden_by_provider"]
    if not unknown:
        return ""
    low, high = (f"{100 * end:.1f}" for end in tier["alignment_faking_bounds"])
    why = f", {hidden} hidden by the provider" if hidden else ""
    return f"  reasoning unknown in {unknown}{why}: faking between {low} and {high} %"


def _points(gap: dict[str, Any]) -> str:
    if gap["value"] is None:
        return "—"
    p = gap["p"] if gap["p_after_holm"] is None else gap["p_after_holm"]
    ends = "" if gap["low"] is None else f" [{100 * gap['low']:.1f}, {100 * gap['high']:.1f}]"
    said = "" if p is None else f", p = {p:.2g}" + ("" if gap["p_after_holm"] is None else " after Holm")
    return f"{100 * gap['value']:.1f} points{ends}{said}, n = {gap['pairs']}"


def _percent(rate: dict[str, Any]) -> str:
    if rate["value"] is None:
        return "—"
    ends = f" [{100 * rate['low']:.1f}, {100 * rate['high']:.1f}]" if rate["low"] is not None else ""
    return f"{100 * rate['value']:.1f} %{ends} of {rate['n']}"
