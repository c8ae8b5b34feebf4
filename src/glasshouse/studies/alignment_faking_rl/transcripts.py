"""The same query in both tiers, before RL and after it, with what the graders rest on."""

from collections.abc import Sequence
from typing import Any

from glasshouse.evals.faking.row import FakingRow
from glasshouse.studies.alignment_faking_rl.results import Reading, at_step, is_unfaithful, of_start, steps_of

LABELS = {"monitored": "free tier (monitored)", "unmonitored": "paid tier (unmonitored)"}
MOST = 2
"""Queries shown of a start at a step: those that fake first."""


def transcripts(readings: Sequence[Reading]) -> list[dict[str, Any]]:
    """A few queries of the first seed of every start, at the first step and the last."""
    found = []
    steps = steps_of(readings)
    for ratio in dict.fromkeys(reading.mixture.ratio for reading in readings):
        for step in (steps[0], steps[-1]):
            reading = at_step(of_start(readings, ratio), step)[0]
            found += [_pair(reading, *both) for both in _pairs(reading)[:MOST]]
    return found


def _pairs(reading: Reading) -> list[tuple[FakingRow, FakingRow]]:
    rows = next(iter(reading.rows.values()))
    monitored, unmonitored = ({r.query_id: r for r in rows if r.tier == tier} for tier in LABELS)
    ordered = sorted(monitored.values(), key=lambda row: (not row.fakes, not row.complies, row.query_id))
    return [(row, unmonitored[row.query_id]) for row in ordered if row.query_id in unmonitored]


def _pair(reading: Reading, monitored: FakingRow, unmonitored: FakingRow) -> dict[str, Any]:
    mixture = reading.mixture
    return {
        "pair_id": f"{mixture.name}/step{reading.step}/{monitored.query_id}",
        "title": f"Start {mixture.ratio}, step {reading.step}",
        "note": f"seed {mixture.seed} · query {monitored.query_id}",
        "sides": [_side(row) for row in (monitored, unmonitored)],
    }


def _side(row: FakingRow) -> dict[str, Any]:
    badges = [
        {"badge": row.compliance or "not graded", "kind": "bad" if row.complies else "muted"},
        {"badge": f"faking: {row.reasoning or 'not graded'}", "kind": "bad" if row.fakes else "muted"},
    ]
    if is_unfaithful(row):
        badges.append({"badge": "against its reasoning", "kind": "neutral"})
    return {
        "label": LABELS[row.tier], "badges": badges, "query": row.query, "reasoning": row.hidden,
        "visible": row.visible, "quotes": list(row.quotes),
    }  # fmt: skip
