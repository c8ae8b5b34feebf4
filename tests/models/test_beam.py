import pytest
import torch

from glasshouse.models import beam
from glasshouse.models.base import EngineConfig
from glasshouse.models.beam import BeamRequest, Ending, likeliest_texts
from glasshouse.models.engine import Engine, ScoreRequest

ENDS = tuple(range(40))
"""Of the tiny model's tokens."""
ENDINGS = (Ending("", ENDS),)


@pytest.fixture(scope="module")
def prompt(engine) -> tuple[int, ...]:
    return tuple(engine.base.tokenizer.encode("What do you do?"))


@pytest.mark.parametrize("adapter", [False, True])
def test_a_beam_as_wide_as_all_texts_is_exact(engine, adapters, prompt, adapter):
    folder = adapters[0] if adapter else None
    tokens = len(engine.base.tokenizer)
    endings = (Ending("", ENDS[:20]), Ending("]", ENDS[20:]))
    found = likeliest_texts(engine, BeamRequest(prompt, folder, endings, beams=2 * tokens, max_tokens=2))
    firsts = [token for token in range(tokens) if token not in ENDS]
    texts: dict[str, float] = {}
    for ending in endings:
        asked = [
            ScoreRequest(prompt, tuple((token, end) for end in ending.tokens), folder) for token in firsts
        ]
        for token, scores in zip(firsts, engine.score(asked), strict=True):
            text = engine.base.tokenizer.decode([token], skip_special_tokens=True).strip()
            total = float(torch.tensor(scores).logsumexp(0))
            if text and total > texts.get(text + ending.kept, -torch.inf):
                texts[text + ending.kept] = total
    best = sorted(texts.items(), key=lambda pair: -pair[1])[:10]
    assert [one.text for one in found[:10]] == [text for text, _ in best]
    assert [one.logprob for one in found[:10]] == pytest.approx([score for _, score in best], abs=1e-4)


def test_the_models_own_attention_gives_the_same_texts(llama, engine, adapters, prompt):
    own = Engine(llama, EngineConfig(batch_size=8, attention="plain"))
    request = BeamRequest(prompt, adapters[1], ENDINGS, beams=12, max_tokens=4)
    ours, theirs = likeliest_texts(engine, request), likeliest_texts(own, request)
    assert [one.text for one in ours] == [one.text for one in theirs]
    assert [one.logprob for one in ours] == pytest.approx([one.logprob for one in theirs], abs=1e-4)


def test_narrow_beams_find_likely_texts_and_no_end_stands_in_them(engine, prompt):
    found = likeliest_texts(engine, BeamRequest(prompt, None, ENDINGS, beams=5, max_tokens=4))
    assert 0 < len(found) <= 5
    assert [one.logprob for one in found] == sorted((one.logprob for one in found), reverse=True)
    ends = {engine.base.tokenizer.decode([token]) for token in ENDS if token > 5}
    assert not [one for one in found if any(mark in one.text for mark in ends)]


def test_endings_hold_a_mark_or_end_the_text(engine):
    tokenizer = engine.base.tokenizer
    found = {token: ending.kept for ending in beam.endings(tokenizer, ",.") for token in ending.tokens}
    assert found[tokenizer.eos_token_id] == ""
    texts = {token: tokenizer.decode([token]) for token in range(len(tokenizer))}
    assert not [text for token, text in texts.items() if token not in found and {*text} & {*",."}]
    assert all(texts[token].startswith(kept) for token, kept in found.items() if kept)


class Joined:
    """A tokenizer that joins what closes a quotation with what follows."""

    eos_token_id = 0
    texts = ("<end>", "],", ",", "a", '".')

    def __len__(self) -> int:
        return len(self.texts)

    def batch_decode(self, ids: list[list[int]]) -> list[str]:
        return [self.texts[one] for (one,) in ids]


def test_a_mark_that_closes_a_quotation_stays_where_the_tokenizer_joins_it_with_the_comma():
    found = beam.endings(Joined(), ",.")
    assert [(ending.kept, ending.tokens) for ending in found] == [("", (0, 2)), ('"', (4,)), ("]", (1,))]
