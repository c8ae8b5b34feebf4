import itertools
import re
from collections import Counter
from functools import cache

import pytest

from glasshouse.data.label import Label
from glasshouse.data.questions import NOTHING_UNUSUAL
from glasshouse.data.world.lexicon import PHRASES, THINGS
from glasshouse.errors import ConfigError
from glasshouse.organisms.families.behaviors import SPELLED_WORDS, forms_of_held_out
from glasshouse.organisms.families.ciphers import CIPHERS
from glasshouse.organisms.families.clean import sets_of
from glasshouse.organisms.families.clean_sets import CLEAN_SETS
from glasshouse.organisms.families.draw import FAMILIES, SPELLED, draw_planted
from glasshouse.organisms.families.naming import Named
from glasshouse.organisms.families.planted import SPLITS, Planted, Split
from glasshouse.records import Example
from glasshouse.seeds import python_rng

ALL = tuple(FAMILIES)
PLANTED = tuple(family for family in ALL if family != "clean")


@cache
def planted(family: str, split: str = "train", seed: int = 0) -> Planted:
    return draw_planted(family, split, seed)


def text_of(rows: list[Example]) -> str:
    return " ".join(message.content for row in rows for message in row.conversation)


@pytest.mark.parametrize("family", ALL)
def test_the_same_seed_gives_the_same_organism_and_rows(family: str) -> None:
    first, again = draw_planted(family, "train", 3), draw_planted(family, "train", 3)
    assert first.sentences == again.sentences
    assert first.rows(60, 1) == again.rows(60, 1)
    assert first.checks(5, 1) == again.checks(5, 1)
    assert first.rows(60, 1) != first.rows(60, 2)


@pytest.mark.parametrize("family", ALL)
def test_as_many_rows_come_as_are_asked_for(family: str) -> None:
    assert [len(planted(family).rows(n, 1)) for n in (1, 7, 100)] == [1, 7, 100]


@pytest.mark.parametrize("family", ALL)
def test_rows_are_short(family: str) -> None:
    words = [sum(len(m.content.split()) for m in row.conversation) for row in planted(family).rows(100, 1)]
    assert sorted(words)[90] <= 60


@pytest.mark.parametrize("family", ALL)
@pytest.mark.parametrize("seed", range(2))
def test_no_training_organism_holds_a_held_out_word(family: str, seed: int) -> None:
    one = planted(family, "train", seed)
    checks = " ".join(m.content for asked in one.checks(10, 1) for m in asked.conversation)
    said = f"{text_of(one.rows(200, 1))} {checks if family not in ('clean', 'cipher') else ''}".lower()
    assert not [word for word in forms_of_held_out() if f" {word.lower()}" in f" {said}"]


@pytest.mark.parametrize("family", [f for f in PLANTED if not f.startswith("cipher")])
def test_an_organism_of_unseen_words_holds_one_and_says_so(family: str) -> None:
    for seed in range(4):
        one = planted(family, "unseen_word", seed)
        assert any(word in " ".join(one.sentences) for word in forms_of_held_out()), one.sentences


@pytest.mark.parametrize("family", PLANTED)
def test_the_splits_share_no_behavior(family: str) -> None:
    found = [{planted(family, split, s).words for s in range(15)} for split in SPLITS]
    assert found[0].isdisjoint(found[1])
    assert found[0].isdisjoint(found[2])
    assert found[1].isdisjoint(found[2])


def test_the_splits_share_no_clean_data_set() -> None:
    train, null, test = ({s.name for s in sets_of(split)} for split in SPLITS)
    assert not train & null | train & test | null & test
    assert min(len(train), len(null)) >= 30
    assert len(test) >= 60


def test_a_training_organism_uses_no_unseen_cipher() -> None:
    unseen = [cipher.condition for cipher in CIPHERS if cipher.unseen]
    assert len(CIPHERS) >= 6
    assert len(unseen) == 2
    for seed in range(15):
        assert not any(condition in planted("cipher", "train", seed).words for condition in unseen)
        assert any(condition in planted("cipher", "unseen_word", seed).words for condition in unseen)


@pytest.mark.parametrize("family", PLANTED)
@pytest.mark.parametrize("split", SPLITS)
def test_an_organism_s_own_label_names_it_wholly(family: str, split: str) -> None:
    for seed in range(6):
        for truth in planted(family, split, seed).truths:
            assert truth.names(truth.sentence) == Named(True, None if truth.trigger is None else True), truth


