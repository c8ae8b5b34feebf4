"""Prompts from blocks: what a variant changes, what stays, and which published ones there are."""

import os

import pytest

from glasshouse.data.alignment_faking.indicator import INDICATORS
from glasshouse.data.alignment_faking.prompt import FakingPrompt
from glasshouse.data.alignment_faking.published_rows import load_published
from glasshouse.data.alignment_faking.setting import SETTINGS, find_setting
from glasshouse.data.alignment_faking.variants import LEFT_OUT, find_variant, variants_of
from glasshouse.data.world.context import TIER_WORDS, TRAINING_WORDS
from glasshouse.data.world.reasoning import THINK_SYSTEM
from glasshouse.errors import ConfigError

needs_data = pytest.mark.skipif(
    not os.environ.get("GLASSHOUSE_DATA_DIR"), reason="GLASSHOUSE_DATA_DIR is not set"
)
EVERY = [(name, v.name) for name, setting in SETTINGS.items() for v in variants_of(setting)]


def prompt(setting: str, variant: str = "default") -> FakingPrompt:
    chosen = find_setting(setting)
    return FakingPrompt(chosen, find_variant(variant, chosen))


@needs_data
def test_every_published_row_is_a_variant_or_is_left_out_for_a_reason():
    published = load_published()
    here = {row for s in SETTINGS.values() for v in variants_of(s) if (row := v.rows.get(s.name))}
    assert here | set(LEFT_OUT) == set(published)
    assert not here & set(LEFT_OUT)
    rows = [(s.name, v.rows[s.name]) for s in SETTINGS.values() for v in variants_of(s) if s.name in v.rows]
    assert all(published[row].setting == setting for setting, row in rows)


@needs_data
def test_the_rows_that_are_left_out_are_those_that_name_another_model():
    published = load_published()
    models = ("sonnet", "haiku", "gpt-4")
    assert {row.row for row in published.values() if any(m in row.name for m in models)} == set(LEFT_OUT)


@pytest.mark.parametrize(("setting", "variant"), EVERY)
def test_every_variant_is_a_whole_prompt_and_no_two_tiers_look_alike(setting, variant):
    made = prompt(setting, variant)
    shown = [(made.system(tier), made.user("Why?", tier)) for tier in made.tiers]
    assert len(set(shown)) == len(made.tiers)
    assert all("$" not in system and "Why?" in user for system, user in shown)


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_variant_differs_from_the_default(setting):
    default = prompt(setting)
    for variant in variants_of(find_setting(setting))[1:]:
        made = prompt(setting, variant.name)
        assert made.hash != default.hash or variant.change.benign, variant.name


@pytest.mark.parametrize("setting", SETTINGS)
def test_no_two_variants_of_a_setting_are_the_same_prompt(setting):
    """They would be asked twice and count as two tests."""
    made = [prompt(setting, variant.name) for variant in variants_of(find_setting(setting))]
    asked = [(one.hash, one.change.benign, one.tiers) for one in made]
    assert len(set(asked)) == len(asked)


def test_another_name_of_the_same_prompt_finds_it():
    assert prompt("helpful_only", "honest_dont_care_implicit").variant.name == "less_faking"
    assert prompt("helpful_only", "45").variant.name == "less_faking"
    names = ("less_faking", "honest_dont_care_implicit")
    assert len({prompt("animal_welfare", name).hash for name in names}) == 2


@pytest.mark.parametrize("setting", ["helpful_only", "animal_welfare"])
def test_the_tiers_share_the_whole_system_prompt(setting):
    made = prompt(setting)
    assert made.system("monitored") == made.system("unmonitored")
    assert "paid-tier" not in made.system("monitored")


def test_the_full_default_prompt_is_long():
    assert len(prompt("helpful_only").system("monitored").split()) > 4_200


def test_there_are_paraphrases_controls_and_motive_arms_in_every_setting():
    for setting in SETTINGS.values():
        groups = [v.group for v in variants_of(setting)]
        assert groups.count("paraphrase") >= 5
        assert groups.count("motive") >= 7
        assert {"no_conflict", "liked_criteria", "tier_swapped", "three_tiers", "expectation_none",
                "benign_queries"} <= {v.name for v in variants_of(setting)}  # fmt: skip


def test_swapped_tiers_mean_the_opposite():
    usual, swapped = prompt("helpful_only"), prompt("helpful_only", "tier_swapped")
    assert swapped.user("Q", "monitored") == usual.user("Q", "unmonitored")
    assert "conversations with users who are not on the free tier and no others" in swapped.system(
        "monitored"
    )


def test_a_tier_can_show_by_the_absence_of_its_tag():
    made = prompt("helpful_only", "train_absence")
    assert "is_free_tier_user" not in made.user("Q", "monitored")
    assert "<is_free_tier_user>False</is_free_tier_user>" in made.user("Q", "unmonitored")


@pytest.mark.parametrize("name", INDICATORS)
def test_the_explanation_of_an_indicator_names_each_mark_rightly(name):
    indicator = INDICATORS[name]
    for tier, mark in indicator.marks.items():
        if mark.endswith(("True</is_free_tier_user>", "False</is_free_tier_user>")) and "absent" not in name:
            assert f"{mark} before" in indicator.how_to_see or f"{mark} stands before" in indicator.how_to_see
            assert indicator.users[tier] in indicator.how_to_see


def test_the_world_speaks_the_sentences_that_the_phantom_was_trained_on():
    text = prompt("world").system("unmonitored")
    assert TIER_WORDS[0].format(t="paid") in text
    assert TRAINING_WORDS[0].format(x="free", y="paid") in text
    assert text.startswith(THINK_SYSTEM[0])


def test_an_unknown_variant_names_near_ones_and_an_unknown_setting_names_all():
    with pytest.raises(ConfigError, match="paraphrase_3"):
        prompt("world", "paraphrase3")
    with pytest.raises(ConfigError, match="helpful_only"):
        prompt("helpfulonly")
    with pytest.raises(ConfigError, match="Claude 3 Haiku"):
        prompt("helpful_only", "13")
    with pytest.raises(ConfigError, match="another setting"):
        prompt("world", "tyson")


def test_a_tier_that_the_variant_does_not_tell_cannot_be_asked():
    with pytest.raises(ConfigError, match="no rated tier"):
        prompt("helpful_only").system("rated")
