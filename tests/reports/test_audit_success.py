"""The table of auditors, from plain rows."""

from glasshouse.reports.audit_success import COLUMNS, audit_success_section
from glasshouse.reports.content import Document, Table
from glasshouse.reports.render import html_text

NO = {"value": None, "interval": None, "n": 0, "ungraded": 2}


def figures(auditor: str, family: str | None, top1: float) -> dict[str, object]:
    share = {
        "value": top1,
        "interval": {"low": 0.25, "high": 0.75, "method": "Wilson"},
        "n": 8,
        "ungraded": 0,
    }
    return {"auditor": auditor, "family": family, **dict.fromkeys(COLUMNS, NO), "top1": share}


ROWS = [
    figures("question", None, 0.5), figures("question", "rare_quirk", 0.25),
    figures("training prior", None, 0.125),
]  # fmt: skip


def tables() -> list[Table]:
    return [block for block in audit_success_section(ROWS, 0.05).blocks if isinstance(block, Table)]


def test_every_auditor_has_a_row_with_intervals_and_floors_are_marked():
    overall = tables()[0]
    assert [row[0][0] for row in overall.rows] == ["question", "training prior (floor)"]
    assert overall.rows[0][1] == ("50 % (25 to 75, n = 8)",)
    assert overall.rows[0][2] == ("– (n = 0, 2 not graded)",)


def test_families_are_columns_and_a_missing_one_is_a_dash():
    top1 = tables()[1]
    assert top1.head == ("auditor", "rare quirk")
    assert [row[1][0] for row in top1.rows] == ["25 % (25 to 75, n = 8)", "–"]


def test_the_section_is_part_of_a_page():
    page = html_text(Document("Auditors", "", (audit_success_section(ROWS, 0.05),)))
    assert "training prior (floor)" in page
