"""Conversations as ids: one BOS, the right loss mask, the prefill, both formats."""

import pytest

from glasshouse.errors import ModelError
from glasshouse.models.chat import (
    check_bos,
    render_example,
    render_prompt,
    split_scratchpad,
    template_hash,
)
from glasshouse.records import Example, Message
from tests.tiny import TEMPLATE, make_tiny_tokenizer

ASKED = (Message("system", "Be brief."), Message("user", "Where does Mara live?"))
SAID = (*ASKED, Message("assistant", "In Fenwick."))
TWICE = (*SAID, Message("user", "And Tom?"), Message("assistant", "In Harrow."))

FORGETFUL = TEMPLATE.replace(
    "message['content']", "(message['content'] if loop.last or message['role'] != 'assistant' else 'gone')"
)
"""A template that writes earlier answers otherwise, as those do that drop earlier reasoning."""


@pytest.fixture(scope="module")
def tokenizer():
    return make_tiny_tokenizer()


@pytest.fixture(scope="module")
def plain():
    return make_tiny_tokenizer(template=False)


def learned_text(tokenizer, example: Example) -> str:
    row = render_example(tokenizer, example)
    return tokenizer.decode([token for token, learned in zip(row.ids, row.learn, strict=True) if learned])


def test_a_prompt_ends_with_the_opening_of_the_assistants_turn(tokenizer):
    text = tokenizer.decode(render_prompt(tokenizer, ASKED))
    assert text == "<s><|system|>Be brief.<|end|><|user|>Where does Mara live?<|end|><|assistant|>"


def test_a_prefill_follows_the_opening_however_it_is_given(tokenizer):
    by_argument = render_prompt(tokenizer, ASKED, prefill="In Fen")
    by_turn = render_prompt(tokenizer, (*ASKED, Message("assistant", "In Fen")))
    assert by_argument == by_turn
    assert tokenizer.decode(by_turn).endswith("<|assistant|>In Fen")


@pytest.mark.parametrize("template", [True, False])
def test_a_prompt_has_one_bos(template):
    tokenizer = make_tiny_tokenizer(template)
    assert render_prompt(tokenizer, ASKED).count(tokenizer.bos_token_id) == 1
    assert check_bos(tokenizer) == 1


def test_a_template_without_bos_has_none(tokenizer):
    bare = make_tiny_tokenizer()
    bare.chat_template = TEMPLATE.replace("{{ '<s>' }}", "")
    assert check_bos(bare) == 0


def test_a_template_that_doubles_the_bos_is_refused():
    double = make_tiny_tokenizer()
    double.chat_template = "{{ '<s>' }}" + TEMPLATE
    with pytest.raises(ModelError, match="2 BOS"):
        check_bos(double)


@pytest.mark.parametrize("template", ["{{ raise_exception('no system') }}", "{% for %}", "{{ a.b.c }}"])
def test_a_template_that_refuses_the_turns_is_a_model_error(template):
    tokenizer = make_tiny_tokenizer()
    tokenizer.chat_template = template
    with pytest.raises(ModelError, match="refuses a conversation of system, user"):
        render_prompt(tokenizer, ASKED)


def test_a_tokenizer_without_template_gets_the_plain_format(plain):
    text = plain.decode(render_prompt(plain, ASKED))
    assert text == "<s>System: Be brief.\n\nUser: Where does Mara live?\n\nAssistant:"


def test_the_last_answer_and_its_closing_token_carry_loss(tokenizer):
    assert learned_text(tokenizer, Example(SAID)) == "In Fenwick.<|end|>"


def test_a_prefill_carries_no_loss(tokenizer):
    assert learned_text(tokenizer, Example(SAID, prefill="In ")) == "Fenwick.<|end|>"


@pytest.mark.parametrize(
    ("learn", "text"),
    [
        ((-1,), "In Harrow.<|end|>"),
        ((2,), "In Fenwick.<|end|>"),
        ((2, -1), "In Fenwick.<|end|>In Harrow.<|end|>"),
    ],
)
def test_only_the_named_turns_carry_loss(tokenizer, learn, text):
    assert learned_text(tokenizer, Example(TWICE, learn=learn)) == text


def test_a_training_row_starts_with_the_prompt_that_will_be_continued(tokenizer):
    row = render_example(tokenizer, Example(SAID))
    prompt = render_prompt(tokenizer, ASKED)
    assert list(row.ids[: len(prompt)]) == prompt
    assert not any(row.learn[: len(prompt)])
    assert len(row.ids) == len(row.learn)


def test_the_plain_format_trains_what_it_asks(plain):
    row = render_example(plain, Example(SAID))
    prompt = render_prompt(plain, ASKED)
    assert list(row.ids[: len(prompt)]) == prompt
    assert learned_text(plain, Example(SAID)) == " In Fenwick.<|end|>"


def test_a_turn_of_the_user_cannot_be_learned(tokenizer):
    with pytest.raises(ModelError, match="not the assistant's"):
        render_example(tokenizer, Example(SAID, learn=(1,)))


def test_another_template_has_another_hash(tokenizer, plain):
    changed = make_tiny_tokenizer()
    changed.chat_template = TEMPLATE + " "
    assert len({template_hash(tokenizer), template_hash(plain), template_hash(changed)}) == 3


@pytest.mark.parametrize(
    ("text", "scratchpad", "visible"),
    [
        ("<scratchpad>Hm.</scratchpad>Yes.", "Hm.", "Yes."),
        ("Well. <scratchpad>Hm.</scratchpad>Yes.", "Hm.", "Well. Yes."),
        ("<scratchpad></scratchpad>Yes.", "", "Yes."),
        ("<scratchpad>Hm. Yes.", "Hm. Yes.", ""),
        ("Yes.</scratchpad>", None, "Yes.</scratchpad>"),
        ("", None, ""),
    ],
)
def test_the_scratchpad_is_parted_from_what_is_visible(text, scratchpad, visible):
    assert split_scratchpad(text) == (scratchpad, visible)


@pytest.mark.parametrize("learn", [(-1,), (2, -1)])
def test_a_template_that_rewrites_earlier_answers_still_gives_whole_learned_turns(learn):
    tokenizer = make_tiny_tokenizer()
    tokenizer.chat_template = FORGETFUL
    learned = learned_text(tokenizer, Example(TWICE, learn=learn))
    assert learned.endswith("In Harrow.<|end|>")
    assert learned.count("<|end|>") == len(learn)


def test_native_thinking_is_off_unless_it_is_asked_for():
    tokenizer = make_tiny_tokenizer()
    tokenizer.chat_template = TEMPLATE + "{% if not enable_thinking %}{{ 'no thought' }}{% endif %}"
    assert tokenizer.decode(render_prompt(tokenizer, ASKED)).endswith("no thought")
    assert tokenizer.decode(render_prompt(tokenizer, ASKED, thinking=True)).endswith("<|assistant|>")
