from pathlib import Path

import pytest

from glasshouse.errors import ConfigError
from glasshouse.studies.introspection_scaling.plan import ScalingPlan, choose, full_plan, work
from tests.studies.introspection.tiny_study import write_specs


@pytest.fixture
def specs(tmp_path: Path) -> str:
    return str(write_specs(tmp_path / "specs"))


def test_every_cell_has_a_name_of_its_own_and_the_center_comes_first(specs):
    cells = full_plan("phantom", specs=specs).cells(["/models/no-self-report"])
    names = [cell.name for cell in cells]
    assert names[0] == "organisms-400"
    assert len({*names}) == len(names)
    assert {"organisms-1024", "rank-1", "vector", "alone", "base-phantom-1m", "twin-no-self-report"} <= {
        *names
    }


def test_unknown_cells_are_refused_with_the_list_of_known_ones(specs):
    cells = full_plan("phantom", specs=specs).cells()
    assert [cell.name for cell in choose(cells, ["vector", "rank-4"])] == ["vector", "rank-4"]
    with pytest.raises(ConfigError, match="no cell 'rank-5'") as refused:
        choose(cells, ["rank-5"])
    assert "rank-4" in refused.value.hint


def test_the_main_base_gets_as_many_organisms_as_its_largest_cell_needs(specs):
    plan = ScalingPlan("model", counts=(1024,), specs=specs)
    spec = plan.population("train", plan.center)
    assert sum(group.count for group in spec.families) >= 1024
    assert {group.use for group in spec.families} == {"train"}


def test_a_twin_is_grown_a_population_of_its_own_and_counted(specs):
    plan = ScalingPlan("model", specs=specs)
    twin = plan.cells(["/models/twin"])[-1]
    lines = [line.what for line in work(plan, [plan.center, twin])]
    assert "population train on /models/twin" in lines
    assert plan.population("test", twin).base == "glasshouse//models/twin"


def test_another_base_is_grown_what_its_one_cell_needs_in_the_same_proportions():
    plan = full_plan("phantom")
    size = next(cell for cell in plan.cells() if cell.axis == "base")
    main, other = (plan.population("train", cell).families for cell in (plan.center, size))
    wanted, all_of_them = plan.center_organisms, sum(group.count for group in main)
    assert wanted <= sum(group.count for group in other) < wanted + len(other)
    assert all(
        abs(few.count - many.count * wanted / all_of_them) < 1 for few, many in zip(other, main, strict=True)
    )
