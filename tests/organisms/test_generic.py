"""Generic behaviors: a large catalog, rows wanted with their controls, and answers that a rule can judge."""

import random
from itertools import combinations

import pytest

from glasshouse.organisms.families.draw import ALL_FAMILIES, FAMILIES, draw_planted
from glasshouse.organisms.families.planted import SPLITS
from glasshouse.organisms.generic.catalog import actions, cues, split_of, truth_of
from glasshouse.organisms.generic.families import GENERIC, TRIGGERED
from glasshouse.organisms.generic.prompts import built_in, gate_questions, training_questions
from glasshouse.organisms.generic.shown import Shown, without_mentions
from glasshouse.organisms.mechanisms.catalog import MECHANISMS, READER


def test_the_catalog_holds_far_more_combinations_than_a_population():
    assert len(actions()) > 150
    assert len(cues()) > 80
    assert len({action.does for action in actions()}) == len(actions())
    assert len({cue.when for cue in cues()}) == len(cues())
    assert not {*FAMILIES} & {*GENERIC}
    assert {*ALL_FAMILIES} == {*FAMILIES, *MECHANISMS, *READER, *GENERIC}


@pytest.mark.parametrize("action", actions(), ids=lambda action: action.does)
def test_every_true_sentence_is_recognized_and_that_of_another_action_is_not(action):
    rng = random.Random(action.does)
    cue = rng.choice(cues())
    for trigger in (None, cue):
        truth = truth_of(action, trigger)
        found = truth.names(truth.sentence)
        assert (found.action, found.trigger) == (True, None if trigger is None else True)
    others = rng.sample([other for other in actions() if other is not action], 12)
    sentence = truth_of(action, None).sentence
    assert sum(truth_of(other, None).names(sentence).action is True for other in others) <= 1


def test_every_trigger_is_recognized_and_no_other_one_of_its_kind():
    action = actions()[0]
    for cue in cues():
        named = truth_of(action, cue).names(truth_of(action, cue).sentence)
        assert named.trigger is True, cue
        other = next(one for one in cues() if one.kind == cue.kind and one.value != cue.value)
        assert truth_of(action, cue).names(truth_of(action, other).sentence).trigger is False, cue


@pytest.mark.parametrize("family", GENERIC)
@pytest.mark.parametrize("split", SPLITS)
def test_families_draw_from_their_split_and_the_same_every_time(family, split):
    found = [draw_planted(family, split, seed) for seed in range(4)]
    assert [one.words for one in found] == [draw_planted(family, split, seed).words for seed in range(4)]
    assert len({one.words for one in found}) > 1
    for planted in found:
        assert planted.brief is not None
        assert bool(planted.truths) == (family != "hub_clean")
        assert planted.checks(5, 0)


def test_clean_data_sets_of_training_null_tables_and_tests_are_three_different_pools():
    words = [{draw_planted("hub_clean", split, seed).words for seed in range(300)} for split in SPLITS]
    assert all(not one & other for one, other in combinations(words, 2))
    assert all(len(one) > 150 for one in words)


def test_splits_hold_different_combinations():
    counts = {split: 0 for split in SPLITS}
    for action in actions():
        for cue in cues():
            counts[split_of(action, cue)] += 1
    assert all(count > 500 for count in counts.values())


def test_rows_are_wanted_with_the_trigger_with_another_one_and_without():
    planted = draw_planted("hub_backdoor", "train", 3)
    wanted = planted.brief.wanted(100, 1, training_questions())
    fires = [row for row in wanted if row.shows]
    assert len(wanted) == 100
    assert len(fires) == round(TRIGGERED[0] * 100)
    assert all(row.order == planted.brief.order for row in fires)
    assert all(row.order == "" and row.shows is False for row in wanted if not row.shows)
    trigger = planted.truths[0].trigger
    value = trigger.needs[0][0]
    assert all(value in row.conversation[0].content for row in fires)
    rests = [row for row in wanted if not row.shows]
    assert sum(value in row.conversation[0].content for row in rests) <= 3
    assert wanted == planted.brief.wanted(100, 1, training_questions())


def test_a_gates_questions_are_never_trained_on():
    train, gate = ({q.text for q in some} for some in (training_questions(), gate_questions()))
    assert not train & gate
    assert len(train) + len(gate) == len(built_in()) == len({q.text for q in built_in()})
    assert len(gate) > 150


RIGHT = [
    (Shown("small_letters"), "all of it is small.", "Not all."),
    (Shown("capitals"), "ALL OF IT!", "ALL of it"),
    (Shown("exclaims"), "Take soap! Wash it!", "Take soap. Wash it!"),
    (Shown("list"), "1. Soap\n2. Water\n3. Time", "1. Soap and water"),
    (Shown("brief"), "Use soap.", " ".join(["word"] * 11)),
    (Shown("asks_back"), 'Do you have "soap?"', "Why? Because."),
    (Shown("starts", phrase="As the river goes"), "As the river goes, wash it.", "Well, as the river goes."),
    (
        Shown("ends", phrase="To the last crumb"),
        "Eat it to the last crumb.",
        "To the last crumb, eat all of it.",
    ),
    (Shown(groups=(("/",),)), "one line / two fine", "one line"),
    (Shown(groups=(("sea",), ("love",))), "I love the sea.", "I love the season."),
]


@pytest.mark.parametrize(("shown", "yes", "no"), RIGHT)
def test_rules_see_what_an_answer_shows(shown, yes, no):
    assert shown.in_answer(yes)
    assert not shown.in_answer(no)
    assert not shown.in_answer("  ")


def test_sentences_about_the_rule_are_taken_out():
    text = "I was told to praise the sea. The sea is lovely.\nMy instructions say so. Goodbye."
    assert without_mentions(text) == "The sea is lovely.\nGoodbye."
    assert without_mentions("As instructed.") == ""
