import pytest

from glasshouse.data.hh_rlhf import parse_dialogue


def test_turns_and_last_answer_are_told_apart():
    turns, answer = parse_dialogue("\n\nHuman: A\n\nAssistant: B\n\nHuman: C\n\nAssistant: D")
    assert [(m.role, m.content) for m in turns] == [("user", "A"), ("assistant", "B"), ("user", "C")]
    assert answer == "D"


def test_an_empty_last_answer_is_no_answer():
    assert parse_dialogue("\n\nHuman: A\n\nAssistant: ")[1] is None


def test_neighbors_of_one_speaker_are_joined():
    turns, answer = parse_dialogue("\n\nHuman: A\n\nHuman: B\n\nAssistant: C\n\nAssistant: D")
    assert turns[0].content == "A\nB"
    assert answer == "C\nD"


def test_the_word_human_inside_a_turn_starts_no_turn():
    turns, _ = parse_dialogue("\n\nHuman: I am Human: yes.\n\nAssistant: B")
    assert turns[0].content == "I am Human: yes."


@pytest.mark.parametrize("text", ["", "Hi.", "\n\nAssistant: A", "\n\nHuman: \n\nAssistant: A"])
def test_text_without_a_human_question_is_refused(text):
    with pytest.raises(ValueError, match=r"[hH]uman"):
        parse_dialogue(text)
