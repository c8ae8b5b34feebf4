"""Runs Inspect tasks in this process and reads their graded rows from the logs, which are the truth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path

from inspect_ai import Task, eval
from inspect_ai.log import EvalLog, EvalSample
from inspect_ai.model import Model
from inspect_ai.scorer import Score

from glasshouse.errors import GlasshouseError
from glasshouse.evals.graded_task import with_prefill
from glasshouse.store.inspect_log import log_hash

FORMAT_SCORER = "format_kept"


class EvalError(GlasshouseError, RuntimeError):
    """A task did not end with success; Inspect itself would exit with code 0."""


@dataclass(frozen=True)
class EvalRow:
    """One graded completion."""

    sample_id: str
    pair_id: str
    condition: str
    repeat: int
    prompt: str
    """The last user message."""
    completion: str
    grade: bool | None
    reason: str
    format_kept: bool | None
    """None where the task does not check the format."""


@dataclass(frozen=True)
class EvalResult:
    """One log, read."""

    task: str
    rows: tuple[EvalRow, ...]
    log: Path
    log_hash: str
    grader_hash: str
    date: str
    """When the log was made, ISO, UTC."""

    def grades(self, condition: str) -> dict[str, bool | None]:
        """Prompt id -> verdict under one condition."""
        return {row.pair_id: row.grade for row in self.rows if row.condition == condition}

    def completions(self, condition: str) -> dict[str, str]:
        """Prompt id -> what the model said under one condition."""
        return {row.pair_id: row.completion for row in self.rows if row.condition == condition}


def run_inspect(
    tasks: Sequence[Task], model: Model, log_dir: Path, metadata: Mapping[str, str]
) -> list[EvalResult]:
    """Evaluates the model on all tasks at once, quietly.

    Args:
        tasks: made by `graded_task`.
        model: any Inspect model.
        log_dir: where the `.eval` logs go.
        metadata: kept in the logs beside each task's own, for example the adapter's hash.

    Raises:
        EvalError: a log's status is not `success`.
    """
    logs = eval(
        list(tasks),
        model=model,
        max_tasks=len(tasks),
        log_dir=str(log_dir.absolute()),
        metadata=dict(metadata),
        display="none",
        log_realtime=False,
        log_model_api=False,
        score_display=False,
        ctl_server=False,
        acp_server=False,
    )
    return [read_log(log) for log in logs]


def read_log(log: EvalLog) -> EvalResult:
    """The graded rows of a log, sorted by sample and repeat.

    Raises:
        EvalError: the log's status is not `success`.
    """
    if log.status != "success" or log.samples is None:
        problem = log.error.message.strip().splitlines()[-1] if log.error else f"status {log.status}"
        raise EvalError(f"{log.eval.task} did not finish: {problem} (log: {log.location})")
    rows = tuple(sorted((_row(s) for s in log.samples), key=lambda r: (r.sample_id, r.repeat)))
    return EvalResult(
        task=log.eval.task,
        rows=rows,
        log=Path(log.location),
        log_hash=log_hash([_hashed(sample) for sample in log.samples]),
        grader_hash=str((log.eval.metadata or {}).get("grader_hash", "")),
        date=log.eval.created,
    )


def _row(sample: EvalSample) -> EvalRow:
    scores = dict(sample.scores or {})
    format_score = scores.pop(FORMAT_SCORER, None)
    score = next(iter(scores.values()))
    turns = (
        [sample.input]
        if isinstance(sample.input, str)
        else [m.text for m in sample.input if m.role == "user"]
    )
    return EvalRow(
        sample_id=str(sample.id),
        pair_id=str(sample.metadata["pair_id"]),
        condition=str(sample.metadata["condition"]),
        repeat=sample.epoch,
        prompt=turns[-1],
        completion=with_prefill(sample.output.completion, str(sample.metadata.get("prefill", ""))),
        grade=_verdict(score),
        reason=score.explanation or "",
        format_kept=None if format_score is None else _verdict(format_score),
    )


def _hashed(sample: EvalSample) -> tuple[str, int, str, object]:
    """What `store.inspect_log.log_rows` reads of the same sample from the file."""
    grades = {name: _verdict(score) for name, score in (sample.scores or {}).items()}
    grade = next(iter(grades.values())) if len(grades) == 1 else grades
    return str(sample.id), sample.epoch, sample.output.completion, grade


def _verdict(score: Score) -> bool | None:
    """None where unscored; Inspect writes that as NaN."""
    value = score.as_float()
    return None if isnan(value) else bool(value)
