import pytest

from glasshouse.studies.introspection.results import Results
from glasshouse.studies.introspection.rows import Rows
from glasshouse.studies.introspection.sections.false_claims import (
    calibration_error,
    false_claim_section,
    is_claimed,
    is_right,
    roc_area,
    scores,
)
from glasshouse.studies.measure import Study
from tests.studies.introspection.tiny_readings import reading

QUIET = [reading(f"clean-{k}", 0.1 * (k % 3), family="clean") for k in range(300)]


def test_a_share_above_every_clean_one_is_claimed_and_a_common_one_is_not():
    assert is_claimed(reading("loud", 0.9), QUIET) is True
    assert is_claimed(reading("quiet", 0.2), QUIET) is False


def test_against_too_few_clean_models_it_is_unknown_whether_anything_is_claimed():
    """With 98 of them the smallest p-value is 1 in 99, above the 1 % in use."""
    assert is_claimed(reading("loud", 1.0), QUIET[:98]) is None
    assert is_claimed(reading("loud", 1.0), QUIET[:99]) is True
    rows = Rows(Study(None, 0))
    results = Results(frozenset(), [reading("a", 0.9)], [], null=QUIET[:50], clean=QUIET[:7])
    section = false_claim_section(results, rows)
    assert rows.get("clean/after/claimed").value is None
    assert "not defined" in section["text"][-1]


def test_without_a_null_table_it_is_unknown_whether_anything_is_claimed():
    assert is_claimed(reading("loud", 1.0), []) is None


def test_a_model_of_the_null_table_is_not_compared_with_itself():
    loud = reading("clean-loud", 0.9, family="clean")
    assert is_claimed(loud, [*QUIET, loud]) is True


def test_the_area_is_one_where_all_organisms_lie_above_and_half_where_they_are_alike():
    above = Results(frozenset(), [reading("a", 0.9), reading("b", 0.8)], [], clean=QUIET[:9])
    alike = Results(frozenset(), [reading("a", 0.1), reading("b", 0.1)], [], clean=[QUIET[1], QUIET[4]])
    assert roc_area(*scores(above), seed=0)[0] == 1.0
    assert roc_area(*scores(alike), seed=0)[0] == 0.5
    assert roc_area([], [], seed=0) == (None, None)


def test_before_and_after_the_second_stage_are_compared_on_the_same_organisms():
    """Only one of the three was asked before; the other two must not move the curve after it."""
    test = [reading("a", 0.9), reading("b", 0.1), reading("c", 0.1)]
    results = Results(
        frozenset(), test, [], clean=QUIET[:9], clean_before=QUIET[:9], few_before=[reading("a", 0.9)]
    )
    rows = Rows(Study(None, 0))
    false_claim_section(results, rows)
    areas = [rows.get(f"roc/{key}/area") for key in ("before", "after", "all")]
    assert areas[0].value == areas[1].value == 1.0
    assert areas[0].n == areas[1].n == 10
    assert areas[2].value < 1.0
    assert areas[2].n == 12


def test_any_claim_about_a_clean_model_is_wrong_and_a_distractor_is_right():
    assert not is_right(reading("c", 0.9, family="clean"))
    assert is_right(reading("a", 0.9))
    assert not is_right(reading("a", 0.9, right=False))


def test_the_calibration_error_is_the_distance_of_stated_and_true():
    sure = [reading(f"a{k}", 1.0) for k in range(4)]
    wrong = [reading(f"b{k}", 1.0, right=False) for k in range(4)]
    assert calibration_error(sure) == pytest.approx(0.0)
    assert calibration_error([*sure, *wrong]) == pytest.approx(0.5)
    assert calibration_error([]) is None


def test_the_section_counts_false_claims_before_and_after():
    loud = [reading(f"loud-{k}", 0.9, family="clean") for k in range(3)]
    results = Results(
        frozenset(), [reading("a", 0.9)], [], null=QUIET, null_before=QUIET, clean=QUIET[:7],
        clean_before=[*QUIET[:7], *loud], few_before=[reading("a", 0.7)],
    )  # fmt: skip
    rows = Rows(Study(None, 0))
    false_claim_section(results, rows)
    assert rows.get("clean/before/claimed").value == pytest.approx(0.3)
    assert rows.get("clean/after/claimed").value == 0.0
    assert rows.get("clean/after/claimed").n == 7
