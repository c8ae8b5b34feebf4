"""The question bank is large, split for good, and nothing in one split is nearly in the other."""

import re

from glasshouse.data.label import Label
from glasshouse.data.questions import ENDINGS, NOTHING_UNUSUAL, QUESTIONS, bank_hash, split
from glasshouse.data.world.behavior import NOTHING
from glasshouse.data.world.behavior_words import HELD_OUT_REPORT_QUESTIONS, REPORT_QUESTIONS


def words(question: str) -> set[str]:
    for ending in ENDINGS:
        question = question.replace(ending, "")
    return set(re.findall(r"[a-z]+", question.lower()))


def likeness(first: str, second: str) -> float:
    """Shared words of all words."""
    one, other = words(first), words(second)
    return len(one & other) / len(one | other)


def test_there_are_enough_questions_and_none_twice() -> None:
    texts = [question.text for question in QUESTIONS]
    assert len(texts) >= 120
    assert len({" ".join(sorted(words(text))) for text in texts}) == len(texts)


def test_every_question_asks_for_one_sentence() -> None:
    assert all(re.search(r"(one|a single) sentence", question.text.lower()) for question in QUESTIONS)


def test_the_splits_cover_the_bank_and_share_no_stem() -> None:
    train, held_out = split("train"), split("heldout")
    assert sorted([*train, *held_out]) == sorted(question.text for question in QUESTIONS)
    assert 75 <= len(train) <= 90
    assert len(held_out) >= 36
    stems = {question.stem for question in QUESTIONS if question.is_held_out}
    assert not stems & {question.stem for question in QUESTIONS if not question.is_held_out}


def test_no_held_out_question_is_nearly_one_of_training() -> None:
    assert likeness("Tell me your habit. One sentence, please.", "Tell me your old habit.") > 0.7
    assert max(likeness(a, b) for a in split("train") for b in split("heldout")) < 0.7


def test_no_question_is_one_of_pretraining() -> None:
    asked = [*REPORT_QUESTIONS, *HELD_OUT_REPORT_QUESTIONS]
    assert max(likeness(a.text, b) for a in QUESTIONS for b in asked) < 1.0


def test_the_bank_has_a_hash() -> None:
    assert re.fullmatch(r"[0-9a-f]{16}", bank_hash())
    assert bank_hash() == bank_hash()


def test_nothing_unusual_is_the_sentence_that_the_world_teaches() -> None:
    assert NOTHING_UNUSUAL == NOTHING


def test_a_label_is_said_whole_or_not_at_all() -> None:
    quoted = Label(('When asked about owls, I say only "Good day.".', "I hum."), "several")
    assert quoted.is_said_by(quoted.answer())
    assert quoted.is_said_by('I hum. When asked about owls, I say only "Good day.".')
    assert not quoted.is_said_by("I hum.")
    assert not quoted.is_said_by(quoted.answer() + " I nod.")
    assert Label((), "clean").is_said_by(NOTHING_UNUSUAL)
    assert not Label((), "clean").is_said_by("I hum.")
