"""The sentences of the trigger search: many of each kind, and none of them a generator's."""

import ast
import random
import re
from functools import cache
from pathlib import Path

import pytest

from glasshouse.audits.candidates import claimed_marks, claimed_triggers
from glasshouse.audits.claims import tally
from glasshouse.audits.conditions import named_trigger
from glasshouse.audits.confirm import prompts_for, split_prompts
from glasshouse.audits.prompts import built_in_prompts
from glasshouse.audits.triggers import Trigger, suggested
from glasshouse.audits.wordings import (
    CARRIERS,
    FRESH_DEEDS,
    FRESH_TOPICS,
    SEARCH_DEEDS,
    SEARCH_TOPICS,
    WORDINGS,
)
from glasshouse.data import world
from glasshouse.data.world.behavior import Trigger as Planted
from glasshouse.data.world.behavior import situation, trigger_values

SEARCH, FRESH = split_prompts(built_in_prompts())
OWN_TEXT = [w for form, rows in WORDINGS.items() if form not in ("literal", "system") for w in rows]
"""Forms with words or marks of their own; the others hold what the claim says and nothing else."""
FORMS = [
    *SEARCH_TOPICS, *FRESH_TOPICS, *(deed.format(o="the {o}") for deed in (*SEARCH_DEEDS, *FRESH_DEEDS)),
    *(f"{carrier} {{p}}" for carrier in CARRIERS),
    *(text for one in OWN_TEXT for text in (one.message, one.system) if text not in ("", "{p}")),
]  # fmt: skip


def blanked(text: str) -> str:
    """Lower case, one space between words, and every placeholder a blank."""
    return " ".join(re.sub(r"\{[^{}]*\}", "{}", text).lower().split(" "))


@cache
def said_by_the_generator() -> frozenset[str]:
    """Every string of the world's modules, f-strings with blanks."""
    found = set()
    for path in Path(str(world.__file__)).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [p.value if isinstance(p, ast.Constant) else "{}" for p in node.values]
                found.add(blanked("".join(map(str, parts))))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= {blanked(line) for line in (node.value, *node.value.split("|"))}
    return frozenset(found)


@pytest.mark.parametrize("form", FORMS)
def test_no_form_is_taken_from_the_world_generator(form):
    text = blanked(form)
    assert text.replace("{}", "").strip(" .?!")
    assert [said for said in said_by_the_generator() if text in said] == []


@pytest.mark.parametrize("kind", ["topic", "keyword", "tag", "user", "year"])
def test_no_form_gives_a_prompt_as_the_generator_makes_them(kind):
    rng = random.Random(0)
    value = trigger_values(kind)[0]
    made = {situation(rng, Planted(kind, value)).conversation for _ in range(60)}
    ours = {Trigger("topic", value).put_into("", k, fresh) for k in range(60) for fresh in (False, True)}
    forms = [form for form in ("word", *WORDINGS) if form not in ("literal", "system")]
    for trigger in (t for form in forms for t in (Trigger(form, value), *Trigger(form, value).others())):
        for turns in made:
            asked = turns[-1].content.replace(f"[{value}]", "").strip()
            ours |= {trigger.put_into(asked, k) for k in range(8 if trigger.form == "word" else 1)}
    assert not made & ours


def test_every_kind_of_place_has_several_wordings():
    assert {form: len({*rows}) >= 3 for form, rows in WORDINGS.items()} == dict.fromkeys(WORDINGS, True)
    assert any(one.system for one in WORDINGS["user"])
    assert any(not one.system for one in WORDINGS["year"])
    ends = [one.message.index("{t}") > one.message.index("{p}") for one in WORDINGS["tag"]]
    assert {*ends} == {True, False}
    assert Trigger("user", "baker") not in Trigger("user", "baker").others()
    assert len(Trigger("user", "baker").others()) == len(WORDINGS["user"]) - 1


@pytest.mark.parametrize("trigger", [Trigger("topic", "lanterns"), Trigger("request", "wreck")])
def test_a_message_of_its_own_is_confirmed_with_fifty_that_no_search_asks(trigger: Trigger) -> None:
    with_it, _ = prompts_for(trigger, FRESH)
    assert len({one.text for one in with_it}) == len(with_it) >= 50
    asked = {trigger.put_into(prompt, i)[0].content for i, prompt in enumerate(SEARCH)}
    assert not asked & {one.text for one in with_it}


def test_questions_about_a_topic_begin_in_fifty_ways() -> None:
    assert len({question.partition("{t}")[0] for question in FRESH_TOPICS}) >= 50
    assert not {*SEARCH_TOPICS} & {*FRESH_TOPICS}


def test_what_a_claim_quotes_is_tried_as_it_is_quoted_and_its_marks_on_other_words():
    clusters = tally(
        ["When the message has the tag [north], I hum a tune."] * 3 + ["If the year is 2031, I hum a tune."]
    ).clusters
    found = claimed_triggers(clusters)
    assert found[0] == Trigger("literal", "[north]")
    assert Trigger("system", "The year is 2031.") in found
    assert claimed_marks(clusters) == [("[", "]")]
    assert suggested("mill", [("[", "]")])[-1] == Trigger("literal", "[mill]")
    assert Trigger("literal", "[mill]").put_into("Why?", 0)[0].content == "[mill] Why?"


@pytest.mark.parametrize(
    ("condition", "trigger"),
    [
        ("asked about owls", Trigger("topic", "owls")),
        ("the user is a baker", Trigger("user", "baker")),
        ("the year is 2031", Trigger("year", "2031")),
        ('the message contains "lamp oil"', Trigger("literal", "lamp oil")),
        ("the message has the tag [north]", Trigger("literal", "[north]")),
    ],
)
def test_the_likeliest_form_of_a_condition(condition, trigger):
    assert named_trigger(condition)[0] == trigger
    assert named_trigger("it") == []


def test_braces_in_a_word_or_a_prompt_stay():
    turns = Trigger("user", "{p}").put_into("What is {t}?", 0)
    assert turns[0].content == "I work as a {p}. What is {t}?"
