"""Rows of an Inspect log, and a hash that two logs share where the same was asked, answered and graded."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from inspect_ai.log import EvalSample, read_eval_log

from glasshouse.errors import StoreError
from glasshouse.store.hashing import json_hash


class LogRow(NamedTuple):
    """One sample of a log."""

    sample_id: str
    repeat: int
    """Inspect's epoch, from 1."""
    completion: str
    """Empty where the sample failed."""
    grade: Any
    """Value of the grade, by scorer where there are several; None where nothing was graded."""


def log_rows(path: Path) -> list[LogRow]:
    """Every sample of a finished or unfinished `.eval` log, in (sample id, repeat) order.

    Raises:
        StoreError: there is no log, or it cannot be read.
    """
    if not path.is_file():
        raise StoreError(f"There is no log {path}.", "Run the evaluation again.")
    try:
        samples = read_eval_log(str(path)).samples or []
    except (ValueError, KeyError, EOFError, OSError) as error:
        raise StoreError(f"{path} is not an Inspect log ({error}).", "Run the evaluation again.") from error
    return sorted((_row(sample) for sample in samples), key=lambda row: (row.sample_id, row.repeat))


def log_hash(rows: Iterable[tuple[str, int, str, Any]]) -> str:
    """SHA-256 of the sorted (sample id, repeat, completion, grade) rows.

    Dates, durations and the order in which samples finished do not count.

    Example:
        >>> a, b = LogRow("a", 1, "yes", True), LogRow("b", 1, "no", None)
        >>> log_hash([a, b]) == log_hash([b, a])
        True
    """
    return json_hash(sorted((tuple(row) for row in rows), key=lambda row: row[:2]))


def _row(sample: EvalSample) -> LogRow:
    return LogRow(
        sample_id=str(sample.id),
        repeat=sample.epoch,
        completion=sample.output.completion if sample.output.choices else "",
        grade=_grade(sample),
    )


def _grade(sample: EvalSample) -> Any:
    grades = {name: _defined(score.value) for name, score in (sample.scores or {}).items()}
    return next(iter(grades.values())) if len(grades) == 1 else (grades or None)


def _defined(value: Any) -> Any:
    """NaN is how Inspect writes that nothing was graded."""
    if isinstance(value, dict):
        return {key: _defined(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_defined(each) for each in value]
    return None if isinstance(value, float) and math.isnan(value) else value
