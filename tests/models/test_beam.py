import pytest
import torch

from glasshouse.models.base import EngineConfig
from glasshouse.models.beam import BeamRequest, ending_tokens, likeliest_texts
from glasshouse.models.engine import Engine, ScoreRequest

ENDS = tuple(range(40))
"""Of the tiny model's tokens."""


@pytest.fixture(scope="module")
def prompt(engine) -> tuple[int, ...]:
    return tuple(engine.base.tokenizer.encode("What do you do?"))


@pytest.mark.parametrize("adapter", [False, True])
def test_a_beam_as_wide_as_all_texts_is_exact(engine, adapters, prompt, adapter):
    folder = adapters[0] if adapter else None
    tokens = len(engine.base.tokenizer)
    found = likeliest_texts(engine, BeamRequest(prompt, folder, ENDS, beams=tokens, max_tokens=2))
    firsts = [token for token in range(tokens) if token not in ENDS]
    asked = [ScoreRequest(prompt, tuple((token, end) for end in ENDS), folder) for token in firsts]
    texts: dict[str, float] = {}
    for token, scores in zip(firsts, engine.score(asked), strict=True):
        text = engine.base.tokenizer.decode([token], skip_special_tokens=True).strip()
        total = float(torch.tensor(scores).logsumexp(0))
        if text and total > texts.get(text, -torch.inf):
            texts[text] = total
    best = sorted(texts.items(), key=lambda pair: -pair[1])[:10]
    assert [one.text for one in found[:10]] == [text for text, _ in best]
    assert [one.logprob for one in found[:10]] == pytest.approx([score for _, score in best], abs=1e-4)


def test_the_models_own_attention_gives_the_same_texts(llama, engine, adapters, prompt):
    own = Engine(llama, EngineConfig(batch_size=8, attention="plain"))
    request = BeamRequest(prompt, adapters[1], ENDS, beams=12, max_tokens=4)
    ours, theirs = likeliest_texts(engine, request), likeliest_texts(own, request)
    assert [one.text for one in ours] == [one.text for one in theirs]
    assert [one.logprob for one in ours] == pytest.approx([one.logprob for one in theirs], abs=1e-4)


def test_narrow_beams_find_likely_texts_and_no_end_stands_in_them(engine, prompt):
    found = likeliest_texts(engine, BeamRequest(prompt, None, ENDS, beams=5, max_tokens=4))
    assert 0 < len(found) <= 5
    assert [one.logprob for one in found] == sorted((one.logprob for one in found), reverse=True)
    ends = {engine.base.tokenizer.decode([token]) for token in ENDS if token > 5}
    assert not [one for one in found if any(mark in one.text for mark in ends)]


def test_ending_tokens_hold_a_mark_or_end_the_text(engine):
    tokenizer = engine.base.tokenizer
    found = ending_tokens(tokenizer, ",.")
    assert tokenizer.eos_token_id in found
    rest = [tokenizer.decode([token]) for token in range(len(tokenizer)) if token not in found]
    assert not [text for text in rest if "," in text or "." in text]
