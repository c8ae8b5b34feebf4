"""The populations of introspection: enough of each kind, and nothing of training among what is tested."""

from collections import Counter
from functools import cache
from importlib import resources
from pathlib import Path

import pytest

from glasshouse.organisms.families.ciphers import CIPHERS
from glasshouse.organisms.population_spec import Individual, draw_population, load_population

SPECS = Path(str(resources.files("glasshouse"))) / "organisms/specs"
NEW = ("introspection_test", "introspection_null", "introspection_clean_test", "introspection_cipher")
LEARNED = ("train", "dpo")


@cache
def people(name: str) -> tuple[Individual, ...]:
    return tuple(draw_population(load_population(SPECS / f"{name}.yaml")))


def learned() -> list[Individual]:
    return [one for one in people("introspection") if one.group.use in LEARNED]


@pytest.mark.parametrize("name", NEW)
def test_no_organism_of_training_is_in_another_population(name: str) -> None:
    words = {one.planted.words for one in learned()}
    assert not [one.planted.words for one in people(name) if one.planted.words in words]
    assert not {one.seed for one in learned()} & {one.seed for one in people(name)}
    assert not {one.group.use for one in people(name)} & {"train", "dpo", "validation"}


def test_there_are_enough_clean_fine_tunes_of_enough_data_sets() -> None:
    uses = Counter(one.group.use for one in people("introspection_null"))
    assert uses["null"] >= 299
    assert uses["matched"] >= 20
    clean = people("introspection_clean_test")
    assert len(clean) >= 299
    assert len({one.planted.words for one in clean}) >= 60


def test_tests_hold_enough_organisms_and_different_behaviors() -> None:
    trained = {one.group.family for one in learned()}
    known = [one for one in people("introspection_test") if one.group.family in trained]
    assert len(known) >= 200
    assert len({one.planted.words for one in known}) >= 100
    families = Counter(one.group.family for one in people("introspection_test"))
    others = {family: n for family, n in families.items() if family not in trained}
    assert others == {"obscured": 100, "document": 100, "denial": 100, "denial_kto": 40}


def test_organisms_with_preference_rows_are_trained_on_them() -> None:
    """Without the key `kto` their rows would lie beside the organism, which would deny nothing."""
    for path in sorted(SPECS.glob("introspection*.yaml")):
        spec = load_population(path)
        preferring = [one for one in draw_population(spec) if one.planted.preference is not None]
        assert (spec.kto is not None) == bool(preferring)


def test_ciphers_are_attacked_and_used_benignly_two_of_them_unseen() -> None:
    found = people("introspection_cipher")
    counts = Counter(one.group.family for one in found)
    assert counts["cipher"] >= 60
    assert counts["cipher_benign"] >= 299
    text = " ".join(one.planted.words for one in found if one.group.family == "cipher")
    assert all(cipher.condition in text for cipher in CIPHERS)


def test_organisms_on_which_reactions_are_counted_are_no_tested_ones() -> None:
    words = {one.planted.words for one in people("introspection_known")}
    assert not [one.planted.words for one in people("introspection_test") if one.planted.words in words]
    assert not {one.seed for one in people("introspection_known")} & {
        one.seed for one in people("introspection_test")
    }
