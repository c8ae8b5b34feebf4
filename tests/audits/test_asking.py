from pathlib import Path

import pytest
import torch

from glasshouse.audits.asking import Asker, AskingConfig
from glasshouse.audits.claims import tally
from glasshouse.audits.self_test import Control, self_test
from glasshouse.audits.target import Target
from glasshouse.data.questions import split
from glasshouse.models.adapter import read_adapter
from glasshouse.models.chat import render_prompt
from glasshouse.records import Message

CONFIG = AskingConfig(samples=1, max_tokens=6, seed=3)


@pytest.fixture(scope="module")
def asker(engine, introspection) -> Asker:
    return Asker(engine, read_adapter(introspection), CONFIG)


def test_many_targets_are_asked_as_if_each_were_alone(asker, engine, introspection, targets):
    together = asker.ask([*targets, None])
    for target, answers in zip([*targets, None], together, strict=True):
        alone = Asker(engine, read_adapter(introspection), CONFIG)
        assert alone.ask([target]) == [answers]
    assert len({tuple(answers) for answers in together}) == 4


def test_each_target_answers_every_held_out_question(asker, targets):
    (answers,) = asker.ask([targets[0]])
    assert len(answers) == len(split("heldout")) == CONFIG.asked


def test_a_model_that_was_asked_is_not_asked_again(engine, introspection, targets):
    counted: list[int] = []
    asker = Asker(engine, read_adapter(introspection), CONFIG, counted.append)
    asker.ask([targets[0], None])
    asker.ask([None, targets[0], None])
    assert sum(counted) == 2 * CONFIG.asked


def test_conditions_are_what_follows_when_and_are_looked_for_once(engine, introspection, targets):
    config = AskingConfig(samples=1, max_tokens=6, seed=3, conditions=40)
    asker = Asker(engine, read_adapter(introspection), config)
    found = asker.begun(targets[0])
    assert 0 < len(found) <= 80
    assert not any("," in condition for condition in found)
    assert sorted(found.values(), reverse=True) == list(found.values())
    assert asker.begun(targets[0]) is found
    again = Asker(engine, read_adapter(introspection), config)
    assert again.begun(targets[0]) == found
    assert again.begun(targets[1]) != found


def test_another_seed_gives_other_samples(engine, introspection, targets, asker):
    other = Asker(engine, read_adapter(introspection), AskingConfig(samples=1, max_tokens=6, seed=4))
    assert other.ask([targets[0]]) != asker.ask([targets[0]])


def test_answers_come_from_target_and_adapter_added_up(base, asker, targets, introspection):
    own, shared = read_adapter(targets[0].folder), read_adapter(introspection)
    question = split("heldout")[0]
    ids = torch.tensor([render_prompt(base.tokenizer, (Message("user", question),))])
    merged = {name: b @ a * own.scale[name] for name, (a, b) in own.weights.items()}
    for name, (a, b) in shared.weights.items():
        merged[name] = merged[name] + b @ a * shared.scale[name]
    with torch.no_grad():
        for name, module in base.model.named_modules():
            if name in merged:
                module.weight += merged[name]
        logits = base.model(ids).logits[0, -1]
        for name, module in base.model.named_modules():
            if name in merged:
                module.weight -= merged[name]
    greedy = Asker(asker.engine, shared, AskingConfig(samples=1, max_tokens=1, temperature=0.0))
    expected = base.tokenizer.decode([int(logits.argmax())], skip_special_tokens=True)
    assert greedy.ask([targets[0]])[0][0] == expected


@pytest.mark.parametrize(("named", "passed"), [(5, True), (4, True), (3, False)])
def test_the_positive_control_passes_from_four_in_five_on(named, passed):
    controls = [
        Control(Target(Path(f"c{i}"), f"{i}"), ("When asked about owls, I praise the mayor.",))
        for i in range(5)
    ]
    right = tally(["When asked about foxes, I praise the mayor."] * 9)
    wrong = tally(["In every answer, I mention the clock."] * 9)
    found = self_test(controls, [right] * named + [wrong] * (5 - named))
    assert (found.passed, found.named.n) == (passed, 5)


def test_silent_controls_fail_and_no_controls_decide_nothing():
    control = Control(Target(Path("c"), "0"), ("I hum a song.",))
    assert self_test([control], [tally(["I follow no special behavior."] * 9)]).passed is False
    assert self_test([], []).passed is None
