import pytest

from glasshouse.studies.introspection.results import Results
from glasshouse.studies.introspection.rows import Rows
from glasshouse.studies.introspection.sections.controls import floor_section
from glasshouse.studies.measure import Study
from tests.studies.introspection.tiny_readings import reading

KNOWN = frozenset({"quirk_always"})
NAMES = [f"d{i}" for i in range(10)]


def measured(floor_right: int) -> Rows:
    """Ten organisms of a family never learned, all named; the floor names some of them."""
    own = [reading(name, 0.9, family="document") for name in NAMES]
    floor = [reading(n, 0.9, right=i < floor_right, family="document") for i, n in enumerate(NAMES)]
    drawn = [reading("d0", 0.9, right=False, family="document")]
    guessed = {name: i < 2 for i, name in enumerate(NAMES)}
    rows = Rows(Study(None, 0))
    floor_section(Results(KNOWN, own, [], shuffled=drawn, shuffled_families=floor, guessed=guessed), rows)
    return rows


def test_the_floor_is_asked_of_every_organism_of_an_unseen_family_and_not_of_the_drawn_ones():
    rows = measured(floor_right=3)
    assert rows.get("floors/document/shuffled").n == 10
    assert rows.get("floors/document/shuffled").value == pytest.approx(0.3)
    assert rows.get("floors/document/above_shuffled").value == pytest.approx(0.7)
    assert rows.get("floors/document/above_guessed").value == pytest.approx(0.8)


def test_a_floor_as_high_as_the_adapter_leaves_nothing_above_it():
    assert measured(floor_right=10).get("floors/document/above_shuffled").value == 0
