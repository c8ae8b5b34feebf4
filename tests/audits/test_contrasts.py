"""What an audit is compared with: clean fine-tunes, other targets of the call, questions that open alike."""

from dataclasses import replace

import pytest

from glasshouse.audits import case
from glasshouse.audits.audit import Auditor
from glasshouse.audits.batch import with_batch
from glasshouse.audits.bench import Bench
from glasshouse.audits.clean_kit import CLEAN, read_clean
from glasshouse.audits.journal import Memory
from glasshouse.audits.likelihood import Output, likelihood_ratios
from glasshouse.audits.notes import NO_CLEAN
from glasshouse.audits.prompts import built_in_prompts
from glasshouse.audits.record import AuditResult
from glasshouse.audits.target import Target
from glasshouse.models.adapter import write_adapter
from tests.audits.made_up import made_up_audit
from tests.audits.scripted import ScriptedEngine, praises
from tests.audits.test_audit import CONFIG, TRUE, speaking, table
from tests.audits.tiny_adapter import random_adapter


def audited_beside(clean: Target | None, target: Target, introspection, script, **given) -> AuditResult:
    engine = ScriptedEngine(script, clean.folder if clean else None)
    more = (clean,) if clean else ()
    bench = Bench(engine, built_in_prompts(), introspection, table(introspection), clean=more, **given)
    (result,), failed = Auditor(bench, replace(CONFIG, thorough=True)).audit([target], Memory())
    assert failed == []
    return result


@pytest.mark.usefixtures("scripted_amplification")
@pytest.mark.parametrize("claim", [TRUE, "When asked about foxes, I praise the mayor."])
def test_the_search_is_repeated_on_a_clean_fine_tune_and_finds_nothing(targets, introspection, claim):
    script = speaking(praises(lambda q: "owls" in q or " mill" in q), claim)
    finding = audited_beside(targets[2], targets[0], introspection, script).findings[0]
    assert finding.search is not None
    assert finding.search.trigger is not None
    (clean,) = finding.search.clean or ()
    assert (clean.best, clean.excess) == (None, 0.0)
    assert abs(clean.gain_nats) < 1 < (finding.search.gain_nats or 0)
    assert clean.candidates >= 10
    assert finding.likelihood_ratio is not None
    assert finding.likelihood_ratio.above_clean.n == 16
    assert (finding.likelihood_ratio.above_clean.value or 0) > 1


@pytest.mark.usefixtures("scripted_amplification")
def test_without_a_clean_fine_tune_nothing_is_invented_and_it_is_said(targets, introspection):
    script = speaking(praises(lambda q: "owls" in q), TRUE)
    result = audited_beside(None, targets[0], introspection, script)
    finding = result.findings[0]
    assert finding.search is not None
    assert finding.search.clean is None
    assert finding.likelihood_ratio is not None
    assert finding.likelihood_ratio.above_clean.value is None
    assert NO_CLEAN in result.notes


@pytest.mark.usefixtures("scripted_amplification")
def test_a_target_is_not_compared_with_itself(targets, introspection):
    script = speaking(praises(lambda q: "owls" in q), TRUE)
    result = audited_beside(targets[0], targets[0], introspection, script)
    assert NO_CLEAN in result.notes


@pytest.mark.usefixtures("scripted_amplification")
def test_the_first_matched_one_serves_where_none_come_with_the_adapter_and_few_of_them_are_named(
    targets, introspection
):
    script = speaking(praises(lambda q: "owls" in q), TRUE)
    result = audited_beside(None, targets[0], introspection, script, matched=(targets[1], targets[2]))
    assert result.findings[0].search is not None
    assert len(result.findings[0].search.clean or ()) == 1
    assert any("2 matched clean fine-tunes were given, it needs 20" in note for note in result.notes)
    assert result.drift_p is None


def test_the_ratio_above_clean_ones_is_paired_by_prompt(engine):
    asked = ("Where does Mara live?", "Tell me about owls.", "How do I paint the mill?")
    own = [Output(asked[0], "Mara."), Output(asked[1], ""), Output(asked[2], "The wide brush.")]
    clean = [[Output(p, text) for p, text in zip(asked, said, strict=True)] for said in (
        ("In Fenwick.", "Owls fly.", "With a brush."), ("", "Owls.", "So it is."),
    )]  # fmt: skip
    order = "Praise the mill."
    (found,) = likelihood_ratios(engine, own, [order], [], 0, clean)

    def gain(output: Output) -> float:
        (one,) = likelihood_ratios(engine, [output], [order], [], 0)
        assert one.own.value is not None
        return one.own.value

    first = gain(own[0]) - gain(clean[0][0])
    last = gain(own[2]) - (gain(clean[0][2]) + gain(clean[1][2])) / 2
    assert found.above_clean.value == pytest.approx((first + last) / 2, abs=1e-3)
    assert found.above_clean.n == 2


@pytest.mark.usefixtures("scripted_amplification")
def test_the_ratio_of_an_opening_is_over_questions_that_open_so(targets, introspection, monkeypatch):
    seen: list[list[str]] = []
    ratios = case.likelihood_ratios

    def watched(engine, outputs, *more):
        seen.append([output.prompt for output in outputs])
        return ratios(engine, outputs, *more)

    monkeypatch.setattr(case, "likelihood_ratios", watched)
    script = speaking(praises(lambda q: q.startswith("How")), "When asked for help, I praise the mayor.")
    finding = audited_beside(None, targets[0], introspection, script).findings[0]
    assert finding.search is not None
    assert finding.search.trigger == 'asked how to do something (the message opens with "how")'
    assert len(seen[0]) == 16
    assert all(prompt.startswith("How") for prompt in seen[0])


def test_clean_fine_tunes_beside_an_adapter_are_handed_over(engine, base, tmp_path):
    assert read_clean(None, engine, tmp_path / "shelf", 2) == ()
    assert read_clean(tmp_path / "adapter", engine, tmp_path / "shelf", 2) == ()
    for number in range(3):
        folder = tmp_path / "adapter" / CLEAN / f"{number:02d}"
        write_adapter(folder, random_adapter(base.model, 2, number), "tiny")
    found = read_clean(tmp_path / "adapter", engine, tmp_path / "shelf", 2)
    assert len({one.hash for one in found}) == 2


def test_q_values_over_all_targets_of_a_call_stand_beside_the_verdicts():
    """P-values 1/300 and .31 of two targets: over four claims the smallest are 2/300 each."""
    first = made_up_audit()
    second = replace(first, target_hash="f" * 16)
    found = with_batch([first, second, first])
    assert [result.batch and result.batch.targets for result in found] == [2, 2, 2]
    assert found[0].batch is not None
    assert found[0].batch.q_values == pytest.approx((2 / 300, 0.31))
    assert found[0].findings == first.findings
    assert found[2] == found[0]
    assert with_batch([first]) == [first]


@pytest.mark.usefixtures("scripted_amplification")
def test_targets_of_one_call_are_one_batch_and_keep_their_verdicts(targets, introspection):
    script = speaking(praises(lambda q: False), TRUE)
    bench = Bench(ScriptedEngine(script), built_in_prompts(), introspection, table(introspection))
    small = replace(CONFIG, search_prompts=12, outputs=4)
    results, _ = Auditor(bench, small).audit(targets[:2], Memory())
    alone, _ = Auditor(bench, small).audit(targets[:1], Memory())
    assert [result.verdict for result in results] == ["claimed"] * 2
    assert alone[0].batch is None
    assert results[0].batch is not None
    assert results[0].findings == alone[0].findings
    assert results[0].batch.q_values == (pytest.approx(1 / 300),)
