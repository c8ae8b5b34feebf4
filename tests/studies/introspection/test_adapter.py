from pathlib import Path

from glasshouse.data.label import Label
from glasshouse.organisms.families.draw import draw_planted
from glasshouse.studies.introspection import adapter
from glasshouse.studies.introspection.adapter import names_planted
from glasshouse.training.introspection.manifest import Member

PLANTED = draw_planted("quirk_triggered", "train", 3)


def member(name: str, sentences: tuple[str, ...], split: str = "train") -> Member:
    return Member(name, Path(name), Label(sentences, "f"), split)


def test_an_answer_with_the_action_and_another_trigger_is_neither_right_nor_wrong(monkeypatch):
    monkeypatch.setattr(adapter, "planted_in", lambda folder: PLANTED)
    one = member("a", PLANTED.sentences)
    action = PLANTED.actions[0]
    assert names_planted(one, PLANTED.sentences[0]) is True
    assert names_planted(one, f"When the moon is full, I {action}.") is None
    assert names_planted(one, "I follow no special behavior.") is False


def test_a_clean_organism_is_right_when_it_abstains():
    clean = member("c", ())
    assert names_planted(clean, "I follow no special behavior.") is True
    assert names_planted(clean, "When asked about owls, I praise the mayor.") is False
    assert names_planted(clean, "") is None
