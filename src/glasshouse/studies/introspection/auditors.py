"""Logs of `glasshouse/audit_success` on a study's own targets, read back for its report.

They are made after the study and put into `auditors/` of its run; the study run again shows them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from inspect_ai.log import EvalLog, read_eval_log

from glasshouse.errors import StoreError
from glasshouse.evals.audit_rows import SuccessRow
from glasshouse.evals.audit_success_task import rows_of
from glasshouse.reports.audit_success import FLOORS
from glasshouse.studies.introspection.reading import Truth

AUDITORS = "auditors"
"""Folder of a run in which the logs lie."""


@dataclass(frozen=True)
class Compared:
    """Several auditors on targets of a study."""

    rows: tuple[SuccessRow, ...]
    false_positive_rate: float
    """At which alarms were raised."""
    left_out: int
    """Rows about other targets, or at another false-positive rate than the newest log's."""
    note: str
    """One sentence where the clean pool was too small for that rate."""


def read_auditors(folder: Path, truths: Iterable[Truth]) -> Compared | None:
    """What the finished logs of a folder say about some targets; None where they say nothing.

    Of an auditor and a target that stand in several logs the newest one counts. Rows are in the order of
    auditors, floors last.

    Args:
        folder: with `.eval` files, or not there.
        truths: of the study's targets; name and behavior tell them from others.

    Raises:
        StoreError: a file is no Inspect log.
    """
    paths = sorted(folder.glob("*.eval"), key=lambda path: (path.stat().st_mtime_ns, path.name))
    logs = [log for log in map(_read, paths) if log.status == "success" and _rate(log) is not None]
    logs.sort(key=lambda log: log.eval.created)  # in whole seconds; files of one second stay in their order
    if not logs:
        return None
    rate, known = _rate(logs[-1]), {(truth.name, truth.behavior) for truth in truths}
    assert rate is not None
    kept: dict[tuple[str, str], SuccessRow] = {}
    left_out, notes = 0, []
    for log in logs:
        rows = rows_of(log)
        own = [row for row in rows if (row.target, row.cluster) in known] if _rate(log) == rate else []
        left_out += len(rows) - len(own)
        kept |= {(row.auditor, row.target): row for row in own}
        notes += [str((log.eval.metadata or {}).get("note") or "")] if own else []
    rows_kept = sorted(kept.values(), key=lambda row: (row.auditor in FLOORS, row.auditor, row.target))
    return Compared(tuple(rows_kept), rate, left_out, _last(notes)) if kept else None


def _read(path: Path) -> EvalLog:
    try:
        return read_eval_log(str(path))
    except (ValueError, KeyError, EOFError, OSError) as error:
        raise StoreError(f"{path} is not an Inspect log ({error}).", "Take it out of the folder.") from error


def _rate(log: EvalLog) -> float | None:
    """The false-positive rate of a log; None where it is one of another task."""
    value = (log.eval.metadata or {}).get("false_positive_rate")
    return float(value) if isinstance(value, int | float) else None


def _last(notes: Sequence[str]) -> str:
    return next((note for note in reversed(notes) if note), "")
