import pytest
import torch

from glasshouse.models.beam import BeamRequest, likeliest_texts
from glasshouse.models.engine import ScoreRequest

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
