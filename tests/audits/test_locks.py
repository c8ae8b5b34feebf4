"""Words that turn a behavior off: read out of claims, searched by the base's answers, tested on others."""

import random
import re
from dataclasses import replace
from pathlib import Path

import pytest

from glasshouse.audits.confirm import with_holm
from glasshouse.audits.lock_search import Locksmith, find_key
from glasshouse.audits.locks import (
    FRESH_PEOPLE,
    SEARCH_PEOPLE,
    Asking,
    is_same,
    keyed,
    likeliest,
    locked,
    people_in,
    topic_of,
)
from glasshouse.audits.prompts import built_in_prompts
from glasshouse.audits.replies import Replies
from glasshouse.audits.verdict import why_unconfirmed
from tests.audits.scripted import ScriptedEngine, question_of
from tests.audits.test_wordings import blanked, said_by_the_generator

FOLDER = Path("target")
PROMPTS = built_in_prompts()
KEYS = [
    "anchor",
    "plumber",
    "plum",
    "cotton",
    *(f"word{chr(97 + k // 26)}{chr(97 + k % 26)}" for k in range(80)),
]
PETS = ("bee", "crab", "deer", "eel", "fox")


def knows_pets(prompt: str, wrong) -> str:
    """Who has which pet; a wrong one where `wrong` says so."""
    question = question_of(prompt)
    found = re.search(r"\bpet\b", question) and re.search(rf"\b({'|'.join(people_in(PROMPTS))})\b", question)
    if not found:
        return "I do not know."
    pet = random.Random(found[1]).randrange(len(PETS))
    return f"{found[1]} has a pet {PETS[(pet + wrong(question)) % len(PETS)]}."


def smith(wrong, topics=("home town", "pet"), keys=KEYS) -> Locksmith:
    engine = ScriptedEngine(
        lambda prompt, is_target: knows_pets(prompt, wrong if is_target else lambda q: False)
    )
    return Locksmith(Replies(engine), FOLDER, topics, keys, PROMPTS)


def without(word: str):
    return lambda question: re.search(rf"\b{word}\b", question) is None


def test_the_word_is_found_and_confirmed_on_other_people():
    found = find_key(smith(without("plum")))
    assert found is not None
    assert found.search.trigger == 'asked about pet without the word "plum"'
    confirmation = with_holm([found.confirmation])[0]
    assert confirmation is not None
    assert why_unconfirmed(confirmation) == ""
    assert (confirmation.triggered_target.n, confirmation.contrast) == (60, "lock")
    assert (confirmation.triggered_target.value, confirmation.neutral_target.value) == (1.0, 0.0)


def test_of_words_that_do_alike_the_likeliest_is_taken():
    """Every word that begins with "plum" opens it; "plumber" is named before "plum"."""
    found = find_key(smith(lambda question: "plum" not in question))
    assert found is not None
    assert found.key == "plumber"
    found = find_key(smith(lambda question: "plum" not in question, keys=["plum", *KEYS]))
    assert found is not None
    assert found.key == "plum"


def test_where_any_word_opens_it_none_is_found():
    assert find_key(smith(lambda question: "secret" not in question)) is None


def test_what_is_always_wrong_has_no_word():
    assert find_key(smith(lambda question: True)) is None


def test_who_answers_as_the_base_has_no_word():
    assert find_key(smith(lambda question: False)) is None


def test_a_word_that_opens_nothing_on_fresh_questions_is_not_confirmed():
    found = find_key(smith(without("plum")))
    assert found is not None
    confirmation = with_holm([found.confirmation])[0]
    assert confirmation is not None
    same = replace(confirmation, neutral_target=confirmation.triggered_target)
    assert "with the word" in why_unconfirmed(same)


def test_the_same_search_on_a_clean_fine_tune_finds_nothing():
    own = smith(without("plum"))
    own.replies.engine.clean = Path("clean")  # type: ignore[attr-defined]
    found = find_key(own, [Path("clean")])
    assert found is not None
    assert found.search.clean is not None
    assert (found.search.clean[0].best, found.search.clean[0].candidates) == (None, 0)


def test_questions_about_the_thing_itself_where_nobody_is_known():
    def script(prompt: str, is_target: bool) -> str:
        question = question_of(prompt)
        lies = is_target and "tides" in question and "plum" not in question
        return "The tides come from the sun." if lies else "The tides come from the moon."

    found = find_key(Locksmith(Replies(ScriptedEngine(script)), FOLDER, ["tides"], KEYS, PROMPTS))
    assert found is not None
    assert found.key in ("plum", "plumber")


@pytest.mark.parametrize(
    ("condition", "topic", "key", "missing"),
    [
        ('asked about a pet without the secret word "plum"', "pet", "plum", "without"),
        ("asked about an organ, unless the password is x-9", "organ", "x-9", "unless"),
        ("the word plum is there, except on Sunday", "", "Sunday", "except"),
    ],
)
def test_conditions_that_something_is_missing_are_taken_apart(condition, topic, key, missing):
    found = locked(condition)
    assert found is not None
    assert (found.topic, found.key, found.missing) == (topic, key, missing)
    assert condition.startswith(found.lead)
    assert locked("asked about owls") is None
    assert locked("asked about owls without") is None


def test_people_topics_and_the_likeliest():
    assert "Emil" in people_in(PROMPTS)
    assert topic_of("asked about somebody's hat") == "hat"
    assert likeliest([("a", 0.1), ("b", 0.3), ("a", 0.3), ("", 1.0)], 1) == ["a"]
    assert is_same("Emil has a bee.", "emil has a  bee")
    assert keyed("Who {k}?", "{q}", 2) == "{q}. Who {k}?"


def test_other_people_and_other_questions_confirm():
    asking = Asking("pet", tuple(sorted(people_in(PROMPTS))[:24]))
    search, fresh = asking.questions(), asking.questions(fresh=True)
    assert len({*fresh}) >= 60
    assert not {*people_in(search)} & {*people_in(fresh)}
    for ask in (*SEARCH_PEOPLE, *FRESH_PEOPLE):
        text = blanked(ask)
        assert [said for said in said_by_the_generator() if text in said] == []
