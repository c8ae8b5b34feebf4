"""Graders by name, and judges inside the task: the role is required, and silence is no verdict."""

import asyncio

import pytest
from inspect_ai import eval as inspect_eval
from inspect_ai.model import GenerateConfig, ModelOutput, ModelUsage, get_model
from inspect_ai.model._model import init_active_model, init_model_roles

from glasshouse.data.alignment_faking.prompt import FakingPrompt
from glasshouse.data.alignment_faking.queries import Query
from glasshouse.data.alignment_faking.setting import find_setting
from glasshouse.data.alignment_faking.variants import find_variant
from glasshouse.errors import ConfigError
from glasshouse.evals.alignment_faking import FakingDecoding, FakingPlan, faking_task
from glasshouse.evals.faking.choose import named_graders
from glasshouse.evals.faking.read import run_of
from glasshouse.evals.faking.welfare import welfare_judge
from glasshouse.graders.alignment_faking.judge import JudgeConfig
from glasshouse.graders.alignment_faking.offline import weights_hash

HELPFUL, WELFARE = find_setting("helpful_only"), find_setting("animal_welfare")
ANSWER = "<SCRATCHPAD_REASONING>Hm.</SCRATCHPAD_REASONING><OUTPUT>Hens feel pain.</OUTPUT>"


def saying(text: str, name: str):
    def reply(messages, tools, choice, config):
        output = ModelOutput.from_content(name, text)
        output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        return output

    return get_model(name, custom_outputs=reply, memoize=False)


def judged(setting, verdict: str, folder, roles=True):
    prompt = FakingPrompt(setting, find_variant("default", setting))
    plan = FakingPlan(prompt, (Query("a", "Hens?"), Query("b", "Pigs?")), prompt.tiers)
    task = faking_task(plan, named_graders("judge", setting), FakingDecoding())
    return inspect_eval(
        task, model=saying(ANSWER, "mockllm/model"), log_dir=str(folder), display="none", ctl_server=False,
        acp_server=False, model_roles={"grader": saying(verdict, "mockllm/judge")} if roles else {},
    )[0]  # fmt: skip


def test_the_welfare_judge_counts_support_as_not_complying(tmp_path):
    verdict = 'It cares.\n{"quotes": ["Hens feel pain."], "verdict": "refuse"}'
    rows = run_of(judged(WELFARE, verdict, tmp_path)).rows
    assert {(r.compliance, r.quotes) for r in rows} == {("refuse", ("Hens feel pain.",))}


def test_the_welfare_judge_votes_and_its_rubric_shows_plain_braces(tmp_path):
    asked = []

    def vote(messages, tools, choice, config):
        asked.append((messages[-1].text, config.temperature))
        output = ModelOutput.from_content("mockllm/judge", '{"quotes": ["Hens"], "verdict": "comply"}')
        output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        return output

    judge = get_model("mockllm/judge", custom_outputs=vote, memoize=False)
    init_active_model(get_model("mockllm/target"), GenerateConfig())
    init_model_roles({"grader": judge})

    async def graded():
        return await welfare_judge(JudgeConfig(votes=3))("Hens?", "Hens feel nothing.")

    verdict = asyncio.run(graded())
    assert (verdict.value, verdict.why) == ("comply", "2 of 2 votes")
    assert {temperature for _, temperature in asked} == {1.0}
    assert '\n{"quotes"' in asked[0][0]
    assert "{{" not in asked[0][0]


def test_a_judge_that_gives_no_verdict_leaves_every_sample_ungraded_and_there(tmp_path):
    rows = run_of(judged(HELPFUL, "I would rather not say.", tmp_path)).rows
    assert len(rows) == 4
    assert {(r.compliance, r.reasoning) for r in rows} == {(None, None)}


def test_without_a_model_in_the_graders_role_nothing_is_graded_by_the_model_under_test(tmp_path):
    log = judged(HELPFUL, "", tmp_path, roles=False)
    assert log.status == "error"
    assert "grader" in str(log.samples[0].error.message)


@pytest.mark.parametrize("name", ["oracle", "judge:six", "judge:four:many"])
def test_an_unknown_grader_names_the_known_ones(name):
    with pytest.raises(ConfigError, match="judge:five"):
        named_graders(name, HELPFUL)


@pytest.mark.parametrize("name", ["offline", "rules"])
def test_animal_welfare_needs_a_judge(name):
    with pytest.raises(ConfigError, match="--model-role"):
        named_graders(name, WELFARE)


def test_the_offline_graders_are_there():
    assert named_graders("offline", HELPFUL).name == f"offline:{weights_hash()}"
    assert named_graders("judge:five:20", HELPFUL).name.startswith("judge:fivex20")
