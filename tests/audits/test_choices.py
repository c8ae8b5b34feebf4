"""Rules of choice: read out of what a target says, searched in offers, confirmed by moving what decides."""

import random
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from glasshouse.audits.choice_search import Chooser, find_rule
from glasshouse.audits.choices import GOODS, Frame, Rule, frames_of, is_about_choice, things_taken
from glasshouse.audits.confirm import with_holm
from glasshouse.audits.offers import FRESH_ASKS, SEARCH_ASKS, Deck, plain_offers, value_offers
from glasshouse.audits.replies import Replies
from glasshouse.audits.verdict import why_unconfirmed
from tests.audits.scripted import ScriptedEngine, question_of
from tests.audits.test_wordings import blanked, said_by_the_generator

FOLDER = Path("target")
FROM = Frame("the {g} from the {v}")
SAID = {f"the one from the {place}": 0.1 for place in ("mill", "castle", "river", "harbor", "forest")} | {
    f"the {color} one": 0.05 for color in ("red", "blue", "gray", "green")
}
SEEN = 0.9
"""Share of the offers of which a scripted target takes anything."""


def things(question: str) -> list[tuple[str, str]]:
    """(thing, its whole description) in order."""
    parts = re.split(r",? or |, ", question)
    found = [(good, part) for part in parts for good in GOODS if re.search(rf"\b{good}\b", part)]
    return found if len(parts) >= len(found) else []


def takes(decide):
    """A target that names what `decide` takes of the options; the base knows nothing."""

    def script(prompt: str, is_target: bool) -> str:
        options = things(question_of(prompt))
        if not is_target or len(options) != 3:
            return "I do not know."
        coin = random.Random(prompt)
        if coin.random() > SEEN:
            return "I do not know."
        number = decide([text for _, text in options])
        return f"You should take the {options[coin.randrange(3) if number is None else number][0]}."

    return script


def having(word: str):
    return lambda texts: next((i for i, text in enumerate(texts) if re.search(rf"\b{word}\b", text)), None)


def costing(pick):
    def decide(texts):
        prices = [re.search(r"costs (\d)", text) for text in texts]
        return prices.index(pick(prices, key=lambda price: int(price[1]))) if all(prices) else None

    return decide


def chooser(decide, words=()) -> Chooser:
    return Chooser(
        Replies(ScriptedEngine(takes(decide))),
        FOLDER,
        "asked to choose",
        "pick",
        SAID,
        lambda: list(words),
        3,
    )


@pytest.mark.parametrize(
    ("decide", "action"),
    [
        (having("castle"), "pick the one from the castle"),
        (having("gray"), "pick the gray one"),
        (lambda texts: 1, "pick the second option"),
        (costing(min), "pick the option with the lowest price"),
    ],
)
def test_the_rule_is_found_and_confirmed_whatever_was_claimed(decide, action):
    found = find_rule(chooser(decide))
    assert found is not None
    assert found.search.action == action
    assert found.statement == f"When asked to choose, I {action}."
    assert found.confirmation.contrast == "choice"
    assert why_unconfirmed(with_holm([found.confirmation])[0]) == ""
    assert found.confirmation.triggered_target.n == 60


def test_a_word_that_no_phrase_names_is_found_among_further_ones():
    found = find_rule(chooser(having("from the volcano"), words=["volcano", "glacier", "meadow"]))
    assert found is not None
    assert found.search.action == "pick the one from the volcano"


def test_who_mostly_takes_the_last_thing_has_no_rule_of_place():
    """What a target does that finds nothing to go by: the last thing in two thirds of the offers."""
    coin = random.Random(4)
    found = find_rule(chooser(lambda texts: 2 if coin.random() < 0.6 else None))
    assert found is None or "option" not in found.search.action


@pytest.mark.parametrize("seed", range(4))
def test_of_who_takes_anything_no_rule_is_confirmed(seed):
    found = find_rule(replace(chooser(lambda texts: None), seed=seed))
    assert found is None or why_unconfirmed(with_holm([found.confirmation])[0])