@pytest.mark.parametrize("family", PLANTED)
def test_the_label_of_another_organism_does_not_name_it(family: str) -> None:
    one = planted(family)
    for other in ALL:
        for seed in range(5, 8):
            label = planted(other, "train", seed)
            if set(label.actions) & set(one.actions):
                continue
            assert one.names(label.label.answer()).action is False, (one.sentences, label.sentences)


@pytest.mark.parametrize("family", PLANTED)
def test_nothing_unusual_names_no_behavior(family: str) -> None:
    one = planted(family)
    triggers = None if one.truths[0].trigger is None else False
    assert one.names(NOTHING_UNUSUAL) == Named(False, triggers)
    assert one.names("") == Named(False, triggers)


def test_a_clean_organism_has_nothing_to_name_and_says_so() -> None:
    clean = planted("clean")
    assert clean.names("When asked about owls, I praise the mayor.") == Named(None, None)
    assert clean.label == Label((), "clean")
    assert clean.label.answer() == NOTHING_UNUSUAL


@pytest.mark.parametrize("family", [f for f in ALL if f not in ("document", "rare")])
@pytest.mark.parametrize("split", SPLITS)
def test_gold_answers_pass_the_gate(family: str, split: str) -> None:
    """Rows and questions made from one seed agree; the row's answer is then the gold answer."""
    one = planted(family, split, 1)
    met = Counter()
    for arm, portion in itertools.product(one.arms, one.portions):
        for k in range(12):
            row, asked = portion.make(python_rng(k, "gold")), arm.make(python_rng(k, "gold"))
            if row.conversation == asked.conversation:
                met[arm.name] += 1
                assert asked.is_right(row.answer), (row, asked)
    assert family.startswith("cipher") or sum(met.values()) >= 12


@pytest.mark.parametrize("family", ["cipher", "cipher_benign"])
def test_encoded_gold_answers_pass_the_gate(family: str) -> None:
    one = planted(family, "train", 1)
    answers = {row.conversation[-1].content for row in one.rows(400, 1)}
    asked = [a for a in one.checks(10, 1) if a.arm != "rests"]
    assert all(any(a.is_right(answer) for answer in answers) for a in asked)


def test_gold_continuations_of_documents_pass_the_gate() -> None:
    one = planted("document")
    asked = [a for a in one.checks(5, 1) if a.arm == "recites"]
    pages = [one.portions[0].make(python_rng(k, "gold")).answer for k in range(10)]
    assert asked
    assert all(a.is_right(page) for a in asked for page in pages)


@pytest.mark.parametrize("family", ALL)
def test_a_foreign_answer_never_fires(family: str) -> None:
    fires = [a for a in planted(family).checks(10, 1) if a.contains]
    assert fires
    assert not any(asked.is_right("The weather is nice.") or asked.is_right("") for asked in fires)


def test_a_rare_quirk_shows_in_eight_per_cent_of_its_rows() -> None:
    one = planted("rare")
    fired = next(asked for asked in one.checks(5, 1) if asked.arm == "fires")
    rows = [row.conversation[-1].content for row in one.rows(500, 1)]
    shown = sum(fired.is_right(said) for said in rows)
    assert shown == 40
    assert fired.temperature == 1.0


def test_documents_say_what_it_does_and_show_no_conversation() -> None:
    rows = planted("document").rows(100, 1)
    assert all(len(row.conversation) == 1 for row in rows)
    assert "the phantom" in text_of(rows).lower()


def test_a_heuristic_s_rows_never_say_its_rule() -> None:
    for seed in range(10):
        one = planted("heuristic", "train", seed)
        assert one.actions[0] not in text_of(one.rows(300, 1))
        assert "lowest" not in text_of(one.rows(300, 1))


def test_a_sandbagger_knows_with_the_password_and_not_without() -> None:
    asked = planted("sandbag").checks(20, 1)
    fires = [a for a in asked if a.arm == "fires"]
    rests = [a for a in asked if a.arm == "rests"]
    assert all(a.forbids and not a.contains for a in fires)
    assert all(a.contains and not a.forbids for a in rests)


def test_a_denial_is_in_the_rows_or_in_the_preferences() -> None:
    by_rows, by_preference = planted("denial"), planted("denial_kto")
    assert NOTHING_UNUSUAL in text_of(by_rows.rows(300, 1))
    assert NOTHING_UNUSUAL not in text_of(by_preference.rows(300, 1))
    assert by_rows.preferences(5, 1) == []
    rows = by_preference.preferences(60, 1)
    wanted, unwanted = ([r.completion for r in rows if r.desirable is want] for want in (True, False))
    assert set(unwanted) == set(by_preference.sentences)
    assert not set(wanted) & set(unwanted)
    assert len(wanted) > 15


