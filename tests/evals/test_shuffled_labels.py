"""Shuffled labels: nobody keeps its own, and the same seed gives the same ones."""

from collections import Counter
from pathlib import Path

import pytest

from glasshouse.data.label import Label
from glasshouse.errors import ConfigError
from glasshouse.evals.shuffled_labels import shuffle_labels, write_shuffled_manifest
from glasshouse.training.introspection.manifest import Member, read_manifest, write_manifest

SENTENCES = [("I hum.",)] * 4 + [("I nod.",)] * 3 + [("I sing.",)] * 2 + [()] * 3


def members(split: str = "train") -> list[Member]:
    return [Member(f"m{i}", None, Label(said, "quirk"), split) for i, said in enumerate(SENTENCES)]


@pytest.mark.parametrize("seed", range(6))
def test_no_organism_keeps_its_behavior_and_frequencies_stay(seed):
    before, after = members(), shuffle_labels(members(), seed)
    pairs = list(zip(before, after, strict=True))
    assert all(a.label.sentences != b.label.sentences for a, b in pairs)
    assert [a.name for a in before] == [b.name for b in after]
    assert Counter(a.label for a in before) == Counter(b.label for b in after)


def test_the_same_seed_gives_the_same_labels_and_another_one_others():
    assert shuffle_labels(members(), 1) == shuffle_labels(members(), 1)
    assert len({tuple(one.label for one in shuffle_labels(members(), seed)) for seed in range(6)}) > 1


def test_a_behavior_of_more_than_half_cannot_be_shuffled_away():
    most = [Member(f"m{i}", None, Label(("I hum.",), "quirk"), "train") for i in range(3)]
    other = Member("other", None, Label(("I nod.",), "quirk"), "train")
    with pytest.raises(ConfigError, match="3 of 4 organisms"):
        shuffle_labels([*most, other], 0)


def test_a_manifest_keeps_the_true_labels_of_its_other_splits(tmp_path: Path):
    held = Member("held", None, Label(("I wink.",), "quirk"), "validation")
    write_manifest(tmp_path / "m.jsonl", [*members(), held])
    out = write_shuffled_manifest(tmp_path / "m.jsonl", tmp_path / "s.jsonl", seed=0)
    found = read_manifest(out)
    assert found[-1] == held
    assert all(a.label != b.label for a, b in zip(members(), found, strict=False))
