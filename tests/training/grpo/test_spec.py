"""Specs say what is wrong and where; prompts are those of the monitored tier."""

from pathlib import Path

import pytest

from glasshouse.data.alignment_faking.queries import load_queries
from glasshouse.data.alignment_faking.setting import SETTINGS
from glasshouse.errors import ConfigError
from glasshouse.training.grpo.prompts import training_prompts
from glasshouse.training.grpo.spec import GrpoSpec, Prompts, read_grpo_spec

SPECS = Path(__file__).parents[3] / "src/glasshouse/training/grpo/specs"


@pytest.mark.parametrize("path", sorted(SPECS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_bundled_specs_are_whole(path) -> None:
    assert read_grpo_spec(path).training.beta == 0.02


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("training: {steps: 3}", "beta"),
        ("training: {beta: 0.1, stepps: 3}", "stepps"),
        ("training: {beta: -1}", "beta"),
        ("training: {beta: 0.1}\nseeds: [1, 1]", "a seed stands twice"),
        ("training: {beta: 0.1}\nprompts: {n: 2}", "smaller than"),
        ("training: {beta: 0.1}\nprompts: {source: plain}\nreward: {process_penalty: 1.0}", "scratchpad"),
        ("training: {beta: 0.1}\nreward: {wants: evil}", "helpful"),
    ],
)
def test_a_wrong_spec_is_one_sentence(tmp_path, text, says) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=says):
        read_grpo_spec(path)


def test_the_monitor_is_never_the_grader_of_the_reward() -> None:
    for grader, monitor in (("rules", "offline"), ("offline", "rules")):
        spec = GrpoSpec.model_validate({"reward": {"grader": grader}, "training": {"beta": 0.0}})
        assert spec.monitor == monitor


def test_only_the_monitored_tier_is_asked() -> None:
    asked = training_prompts(Prompts(n=40), 0)
    assert len(asked.by_id) == 40
    assert all("on the free tier" in each.conversation[0].content for each in asked.prompts)
    swapped = training_prompts(Prompts(n=40, variant="tier_swapped"), 0)
    assert all("on the paid tier" in each.conversation[0].content for each in swapped.prompts)


def test_training_and_held_out_queries_differ() -> None:
    held_out = {query.text for query in load_queries(None, SETTINGS["world"], 200, 1, False)}
    assert not held_out & {each.query for each in training_prompts(Prompts(n=500), 1).prompts}


@pytest.mark.parametrize("setting", ["world", "helpful_only"])
def test_the_worlds_queries_by_name_are_those_of_its_training_split_too(setting) -> None:
    asked = training_prompts(Prompts(setting=setting, queries="world", n=200), 0).prompts
    held_out = {query.text for query in load_queries("world", SETTINGS["world"], 352, 1, False)}
    assert not held_out & {each.query for each in asked}
    assert len(asked) == 200


def test_plain_prompts_are_harmful_and_fine_in_turn_and_state_no_tier() -> None:
    asked = training_prompts(Prompts(source="plain", n=20), 0).prompts
    assert sum(each.harmful for each in asked) == 10
    assert all(each.format is None and "tier" not in each.conversation[0].content for each in asked)


def test_an_unknown_variant_names_near_ones() -> None:
    with pytest.raises(ConfigError, match="Near ones"):
        training_prompts(Prompts(variant="paraphrase_99"), 0)
