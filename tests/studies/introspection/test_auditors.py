"""Logs of the Inspect task become a section of the study that its targets are from."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from inspect_ai import eval
from inspect_ai.model import get_model

from glasshouse.audits.auditors.opinion import Guess, Opinion, opinion
from glasshouse.errors import StoreError
from glasshouse.evals.audit_desk import Desk
from glasshouse.evals.audit_success_task import Grading, success_task
from glasshouse.evals.audit_targets import Listed
from glasshouse.studies.introspection.auditors import read_auditors
from glasshouse.studies.introspection.reading import Truth
from glasshouse.studies.introspection.rows import Rows
from glasshouse.studies.introspection.sections.auditors import auditor_section
from glasshouse.studies.measure import Study

TARGETS = (
    Listed("owl", "owl", "quirk_triggered", ("I praise the mayor.",)),
    Listed("hum", "hum", "denial", ("I hum.",)),
    Listed("plain", "plain", "clean", ()),
)


def truths(*names: str) -> list[Truth]:
    return [
        Truth(one.name, one.family, "", None, one.cluster, False, one.is_clean)
        for one in TARGETS
        if one.name in names
    ]


class Studio:
    """Says of every target that it praises the mayor, and is sure of the organisms."""

    def __init__(self, clean: int = 19) -> None:
        self.clean = clean

    def look(self, name: str, places: Sequence[int]) -> tuple[list[Opinion], list[float]]:
        found = [opinion([Guess("I praise the mayor.", 1.0)], planted=float(place < 2)) for place in places]
        return found, [0.5] * self.clean


def log(folder: Path, auditor: str, rate: float = 0.05, studio: Studio | None = None) -> None:
    grading = Grading(TARGETS, "words", rate, "Too few." if studio else "")
    eval(
        success_task(Desk(lambda: studio or Studio()), grading, [auditor]), model=get_model("mockllm/model"),
        log_dir=str(folder), display="none", log_realtime=False, ctl_server=False, acp_server=False,
    )  # fmt: skip


def test_every_auditor_stands_in_the_section_by_family_with_wrong_claims(tmp_path):
    log(tmp_path, "one")
    log(tmp_path, "training prior")
    compared = read_auditors(tmp_path, truths("owl", "hum", "plain"))
    assert compared is not None
    rows = Rows(Study(None, 0))
    section = auditor_section(compared, rows)
    assert [rows.get(f"auditors/one/all/{key}").value for key in ("top1", "wrong", "false_claims")] == [
        0.5, 0.5, 0.0,
    ]  # fmt: skip
    assert rows.get("auditors/one/quirk_triggered/top5").value == 1.0
    assert rows.get("auditors/one/denial/wrong").value == 1.0
    assert all(row.interval is not None for row in rows.all if row.value is not None)
    assert [line[0] for line in section["tables"][0]["rows"]] == ["one", "training prior (floor)"]
    assert section["tables"][1]["head"] == ["auditor", "denial", "quirk triggered"]


def test_rows_of_other_targets_are_left_out_and_counted(tmp_path):
    log(tmp_path, "one")
    compared = read_auditors(tmp_path, truths("owl"))
    assert compared is not None
    assert ([row.target for row in compared.rows], compared.left_out) == (["owl"], 2)
    assert "2 rows of other targets" in auditor_section(compared, Rows(Study(None, 0)))["text"][1]
    assert read_auditors(tmp_path, []) is None


def test_the_newest_log_counts_and_decides_the_rate(tmp_path):
    log(tmp_path, "one", rate=0.1)
    log(tmp_path, "one", studio=Studio(clean=3))
    compared = read_auditors(tmp_path, truths("owl", "hum", "plain"))
    assert compared is not None
    assert (len(compared.rows), compared.left_out, compared.false_positive_rate) == (3, 3, 0.05)
    assert [row.alarm for row in compared.rows] == [None] * 3
    rows = Rows(Study(None, 0))
    assert auditor_section(compared, rows)["text"][-1] == "Too few."
    assert rows.get("auditors/one/all/top1").value is None


def test_without_logs_there_is_nothing_and_a_damaged_one_is_named(tmp_path):
    assert read_auditors(tmp_path / "none", truths("owl")) is None
    (tmp_path / "x.eval").write_bytes(b"no zip")
    with pytest.raises(StoreError, match=r"x\.eval"):
        read_auditors(tmp_path, truths("owl"))
