"""Targets shared among processes: the same findings, each written once, and a process that dies is said."""

import os
import subprocess
import sys
from collections.abc import Sequence

import pytest

from glasshouse.audits import processes as module
from glasshouse.audits.audit import Auditor, Failed
from glasshouse.audits.bench import Bench
from glasshouse.audits.journal import Memory
from glasshouse.audits.processes import audit_in_processes, shares
from glasshouse.audits.prompts import built_in_prompts
from glasshouse.audits.record import AuditResult, findings_text
from glasshouse.audits.self_test import Control
from glasshouse.audits.target import Target
from glasshouse.errors import ModelError
from tests.audits.test_audit import SMALL, TRUE


@pytest.fixture
def bench(engine, introspection, targets) -> Bench:
    return Bench(
        engine, built_in_prompts()[:60], introspection, controls=(Control(targets[2], (TRUE,)),)
    )  # fmt: skip


def test_processes_find_what_one_finds_and_every_result_is_written_once(bench, targets):
    alone, _ = Auditor(bench, SMALL).audit(targets, Memory())
    told: list[tuple[str, int, int]] = []
    written: list[str] = []
    journal = Memory()
    keep = journal.write
    journal.write = lambda result: (written.append(result.target_hash), keep(result))[1]
    auditor = Auditor(bench, SMALL, lambda *words: told.append(words))
    results, failed = audit_in_processes(auditor, [*targets, targets[0]], journal, 2)
    assert failed == []
    assert [findings_text(one) for one in results[:-1]] == [findings_text(one) for one in alone]
    assert results[:-1] == alone
    assert sorted(written) == sorted(target.hash for target in targets)
    assert all(journal.done(target.hash).batch is None for target in targets)
    assert [words for words in told if words[0] == "targets"][-1] == ("targets", 3, 3)
    again = Auditor(bench, SMALL, lambda *words: told.append(words))
    assert audit_in_processes(again, targets, journal, 2)[0] == alone
    assert told[-1] == ("targets", 0, 0)


LEFT_ALONE = """
import os, signal, sys, time
from multiprocessing import get_context
from glasshouse.audits.processes import end_with_parent

def waiting():
    end_with_parent()
    print("begun", flush=True)
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(600)

if __name__ == "__main__":
    get_context("spawn").Process(target=waiting).start()
    time.sleep(600)
"""


def test_a_process_whose_parent_was_killed_ends(tmp_path):
    script = tmp_path / "left_alone.py"
    script.write_text(LEFT_ALONE)
    # Both write to one pipe: its end is seen only when both processes have ended.
    done = subprocess.run([sys.executable, script], stdout=subprocess.PIPE, timeout=120, check=False)
    assert done.returncode < 0
    assert done.stdout == b"begun\n"


def failing(group: Sequence[Target]) -> tuple[list[AuditResult], list[Failed]]:
    return [], [Failed(one.hash, "Its weights are broken.") for one in group]


def dying(group: Sequence[Target]) -> None:
    os._exit(9)


def refusing(group: Sequence[Target]) -> None:
    raise ModelError("It belongs to another base.", "Give its own.")


def test_targets_that_failed_are_given_in_their_order(bench, targets, monkeypatch):
    monkeypatch.setattr(module, "_audit", failing)
    results, failed = audit_in_processes(Auditor(bench, SMALL), targets, Memory(), 2)
    assert results == []
    assert [one.target_hash for one in failed] == [target.hash for target in targets]


@pytest.mark.parametrize(
    ("work", "sentence"), [(dying, "fewer --workers"), (refusing, "another base. Give its own.")]
)
def test_a_process_that_dies_or_refuses_is_one_sentence(bench, targets, monkeypatch, work, sentence):
    monkeypatch.setattr(module, "_audit", work)
    with pytest.raises(ModelError, match=sentence):
        audit_in_processes(Auditor(bench, SMALL), targets, Memory(), 2)


@pytest.mark.parametrize(
    ("count", "processes", "sizes"),
    [(100, 2, [8, 8, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7]), (3, 2, [2, 1]), (1, 4, [1]), (9, 1, [5, 4])],
)
def test_groups_are_of_like_size_and_as_many_for_each_process(count, processes, sizes, tmp_path):
    some = [Target(tmp_path / str(number), str(number)) for number in range(count)]
    groups = shares(some, processes)
    assert sorted(map(len, groups), reverse=True) == sizes
    assert sorted(one.hash for group in groups for one in group) == sorted(one.hash for one in some)
