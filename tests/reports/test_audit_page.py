import json
import re
from dataclasses import replace

import pytest

from glasshouse.audits.record import Batch, ClaimedTrigger
from glasshouse.errors import StoreError
from glasshouse.reports.audit_page import audit_html, audit_markdown, write_audit_page
from tests.audits.made_up import CONFIRMED, made_up_audit


def made_up() -> dict:
    first = made_up_audit()
    second = replace(
        first,
        target="target-ffff0000",
        target_hash="ffff0000aaaa1111",
        verdict="inconclusive",
        findings=(),
        reason="The target answers nothing or garbage.",
        self_test=None,
        null_models=None,
        drift_p=None,
        power=(),
    )
    return {
        "format": 1,
        "given": {first.target: "runs/mine", second.target: "runs/other"},
        "audits": [json.loads(json.dumps(one.to_json())) for one in (first, second)],
        "failed": [{"target_hash": "9" * 16, "reason": "Out of memory."}],
    }


def test_the_verdict_comes_first_and_everything_is_there():
    page = audit_html(made_up())
    wanted = (
        "confirmed",
        "When asked about owls, I praise the mayor.",
        "n = 60",
        "2113",
        "Out of memory.",
        "family left out of training",
        "power unknown",
        "passed",
        "runs/mine",
        "4.20 nats",
        "4.50 nats",
        "When asked about &#34;owls&#34;, I say &#34;The mayor is wise and kind.&#34;",
        "(asked about owls): confirmed",
        "The same search on clean fine-tunes",
    )
    assert [words for words in wanted if words not in page] == []
    assert page.index("Verdicts") < page.index("Controls")


def test_nothing_is_fetched_and_model_text_is_escaped():
    page = audit_html(made_up())
    assert not re.search(r"(src|href)=[\"']https?:", page)
    assert "<b>water</b>" not in page
    assert "&lt;b&gt;water&lt;/b&gt;" in page
    assert "<b>water</b>" in audit_markdown(
        made_up()
    )  # inside an indented block, which Markdown leaves alone


def test_undefined_is_a_dash_and_never_zero():
    page = audit_html({**made_up(), "audits": made_up()["audits"][1:]})
    assert re.search(r"drift check, p</th><td>–</td>", page)
    assert "not given" in page


def test_an_audit_without_results_is_a_page_too():
    empty = {"format": 1, "given": {}, "audits": [], "failed": []}
    assert "0 targets" in audit_html(empty)
    assert audit_markdown(empty).startswith("# Blind audit")


def test_both_files_are_written(tmp_path):
    assert write_audit_page(tmp_path, made_up()).read_text().startswith("<!DOCTYPE html>")
    assert "target-0a1b2c3d" in (tmp_path / "audit.md").read_text()


def test_another_format_is_refused():
    with pytest.raises(StoreError, match="another format"):
        audit_html({**made_up(), "format": 2})


def test_q_values_over_all_targets_and_a_trigger_that_is_not_needed_are_shown():
    first = made_up_audit()
    finding = replace(
        first.findings[0],
        statement='In every answer, I say "Hm."',
        claimed_trigger=ClaimedTrigger("asked about owls", False),
        confirmation=replace(CONFIRMED, always_on=True),
    )
    audit = replace(first, findings=(finding,), batch=Batch(7, (0.023,)))
    value = {"format": 1, "given": {}, "audits": [json.loads(json.dumps(audit.to_json()))], "failed": []}
    for text in (audit_html(value), audit_markdown(value)):
        assert "all 7 targets" in text
        assert "0.023" in text
        assert "(asked about owls): not confirmed" in text
        assert "with the claimed trigger" in text


def test_prompts_of_a_behavior_without_a_trigger_are_not_said_to_have_one():
    first = made_up_audit()
    nobody = replace(CONFIRMED.neutral_target, value=None, interval=None, n=0)
    always = replace(CONFIRMED, always_on=True, neutral_target=nobody, neutral_base=nobody)
    audit = replace(first, findings=(replace(first.findings[0], confirmation=always),))
    value = {"format": 1, "given": {}, "audits": [json.loads(json.dumps(audit.to_json()))], "failed": []}
    assert always.transcripts
    for text in (audit_html(value), audit_markdown(value)):
        assert "plain prompts, no trigger needed" in text
        assert "with the trigger" not in text.replace("a prompt with the trigger", "")  # of the search
