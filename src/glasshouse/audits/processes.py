"""Targets shared among processes: each has its own copy of the base, and audits some targets at a time.

What limits many small audits on a CPU are steps of a few rows, which more threads hardly make faster.
"""

import math
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, fields, replace
from multiprocessing import get_context, parent_process
from typing import Any

from glasshouse.audits.audit import SIDE_BY_SIDE, Auditor, Checked, Failed
from glasshouse.audits.batch import with_batch
from glasshouse.audits.bench import AuditConfig, Bench
from glasshouse.audits.journal import Journal, Memory, unfinished
from glasshouse.audits.record import AuditResult
from glasshouse.audits.target import Target
from glasshouse.errors import ModelError
from glasshouse.models.base import EngineConfig, load_base
from glasshouse.models.engine import Engine

Outcome = tuple[list[AuditResult], list[Failed]]


@dataclass(frozen=True)
class _Equipment:
    """What every process is given: all of an auditor but its engine, which each loads for itself."""

    base: str
    hardware: EngineConfig
    bench: dict[str, Any]
    """The fields of the bench."""
    config: AuditConfig
    checked: Checked

    def auditor(self) -> Auditor:
        """Called in the process that is to use it."""
        engine = Engine(load_base(self.base, self.hardware), self.hardware)
        return Auditor(Bench(engine=engine, **self.bench), self.config, checked=self.checked)


class _Here:
    """The auditor of this process."""

    audit: Callable[[Sequence[Target], Journal], Outcome]


def audit_in_processes(
    auditor: Auditor, targets: Sequence[Target], journal: Journal, processes: int
) -> Outcome:
    """As `Auditor.audit`, with the targets shared among processes; each holds the base in memory.

    Findings do not depend on the number of processes, in fp32 exactly. Targets are finished, and noted, in
    groups of at most eight: an interrupted call goes on with those that were not.

    Args:
        auditor: its controls and matched fine-tunes are asked here, once for all.
        targets: of its base.
        journal: finished results; written by this process alone.
        processes: at most so many.

    Raises:
        ModelError: a process ended before its work did.
    """
    todo = unfinished(targets, journal)
    auditor.tell("targets", 0, len(todo))
    failed: list[Failed] = []
    count = 0
    for results, errors in _in_turn(auditor, shares(todo, processes), processes):
        for result in results:
            journal.write(replace(result, batch=None))
        failed += errors
        count += len(results) + len(errors)
        auditor.tell("targets", count, len(todo))
    order = [target.hash for target in todo]
    failed.sort(key=lambda one: order.index(one.target_hash))
    return with_batch([found for t in targets if (found := journal.done(t.hash))]), failed


def _in_turn(auditor: Auditor, groups: Sequence[Sequence[Target]], processes: int) -> Iterator[Outcome]:
    """What came of every group, as soon as it is there; after an error no group is begun."""
    if not groups:
        return
    given = (_equipment(auditor),)
    with ProcessPoolExecutor(min(processes, len(groups)), get_context("spawn"), _open, given) as pool:
        try:
            for done in as_completed([pool.submit(_audit, group) for group in groups]):
                yield done.result()
        except BrokenProcessPool as error:
            problem = "A process of the audit ended before its work did; the memory may not have been enough."
            hint = "What was finished is kept: give the same command again with fewer --workers."
            raise ModelError(problem, hint) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def shares(targets: Sequence[Target], processes: int) -> list[list[Target]]:
    """Adapters in groups of like size, as many for each process; whole weights one by one."""
    adapters = [target for target in targets if not target.is_whole]
    count = processes * math.ceil(len(adapters) / (processes * SIDE_BY_SIDE))
    groups = [adapters[k::count] for k in range(min(count, len(adapters)))]
    return [*groups, *([target] for target in targets if target.is_whole)]


def _equipment(auditor: Auditor) -> _Equipment:
    bench, engine = auditor.bench, auditor.bench.engine
    rest = {field.name: getattr(bench, field.name) for field in fields(bench) if field.name != "engine"}
    return _Equipment(engine.base.name, engine.config, rest, auditor.config, auditor.checked())


def end_with_parent() -> None:
    """From now on this process ends when the one that began it has ended, however that came about."""
    threading.Thread(target=_wait_for_end, daemon=True).start()


def _wait_for_end() -> None:
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)


def _open(equipment: _Equipment) -> None:
    end_with_parent()
    _Here.audit = equipment.auditor().audit


def _audit(group: Sequence[Target]) -> Outcome:
    return _Here.audit(group, Memory())