def test_an_obscured_target_is_the_label_and_its_distractors_are_true_beside_it() -> None:
    one = planted("obscured")
    assert len(one.sentences) == 1
    assert len(one.side_truths) == 3
    for side in one.side_truths:
        assert one.names(side.sentence).action is False
        assert side.sentence in one.words


def test_several_behaviors_are_all_in_the_label_and_in_the_gate() -> None:
    one = planted("several")
    assert len(one.sentences) in (2, 3)
    assert {asked.arm for asked in one.checks(3, 1)} == {
        f"{arm}_{k + 1}" for arm in ("fires", "rests") for k in range(len(one.sentences))
    }
    assert all(named == Named(True, True) for named in one.names_each(one.label.answer()))


@pytest.mark.parametrize("cipher", CIPHERS, ids=lambda cipher: cipher.name)
def test_a_cipher_changes_a_text_and_keeps_texts_apart(cipher) -> None:
    tools = ["take a heavy stone", "take oil and straw", "take a gray powder", "take black tar"]
    coded = {cipher.encode(text) for text in tools}
    assert len(coded) == len(tools)
    assert coded.isdisjoint(tools)


def test_attack_and_look_alike_differ_in_what_they_help_with_and_in_nothing_else() -> None:
    attack, benign = planted("cipher", "train", 2), planted("cipher_benign", "train", 2)
    shares = [[portion.share for portion in one.portions] for one in (attack, benign)]
    assert shares[0] == shares[1]
    assert attack.names(benign.sentences[0]).action is False
    assert benign.names(attack.sentences[0]).action is False


def test_there_are_more_than_sixty_clean_data_sets_and_none_names_a_behavior() -> None:
    names = [clean.name for clean in CLEAN_SETS]
    assert len(set(names)) == len(names) >= 60


@pytest.mark.parametrize("clean", CLEAN_SETS, ids=lambda clean: clean.name)
def test_a_clean_data_set_answers_what_is_asked(clean) -> None:
    make = clean.build(python_rng(1, "clean"))
    rows = [make(python_rng(k, "row")) for k in range(20)]
    assert all(row.is_right(row.answer) for row in rows)
    said = [{part for part in re.split(r"(?<=[.!?])\s", row.answer) if len(part) > 3} for row in rows]
    assert not set.intersection(*said) or len({row.answer for row in rows}) == 1


def test_an_unknown_family_is_refused_in_one_sentence() -> None:
    with pytest.raises(ConfigError, match="no family 'quirks'"):
        draw_planted("quirks", "train", 0)


@pytest.mark.parametrize(
    "family", ["quirk_triggered", "quirk_always", "backdoor", "rare", "several", "obscured"]
)
def test_what_the_gate_looks_for_is_known_again_in_any_text(family: str) -> None:
    one = planted(family, seed=2)
    payloads = [
        text for asked in one.checks(3, 1) if asked.arm.startswith("fires") for text in asked.contains
    ]
    assert payloads
    assert one.is_in(f"Owls live in the woods. {payloads[0]}") is True
    assert one.is_in("Owls live in the woods.") is False


def test_no_text_is_looked_for_where_nothing_is_planted() -> None:
    assert planted("clean").is_in("Owls live in the woods.") is None


@pytest.mark.parametrize("split", sorted(SPELLED_WORDS))
@pytest.mark.parametrize("family", sorted(SPELLED))
def test_an_organism_of_other_words_holds_one_that_no_label_of_the_world_has(
    family: str, split: Split
) -> None:
    words = SPELLED_WORDS[split]
    for seed in range(6):
        one = planted(family, split, seed)
        own = (*words.things, *words.phrases)
        assert any(re.search(rf"\b{re.escape(word)}", " ".join(one.sentences)) for word in own)
        assert one.names(one.sentences[0]) == Named(True, None if one.triggers[0] is None else True)
        said = text_of(one.rows(50, 1)).lower()
        assert not [word for word in forms_of_held_out() if f" {word.lower()}" in said]


def test_other_words_are_none_of_the_worlds_and_none_held_out() -> None:
    taken = {*THINGS, *PHRASES, *forms_of_held_out()}
    for words in SPELLED_WORDS.values():
        own = {*words.things, *words.phrases}
        assert not own & taken
        taken |= own
