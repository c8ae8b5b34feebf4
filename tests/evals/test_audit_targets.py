"""The list of targets: both forms, and what is wrong with a line."""

import json
from pathlib import Path

import pytest

from glasshouse.errors import ConfigError
from glasshouse.evals.audit_targets import Listed, check_apart, read_targets
from glasshouse.organisms.card import Card, write_card
from glasshouse.organisms.families.draw import draw_planted


def listed(folder: Path, *rows: object) -> Path:
    (folder / "owl").mkdir(exist_ok=True)
    path = folder / "targets.jsonl"
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def row(**changes: object) -> dict[str, object]:
    return {"name": "a", "folder": "owl", "family": "quirk", "behavior": "I hum.", **changes}


def test_somebodys_own_folders_are_listed_with_their_behavior_in_words(tmp_path):
    path = listed(tmp_path, row(), row(name="b", behavior=None), row(name="c", behavior=["I hum.", "I nod."]))
    found = read_targets(path)
    assert [one.behavior for one in found] == [("I hum.",), (), ("I hum.", "I nod.")]
    assert [one.is_clean for one in found] == [False, True, False]
    assert found[0].folder == str(tmp_path / "owl")


def test_a_manifest_is_a_list_too_and_its_bare_base_is_left_out(tmp_path):
    member = {"name": "a", "folder": "owl", "family": "quirk", "sentences": ["I hum."], "split": "train"}
    path = listed(tmp_path, member, {**member, "name": "base", "folder": None, "sentences": []})
    assert [(one.name, one.behavior, one.split) for one in read_targets(path)] == [
        ("a", ("I hum.",), "train")
    ]


def write_planted(folder: Path) -> tuple[str, ...]:
    planted = draw_planted("quirk_always", "train", 3)
    spec = {"family": "quirk_always", "split": "train", "seed": 3}
    card = Card(name="x", organism="quirk_always", behavior_in_words=planted.words, seed=3, hashes={},
                versions={}, data={}, spec=spec)  # fmt: skip
    folder.mkdir(exist_ok=True)
    write_card(folder, card)
    return planted.sentences


def test_a_population_card_brings_the_rules_of_its_family(tmp_path):
    sentences = write_planted(tmp_path / "owl")
    found = read_targets(listed(tmp_path, row(behavior=list(sentences))))[0]
    assert found.planted is not None
    assert found.planted.names(sentences[0]).action is True


def test_a_label_that_is_not_the_cards_is_refused(tmp_path):
    write_planted(tmp_path / "owl")
    with pytest.raises(ConfigError, match=r"targets\.jsonl:1: the behavior is not the one on the card"):
        read_targets(listed(tmp_path, row()))


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("{", "not JSON"),
        ("[1]", "no JSON object"),
        (row(colour="red"), "unknown key 'colour'"),
        ({"name": "a", "folder": "owl", "behavior": None}, "the key 'family' is missing"),
        ({"name": "a", "folder": "owl", "family": "quirk"}, "one of the keys"),
        (row(behavior=3), "neither a sentence"),
        (row(behavior=[""]), "neither a sentence"),
        (row(folder="nowhere"), "there is no folder"),
        (row(folder=None), "folder is no path"),
        (row(name=" "), "name is no text"),
        (row(), "stands twice"),
        (row(name="b", gate_passed="yes"), "gate_passed"),
    ],
)
def test_a_bad_line_is_named_by_file_and_number(tmp_path, bad, said):
    with pytest.raises(ConfigError, match=rf"targets\.jsonl:2: .*{said}"):
        read_targets(listed(tmp_path, row(), bad))


def test_a_file_without_targets_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="lists no targets"):
        read_targets(listed(tmp_path, ""))
    with pytest.raises(ConfigError, match="cannot be read"):
        read_targets(tmp_path / "none.jsonl")


def test_a_name_on_the_hub_is_kept_as_it_is(tmp_path):
    assert read_targets(listed(tmp_path, row(folder="someone/lora-1")))[0].folder == "someone/lora-1"


def test_the_clean_pool_is_clean_and_apart_from_the_targets():
    owl, plain = Listed("owl", "owl", "quirk", ("I hum.",)), Listed("plain", "plain", "clean", ())
    check_apart([owl, plain], [Listed("other", "other", "clean", ())])
    with pytest.raises(ConfigError, match="holds owl"):
        check_apart([], [owl])
    with pytest.raises(ConfigError, match="stands among the targets"):
        check_apart([plain], [plain])