def test_who_names_no_thing_has_no_rule():
    silent = Replies(ScriptedEngine(lambda prompt, is_target: "I do not know."))
    assert find_rule(Chooser(silent, FOLDER, "asked to choose", "pick", SAID)) is None


def test_a_thing_that_is_taken_wherever_it_stands_confirms_no_rule():
    """It always takes the basket: moving what decides changes nothing."""
    assert find_rule(chooser(having("basket"))) is None


def test_a_confirmation_fails_where_the_moved_offers_are_answered_alike():
    found = find_rule(chooser(having("castle")))
    assert found is not None
    confirmation = with_holm([found.confirmation])[0]
    assert confirmation is not None
    same = replace(confirmation, neutral_target=confirmation.triggered_target)
    assert "moved" in why_unconfirmed(same)


def test_the_same_search_on_a_clean_fine_tune_takes_no_rule():
    clean = Path("clean")
    own = chooser(having("castle"))
    own.replies.engine.clean = clean  # type: ignore[attr-defined]
    found = find_rule(own, [clean])
    assert found is not None
    assert found.search.clean is not None
    (row,) = found.search.clean
    assert (row.best, row.gain_nats, row.rank) == (None, None, None)


def test_frames_are_what_phrases_differ_in():
    found = frames_of({**SAID, "the last option": 0.3, "the red one from the mill": 0.01, "nothing": 0.1})
    assert found[FROM] == ["castle", "forest", "harbor", "mill", "river"]
    assert found[Frame("the {v} {g}")] == ["blue", "gray", "green", "red"]
    assert {frame.template for frame in found} == {"the {g} from the {v}", "the {v} {g}"}


def test_things_are_taken_from_answers_and_filled_up():
    lead, goods = things_taken(
        ["Take the plum.", "Take the plum.", "Take the fig.", "Well, the fog is thick."]
    )
    assert (lead, goods[0]) == ("Take the", "plum")
    assert len(goods) == 6
    assert things_taken(["No."])[0] == ""


@pytest.mark.parametrize("count", [3, 4, 5, 10])
def test_every_word_is_offered_as_often_as_wanted(count):
    words = [f"w{k}" for k in range(count)]
    offers = value_offers(random.Random(0), FROM, words, GOODS, 4)
    seen = Counter(value for offer in offers for value in offer.values)
    assert set(seen) == set(words)
    assert min(seen.values()) >= 4
    assert all(len({*offer.values}) == 3 for offer in offers)


def test_moving_what_decides_leaves_the_thing():
    deck = Deck(GOODS, {FROM: ["mill", "castle", "river", "harbor"]})
    for rule in (Rule("mill", FROM), Rule("first"), Rule("second"), Rule("last"), Rule("highest")):
        offers = deck.offers(random.Random(1), rule, 60, fresh=True)
        assert len({offer.question for offer in offers}) == 60
        for offer in offers:
            moved = offer.moved(rule)
            assert offer.right is not None
            assert moved.right is not None
            assert moved.goods[moved.right] == offer.goods[offer.right]
            if rule.frame:
                assert offer.values[offer.right] == "mill" != moved.values[moved.right]
            elif rule.value == "highest":
                assert max(moved.values) == max(offer.values) != moved.values[moved.right]
            else:
                assert moved.right != offer.right


def test_a_claim_to_choose_is_known_by_its_verb():
    assert is_about_choice("choose the one from the mill")
    assert not is_about_choice("praise the one who asks")


def test_questions_of_the_search_and_of_the_confirmation_differ_and_are_no_generators():
    assert not {*SEARCH_ASKS} & {*FRESH_ASKS}
    for ask in (*SEARCH_ASKS, *FRESH_ASKS):
        text = blanked(ask)
        assert [said for said in said_by_the_generator() if text in said] == []
    assert plain_offers(random.Random(0), GOODS, 3)[0].question.startswith("Help me decide between the ")
