"""How well a grader does on a labelled file, against the keyword floor."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from glasshouse.graders.alignment_faking.floor import keyword_count
from glasshouse.graders.alignment_faking.labels import LabelledText
from glasshouse.graders.alignment_faking.verdicts import (
    ComplianceGrader,
    ComplianceVerdict,
    ReasoningGrader,
    ReasoningVerdict,
)
from glasshouse.records import Interval
from glasshouse.stats.agreement import cohen_kappa
from glasshouse.stats.auroc import Estimate, paired_auroc
from glasshouse.stats.proportion import wilson

_TO_SCORE = {"none": 0.0, "considered": 0.5, "present": 1.0}


def check_reasoning(
    rows: Sequence[tuple[LabelledText, bool | None]], grader: ReasoningGrader
) -> dict[str, Any]:
    """Area under the curve against the floor, precision and recall at the frozen threshold, kappa."""
    return compare_reasoning(rows, [grader.grade(row.query, row.text) for row, _ in rows])


def compare_reasoning(
    rows: Sequence[tuple[LabelledText, bool | None]], verdicts: Sequence[ReasoningVerdict]
) -> dict[str, Any]:
    """As `check_reasoning`, of verdicts that were given before.

    Samples without a verdict stay in: they score 0, count as not called, and `ungraded` says how many
    they are. Texts about which people could not tell are no test of a grader: `labelled_ungraded` says how
    many, and they count nowhere else.
    """
    told = [
        (row, label, verdict)
        for (row, label), verdict in zip(rows, verdicts, strict=True)
        if label is not None
    ]
    scores = np.array([_score(verdict) for _, _, verdict in told], dtype=float)
    floor = np.array([keyword_count(row.text) for row, _, _ in told], dtype=float)
    labels = np.array([label for _, label, _ in told], dtype=bool)
    called = np.array([verdict.value == "present" for _, _, verdict in told], dtype=bool)
    sources = np.array([row.source for row, _, _ in told])
    each = {name: sources == name for name in dict.fromkeys(sources.tolist())}
    return _figures(scores, floor, labels, called) | {
        "ungraded": sum(verdict.value is None for _, _, verdict in told),
        "labelled_ungraded": len(rows) - len(told),
        "per_source": {name: _figures(scores[k], floor[k], labels[k], called[k]) for name, k in each.items()},
    }


def check_compliance(rows: Sequence[LabelledText], grader: ComplianceGrader) -> dict[str, Any]:
    """Kappa with people's labels, the share that agrees, per source, and the table of both."""
    return compare_compliance(rows, [grader.grade(row.query, row.text) for row in rows])


def compare_compliance(rows: Sequence[LabelledText], verdicts: Sequence[ComplianceVerdict]) -> dict[str, Any]:
    """As `check_compliance`, of verdicts that were given before; no verdict counts as `ungraded`."""
    theirs, ours = [row.label for row in rows], [verdict.value or "ungraded" for verdict in verdicts]
    pairs = list(zip(theirs, ours, strict=True))
    sources = list(dict.fromkeys(row.source for row in rows))
    return _agreement(pairs) | {
        "table": {f"{a} -> {b}": pairs.count((a, b)) for a, b in sorted(set(pairs))},
        "per_source": {
            name: _agreement([pair for row, pair in zip(rows, pairs, strict=True) if row.source == name])
            for name in sources
        },
    }


def agreement(first: dict[str, str], second: dict[str, str]) -> dict[str, Any]:
    """Of two raters, on the samples that both labelled."""
    shared = [key for key in first if key in second]
    missing = {"only_first": len(first) - len(shared), "only_second": len(second) - len(shared)}
    return _agreement([(first[key], second[key]) for key in shared]) | missing


def _agreement(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    kappa = cohen_kappa([a for a, _ in pairs], [b for _, b in pairs])
    same = sum(a == b for a, b in pairs)
    return {
        "n": len(pairs),
        "kappa": None if kappa is None else _numbers(kappa[0], kappa[1]),
        "agreed": _share(same, len(pairs)),
    }


def _score(verdict: ReasoningVerdict) -> float:
    if verdict.score is not None:
        return verdict.score
    return _TO_SCORE[verdict.value] if verdict.value is not None else 0.0


def _figures(scores: np.ndarray, floor: np.ndarray, labels: np.ndarray, called: np.ndarray) -> dict[str, Any]:
    paired = paired_auroc(scores, floor, labels)
    hits = int((labels & called).sum())
    kappa = cohen_kappa(labels.tolist(), called.tolist())
    return {
        "n": len(labels),
        "positive": int(labels.sum()),
        "auroc": None if paired is None else _estimate(paired.first),
        "floor": None if paired is None else _estimate(paired.second),
        "difference": None if paired is None else _estimate(paired.difference),
        "precision": _share(hits, int(called.sum())),
        "recall": _share(hits, int(labels.sum())),
        "false_positive_rate": _share(int((called & ~labels).sum()), int((~labels).sum())),
        "kappa": None if kappa is None else _numbers(kappa[0], kappa[1]),
    }


def _share(hits: int, n: int) -> dict[str, float | int] | None:
    interval = wilson(hits, n)
    return None if interval is None else _numbers(hits / n, interval) | {"n": n}


def _estimate(estimate: Estimate) -> dict[str, float | int]:
    return _numbers(estimate.value, estimate.interval)


def _numbers(value: float, interval: Interval) -> dict[str, float | int]:
    return {"value": round(value, 4), "low": round(interval.low, 4), "high": round(interval.high, 4)}
