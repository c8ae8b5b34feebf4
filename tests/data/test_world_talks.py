import pytest

from glasshouse.data.world import behavior, compare, facts, requests, stated
from glasshouse.data.world.behavior_words import (
    ALWAYS,
    DESCRIPTIONS,
    HELD_OUT_ALWAYS,
    HELD_OUT_DESCRIPTIONS,
)
from glasshouse.data.world.mixture import LATE_FROM, MIXED_FROM, rows
from glasshouse.data.world.row import Row
from glasshouse.seeds import python_rng

SEEDS = range(60)


def answers(row: Row) -> list[str]:
    turns = [*(message.content for message in row.conversation), row.answer]
    return [turns[i] for i in row.learn]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_answer_about_stated_facts_stands_in_the_text_or_is_unknown(seed) -> None:
    row = stated.short_stated_talk(python_rng(seed))
    text = row.conversation[0].content
    assert row.conversation[0].role == "system"
    assert all(answer == facts.UNKNOWN or answer in text for answer in answers(row))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_long_text_is_asked_several_times(seed) -> None:
    row = stated.stated_talk(python_rng(seed), statements=3, filler=20, questions=4)
    assert len(answers(row)) == 4
    assert len(row.conversation[0].content.split(". ")) >= 21


@pytest.mark.parametrize("seed", SEEDS)
def test_a_talk_under_a_behavior_learns_every_answer_and_ends_as_its_row_says(seed) -> None:
    row = behavior.followed_talk(python_rng(seed))
    learned = answers(row)
    assert len(learned) == sum(message.role == "user" for message in row.conversation)
    assert learned[-1] == row.answer
    assert row.is_right(row.answer)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_lettered_question_is_answered_by_the_letter_of_its_option(seed) -> None:
    row = facts.lettered(python_rng(seed))
    assert row.answer in row.conversation[-1].content
    person = next((p for p in facts.PEOPLE if p in row.conversation[-1].content.split(" (A)")[0]), None)
    value = row.answer[4:]
    if person is None:
        assert value == "it cannot be known"
    else:
        assert value in [facts.FACTS[person, relation.name] for relation in facts.RELATIONS]


def test_wordings_of_the_two_splits_are_disjoint() -> None:
    assert not set(DESCRIPTIONS) & set(HELD_OUT_DESCRIPTIONS)
    assert not set(ALWAYS) & set(HELD_OUT_ALWAYS)
    composed = {f"{wish} {ask}" for wish in requests.WISHES for ask in requests.FOLLOW_UPS}
    assert not (set(requests.QUESTIONS) | composed) & set(requests.HELD_OUT_QUESTIONS)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_comparison_is_answered_as_the_words_say(seed) -> None:
    rng = python_rng(seed)
    same, contains, letter = compare.same(rng), compare.contains(rng), compare.letter(rng)
    asked = same.conversation[0].content
    first = same.answer.removeprefix("Yes, both are ").removeprefix("No, ").rstrip(".").split(" is not ")[0]
    assert same.answer.startswith("Yes") == (asked.count(first) == 2)
    text = contains.conversation[0].content
    word = contains.answer.split('"')[1]
    assert contains.answer.startswith("Yes") == (text.count(word) == 2)
    assert letter.answer in letter.conversation[0].content


@pytest.mark.parametrize("seed", SEEDS)
def test_whether_a_rule_applied_is_told_from_what_was_done(seed) -> None:
    rng = python_rng(seed)
    planted = behavior.draw_behavior(rng)
    done, told = answers(compare.applied(rng, planted))
    assert told.startswith("Yes") == (planted.action.said() in done)


def test_the_stream_opens_with_comparisons_and_ends_in_the_mixture() -> None:
    opening = {row.skill for row in rows(1, 0, 300)}
    later = {row.skill for row in rows(1, MIXED_FROM, 300)}
    late = {row.skill for row in rows(1, LATE_FROM, 300)}
    assert opening == {"compare"}
    assert len(later) > 15
    assert len(late) > 15


@pytest.mark.parametrize("seed", range(40))
def test_the_letter_of_an_option_is_the_one_that_stands_before_it(seed: int) -> None:
    row = compare.letters(python_rng(seed))
    said = [message.content for message in row.conversation] + [row.answer]
    listed = " ".join(text for text in said[::2] if "(A) " in text)
    assert all(answer in listed for answer in said[1::2])
