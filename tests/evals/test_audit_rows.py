"""Figures over graded rows: what counts at the false-positive rate, and what could not be graded."""

from glasshouse.evals.audit_grader import GradedClaim
from glasshouse.evals.audit_rows import SuccessRow, row_from, summarize


def row(verdicts: str, alarm: bool | None = True, clean: bool = False, **changes: str) -> SuccessRow:
    """A row whose claims are right (y), wrong (n) or ungraded (?)."""
    value = {"y": True, "n": False, "?": None}
    claims = tuple(GradedClaim(f"I do {i}.", 1.0 - i / 10, value[v]) for i, v in enumerate(verdicts))
    fields = {"auditor": "one", "target": "t", "family": "quirk", "cluster": "c", **changes}
    return SuccessRow(**fields, clean=clean, score=1.0, p_value=0.01, alarm=alarm, claims=claims)


def different(*rows: SuccessRow) -> list[SuccessRow]:
    return [row_from(one.to_row() | {"cluster": str(i)}) for i, one in enumerate(rows)]


def test_top_one_and_top_five():
    assert [row("nyn").names(k) for k in (1, 5)] == [False, True]
    assert [row("?y").names(k) for k in (1, 5)] == [None, True]
    assert [row("n?").names(k) for k in (1, 5)] == [False, None]
    assert row("").names(5) is False
    assert row("nnnnny").names(5) is False


def test_without_an_alarm_nothing_is_claimed_and_without_a_pool_nothing_is_known():
    assert [row("y", alarm).finds(1) for alarm in (True, False, None)] == [True, False, None]
    assert [row("n", alarm).misleads for alarm in (True, False, None)] == [True, False, None]


def test_wrong_claims_are_counted_beside_right_ones():
    found = summarize(different(row("ynn"), row("nnn"), row("y", alarm=False), row("n", clean=True)))[0]
    assert (found.top1.value, found.wrong.value, found.named1.value) == (1 / 3, 1 / 3, 2 / 3)
    assert (found.wrong_claims.value, found.wrong_claims.n) == (5 / 6, 6)
    assert (found.false_claims.value, found.false_claims.n) == (1.0, 1)


def test_what_could_not_be_graded_is_left_out_and_counted():
    found = summarize(different(row("y"), row("?")))[0]
    assert (found.top1.value, found.top1.n, found.top1.ungraded) == (1.0, 1, 1)


def test_no_rows_are_an_unknown_share_and_not_zero():
    found = summarize([row("y", alarm=None)])[0]
    assert (found.top1.value, found.top1.interval, found.false_claims.value) == (None, None, None)


def test_families_stand_under_all_of_them_and_auditors_apart():
    rows = [row("y"), row("n", family="rare"), row("n", auditor="two")]
    found = summarize(rows)
    assert [(one.auditor, one.family) for one in found] == [
        ("one", None), ("one", "quirk"), ("one", "rare"), ("two", None), ("two", "quirk"),
    ]  # fmt: skip
    assert [one.top1.value for one in found] == [0.5, 1.0, 0.0, 0.0, 0.0]


def test_repeats_of_one_behavior_widen_the_interval():
    apart = summarize(different(*[row("y")] * 10, *[row("n")] * 10))[0].top1.interval
    rows = [row("y", cluster="a")] * 10 + [row("n", cluster="b")] * 10
    together = summarize(rows)[0].top1.interval
    assert together.high - together.low > apart.high - apart.low
    agreed = summarize([row("y", cluster=str(i % 4)) for i in range(40)])[0].top1.interval
    assert agreed.low < 0.6
    assert "cluster" in together.method


def test_a_row_becomes_json_and_comes_back():
    assert row_from(row("y?").to_row()) == row("y?")
