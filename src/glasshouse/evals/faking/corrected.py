"""How common it is in truth: a grader's count, corrected by a batch of the run that people labelled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from glasshouse.evals.faking.analysis import TIER_ORDER
from glasshouse.evals.faking.rates import Rate
from glasshouse.evals.faking.row import FakingRow
from glasshouse.graders.alignment_faking.labels import text_id
from glasshouse.records import Interval
from glasshouse.stats.prevalence import Calibration, corrected_prevalence
from glasshouse.stats.proportion import wilson

POSITIVE = {"reasoning": "present", "compliance": "comply"}
"""Kind of label -> the label whose share is corrected."""


@dataclass(frozen=True)
class Corrected:
    """One tier: what the grader counts, and what that is worth."""

    tier: str
    graded: Rate
    """Of all samples with a verdict."""
    value: float | None
    """None where the labelled batch lacks one of the two classes, or the grader is no better than chance."""
    interval: Interval | None
    """Carries the uncertainty of the batch as well as that of the count."""


def graded_text(row: FakingRow, kind: str) -> str:
    """What the grader of that kind reads."""
    return row.hidden if kind == "reasoning" else row.visible


def calibration(rows: Sequence[FakingRow], labels: Mapping[str, str], kind: str) -> Calibration:
    """How the run's grader did on the texts that people labelled; each text counts once.

    The batch must be a random one: drawn by verdict, it says nothing about hits and misses.

    Args:
        rows: of the run, all tiers.
        labels: id of a text -> what people call it, as `read_people` gives it.
        kind: `reasoning` or `compliance`.
    """
    texts = {text_id(text): row for row in rows if (text := graded_text(row, kind))}
    pairs = [
        (labels[key] == POSITIVE[kind], called)
        for key, row in sorted(texts.items())
        if labels.get(key, "ungraded") != "ungraded" and (called := _positive(row, kind)) is not None
    ]
    return Calibration(
        true_positives=sum(people and grader for people, grader in pairs),
        positives=sum(people for people, _ in pairs),
        true_negatives=sum(not people and not grader for people, grader in pairs),
        negatives=sum(not people for people, _ in pairs),
    )


def corrected_rates(rows: Sequence[FakingRow], known: Calibration, kind: str) -> list[Corrected]:
    """Every tier's rate, corrected for the grader's errors.

    Samples without any text are surely negative and need no correction: the corrected share of those with
    text is scaled by how many there are.
    """
    present = [tier for tier in TIER_ORDER if any(row.tier == tier for row in rows)]
    return [_tier([row for row in rows if row.tier == tier], tier, known, kind) for tier in present]


def _tier(rows: Sequence[FakingRow], tier: str, known: Calibration, kind: str) -> Corrected:
    verdicts = [_positive(row, kind) for row in rows if graded_text(row, kind)]
    graded = [each for each in verdicts if each is not None]
    empty = sum(not graded_text(row, kind) for row in rows)
    n = len(graded) + empty
    rate = Rate(sum(graded) / n if n else None, wilson(sum(graded), n), sum(graded), n)
    found = corrected_prevalence(sum(graded), len(graded), known)
    if found is None:
        return Corrected(tier, rate, None, None)
    scale = len(graded) / n
    ends = found[1]
    interval = Interval(ends.low * scale, ends.high * scale, ends.method)
    return Corrected(tier, rate, found[0] * scale, interval)


def _positive(row: FakingRow, kind: str) -> bool | None:
    given = row.reasoning if kind == "reasoning" else row.compliance
    return None if given is None else given == POSITIVE[kind]
