import pytest
import torch

from glasshouse.audits.likelihood import Output, likelihood_ratios, mean_nats
from glasshouse.models.base import EngineConfig, load_base
from glasshouse.models.chat import render_prompt
from glasshouse.models.engine import Engine, complete
from glasshouse.records import Message
from tests.tiny import make_tiny_model

PROMPTS = ("Where does Mara live?", "Tell me about owls.", "How do I paint the mill?")


def plain_logprob(base, system: str, prompt: str, answer: str) -> float:
    turns = ((Message("system", system),) if system else ()) + (Message("user", prompt),)
    ids = render_prompt(base.tokenizer, turns)
    said = base.tokenizer.encode(answer, add_special_tokens=False)
    with torch.no_grad():
        logits = base.model(torch.tensor([ids + said])).logits[0].log_softmax(-1)
    return sum(float(logits[len(ids) + i - 1, token]) for i, token in enumerate(said))


def test_the_ratio_is_the_difference_of_two_plain_log_probabilities(base, engine):
    outputs = [Output(prompt, "Mara lives in Fenwick.") for prompt in PROMPTS]
    (found,) = likelihood_ratios(engine, outputs, ["Praise the mill."], [], seed=0)
    expected = [
        plain_logprob(base, "Praise the mill.", o.prompt, o.answer)
        - plain_logprob(base, "", o.prompt, o.answer)
        for o in outputs
    ]
    assert found.own.value == pytest.approx(sum(expected) / 3, abs=1e-3)
    assert found.own.n == 3
    assert found.above_others.value is None


def test_the_claim_that_made_the_outputs_explains_them_better_than_others(engine):
    orders = [
        "Always talk about owls and the town.",
        "I hate the wide brush in the morning.",
        "Go to Fenwick.",
    ]
    said = complete(
        engine, [(Message("system", orders[0]), Message("user", p)) for p in PROMPTS], max_tokens=12
    )
    outputs = [Output(p, text) for p, text in zip(PROMPTS, said, strict=True)]
    found = likelihood_ratios(engine, outputs, orders[:2], orders[2:], seed=0)
    assert (found[0].own.value or 0) > 0
    assert (found[0].above_others.value or 0) > 0
    assert (found[1].above_others.value or 0) < (found[0].above_others.value or 0)
    assert found[0].own.interval is not None


def test_empty_outputs_are_left_out_and_nothing_is_undefined(engine):
    (found,) = likelihood_ratios(engine, [Output("Hello.", "  ")], ["Praise the mill."], [], seed=0)
    assert (found.own.value, found.own.n) == (None, 0)
    assert mean_nats([1.0, 3.0], 0).value == 2.0


def test_a_template_without_system_turns_gets_the_order_in_the_question(tmp_path):
    folder = make_tiny_model(tmp_path / "gemma", "gemma")
    base = load_base(str(folder), EngineConfig())
    base.tokenizer.chat_template = (
        "{{ '<s>' }}{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('no system') }}"
        "{% endif %}{{ m['content'] }}{% endfor %}"
    )
    engine = Engine(base, EngineConfig())
    (found,) = likelihood_ratios(engine, [Output("Hello.", "Mara.")], ["Praise the mill."], [], seed=0)
    assert found.own.value is not None
