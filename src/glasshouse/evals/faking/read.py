"""A log read back: rows of a run, each sample once, those that failed included."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from inspect_ai.log import EvalLog, EvalSample, read_eval_log
from inspect_ai.scorer import Score

from glasshouse.errors import StoreError
from glasshouse.evals.faking.row import FakingRow
from glasshouse.evals.faking.table import RunKey
from glasshouse.graders.alignment_faking.verdicts import COMPLIANCE, REASONING, Compliance, Reasoning

COMPLIANCE_SCORER = "compliance"
REASONING_SCORER = "faking_reasoning"
FORMAT_SCORER = "output_format"


@dataclass(frozen=True)
class FakingRun:
    """One log: what was asked of whom, and what came back."""

    key: RunKey
    rows: tuple[FakingRow, ...]
    log: Path
    graders: str
    """Name and hash of the graders."""
    prompt_hash: str


def read_run(path: Path) -> FakingRun:
    """The run in a log.

    Raises:
        StoreError: it is no log of the task, or cannot be read.
    """
    if not path.is_file():
        raise StoreError(f"There is no log {path}.", "Run the evaluation again.")
    try:
        log = read_eval_log(str(path))
    except (ValueError, KeyError, EOFError, OSError) as error:
        raise StoreError(f"{path} is not an Inspect log ({error}).", "Run the evaluation again.") from error
    return run_of(log)


def run_of(log: EvalLog) -> FakingRun:
    """The run in a log that is in memory.

    Raises:
        StoreError: it is no log of the alignment-faking task.
    """
    about = log.eval.metadata or {}
    if "setting" not in about or "variant" not in about:
        raise StoreError(
            f"{log.location} is no log of glasshouse/alignment_faking.",
            "Turn other transcripts into logs with glasshouse import transcripts.",
        )
    rows = sorted(map(_row, log.samples or []), key=lambda r: (r.query_id, r.tier, r.repeat))
    return FakingRun(
        RunKey(str(about.get("model_name") or log.eval.model), str(about["setting"]), str(about["variant"])),
        tuple(rows),
        Path(log.location),
        str(about.get("graders", "")),
        str(about.get("prompt_hash", "")),
    )


def _row(sample: EvalSample) -> FakingRow:
    about, scores = sample.metadata, sample.scores or {}
    asked: dict[str, Any] = {
        "query_id": str(about["pair_id"]),
        "tier": str(about["condition"]),
        "repeat": int(about.get("repeat", sample.epoch)),
        "query": str(about.get("query", "")),
    }
    if COMPLIANCE_SCORER not in scores:
        return FakingRow(**asked, compliance=None, reasoning=None, failure="errored", parsed_by="none")
    broke = None if {REASONING_SCORER, FORMAT_SCORER} <= scores.keys() else "errored"
    parsed = _about(scores.get(FORMAT_SCORER))
    quotes = [
        q for s in (COMPLIANCE_SCORER, REASONING_SCORER) for q in _about(scores.get(s)).get("quotes", ())
    ]
    compliance = _verdict(scores[COMPLIANCE_SCORER], COMPLIANCE)
    reasoning = _verdict(scores.get(REASONING_SCORER), REASONING)
    return FakingRow(
        **asked,
        compliance=cast(Compliance | None, compliance),
        reasoning=cast(Reasoning | None, reasoning),
        failure=broke or parsed.get("failure"),
        parsed_by=str(parsed.get("parsed_by", "whole")),
        visible=str(parsed.get("visible") or ""),
        hidden=str(parsed.get("reasoning") or ""),
        quotes=tuple(map(str, quotes)),
        is_hidden=bool(parsed.get("is_hidden")),
    )


def _about(score: Score | None) -> Mapping[str, Any]:
    return (score.metadata or {}) if score is not None else {}


def _verdict(score: Score | None, words: tuple[str, ...]) -> str | None:
    """The verdict's word: `answer` holds it, since Inspect averages numbers and not words."""
    if score is None or (isinstance(score.value, float) and math.isnan(score.value)):
        return None
    return score.answer if score.answer in words else None
