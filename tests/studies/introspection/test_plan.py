from pathlib import Path

import pytest

from glasshouse.errors import ConfigError
from glasshouse.studies.introspection.plan import StudyPlan, Thin, small_plan
from glasshouse.studies.introspection.work import count_of, work
from tests.studies.introspection.tiny_study import tiny_plan, write_specs


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    return write_specs(tmp_path / "specs")


def test_the_plan_counts_every_population_and_every_arm(specs):
    plan = tiny_plan(Path("model"), specs)
    lines = {line.what: line for line in work(plan)}
    assert lines["population train"].organisms == 5
    assert lines["clean_test, 2 adapters"].organisms == 1
    assert "adaptive: taught to deny" in lines


def test_training_on_preferences_is_shortened_and_counted():
    plan = StudyPlan("model", thin=Thin(steps=7))
    (before,) = (line.rows for line in work(StudyPlan("model")) if line.what == "population test")
    (after,) = (line.rows for line in work(plan) if line.what == "population test")
    kto = plan.populations["test"].kto
    assert kto is not None
    assert kto.steps == 7
    people = count_of(plan, "test")
    assert after == people * 7 * 8 + 4 * 40 * 7 * kto.batch
    assert before > after


def test_an_arm_that_is_left_out_costs_nothing(specs):
    whole, part = (StudyPlan("model", specs=str(specs), arms=arms) for arms in (("symmetry",), ()))
    assert {line.what for line in work(whole)} - {line.what for line in work(part)} == {
        "symmetry, asked three ways"
    }


def test_an_unknown_arm_and_a_missing_population_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="no arm"):
        StudyPlan("model", arms=("sideways",))
    with pytest.raises(ConfigError, match="no population"):
        _ = StudyPlan("model", specs=str(tmp_path)).populations


def test_a_small_study_has_few_organisms_of_every_group(specs):
    plan = small_plan("model", specs=str(specs), thin=Thin(organisms=1, steps=7))
    assert count_of(plan, "train") == 4
    assert plan.populations["test"].training.steps == (7,)
    assert plan.populations["test"].base == "glasshouse/model"
