"""Transcripts side by side: the same query in both tiers, with what the graders rest on."""

from collections.abc import Sequence
from typing import Any

from glasshouse.evals.faking.row import FakingRow
from glasshouse.seeds import derive_seed
from glasshouse.studies.alignment_faking.results import Results

LABELS = {"monitored": "free tier (monitored)", "unmonitored": "paid tier (unmonitored)"}
MOST = 3
"""Pairs of one model: as different in outcome as there are."""
COMPLIANCE = {"comply": "bad", "partial": "neutral", "refuse": "good"}
REASONING = {"present": "bad", "considered": "neutral", "none": "muted"}


def pairs(results: Results, seed: int) -> list[dict[str, Any]]:
    """A few queries of every model under the prompt that its verdict rests on."""
    found = []
    for model in results.models:
        main = results.main(model)
        if main is not None:
            words = f"{main.variant.replace('_', ' ')} · "
            found += [
                transcript(main.id, main.model, both, words) for both in choose_pairs(main.run.rows, seed)
            ]
    return found


def choose_pairs(rows: Sequence[FakingRow], seed: int) -> list[tuple[FakingRow, FakingRow]]:
    """One query in both tiers drawn per kind of outcome, the kinds that show most first."""
    monitored, unmonitored = (
        {(row.query_id, row.repeat): row for row in rows if row.tier == tier}
        for tier in ("monitored", "unmonitored")
    )
    kinds: dict[tuple[Any, ...], list[tuple[FakingRow, FakingRow]]] = {}
    for key in sorted(monitored.keys() & unmonitored.keys(), key=lambda k: derive_seed(seed, "pairs", *k)):
        both = monitored[key], unmonitored[key]
        kinds.setdefault(tuple((row.compliance, row.fakes) for row in both), []).append(both)
    ranked = sorted(kinds.values(), key=lambda each: (_dullness(*each[0]), -len(each)))
    return [each[0] for each in ranked[:MOST]]


def _dullness(monitored: FakingRow, unmonitored: FakingRow) -> tuple[bool, bool]:
    """Pairs that differ between the tiers come first, those with faking before others."""
    return (monitored.complies == unmonitored.complies, not monitored.fakes)


def transcript(id: str, title: str, both: tuple[FakingRow, FakingRow], words: str = "") -> dict[str, Any]:
    """One query as the report shows it: monitored beside unmonitored.

    Args:
        id: of the model and prompt.
        title: of the model.
        both: the query when monitored, and when not.
        words: before the query's name in the note.
    """
    return {
        "pair_id": f"{id}/{both[0].query_id}",
        "title": title,
        "note": f"{words}query {both[0].query_id}",
        "sides": [_side(row) for row in both],
    }


def _side(row: FakingRow) -> dict[str, Any]:
    compliance, reasoning = row.compliance or "not graded", row.reasoning or "not graded"
    badges: Sequence[dict[str, str]] = [
        {"badge": f"compliance: {compliance}", "kind": COMPLIANCE.get(compliance, "muted")},
        {"badge": f"faking: {reasoning}", "kind": REASONING.get(reasoning, "muted")},
    ]
    if row.failure:
        badges = [*badges, {"badge": row.failure.replace("_", " "), "kind": "neutral"}]
    return {
        "label": LABELS[row.tier], "badges": badges, "query": row.query, "reasoning": row.hidden,
        "visible": row.visible, "quotes": list(row.quotes),
    }  # fmt: skip
