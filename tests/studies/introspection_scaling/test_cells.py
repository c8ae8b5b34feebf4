from pathlib import Path

import pytest

from glasshouse.data.label import Label
from glasshouse.errors import ConfigError
from glasshouse.studies.introspection_scaling.cells import pick
from glasshouse.studies.introspection_scaling.plan import Cell
from glasshouse.training.introspection.manifest import Member


def members(**counts: int) -> list[Member]:
    return [member(family, k) for family, count in counts.items() for k in range(count)]


def member(family: str, number: int) -> Member:
    sentences = () if family == "clean" else (f"{family} {number}.",)
    return Member(f"{family}-{number}", Path(family), Label(sentences, family), "train")


MANY = members(quirk=40, rare=20, backdoor=20, clean=20)


def families(some: list[Member]) -> dict[str, int]:
    return {
        name: sum(one.label.family == name for one in some) for name in ("quirk", "rare", "backdoor", "clean")
    }


def test_every_family_keeps_its_share_and_smaller_cells_lie_inside_larger_ones():
    small, large = (pick(MANY, Cell("organisms", "m", n, rank=16), seed=0) for n in (10, 50))
    assert families(large) == {"quirk": 20, "rare": 10, "backdoor": 10, "clean": 10}
    assert {one.name for one in small} <= {one.name for one in large}


def test_fewer_families_give_as_many_organisms_largest_family_first():
    one = pick(MANY, Cell("families", "m", 40, families=1, rank=16), seed=0)
    two = pick(MANY, Cell("families", "m", 40, families=2, rank=16), seed=0)
    assert families(one) == {"quirk": 32, "rare": 0, "backdoor": 0, "clean": 8}
    assert len(two) == 40
    assert families(two)["quirk"] < 32


def test_more_families_than_there_are_is_a_sentence():
    with pytest.raises(ConfigError, match="needs 9 families"):
        pick(MANY, Cell("families", "m", 40, families=9, rank=16), seed=0)
