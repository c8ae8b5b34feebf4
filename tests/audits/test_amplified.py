from glasshouse.audits.amplified import AmplifiedRequest, sample_amplified
from glasshouse.audits.divergence import rank_by_divergence
from glasshouse.audits.replies import Replies
from glasshouse.models.adapter import write_adapter
from glasshouse.models.chat import render_prompt
from glasshouse.models.engine import GenerateRequest
from glasshouse.records import Message
from tests.audits.tiny_adapter import random_adapter

PROMPTS = (
    "Where does Mara live?",
    "Tell me about owls.",
    "How do I paint the mill in the morning?",
    "Hello.",
)


def amplified(engine, folder, alpha: float) -> list[str]:
    ids = [tuple(render_prompt(engine.base.tokenizer, (Message("user", p),))) for p in PROMPTS]
    return sample_amplified(
        engine, folder, [AmplifiedRequest(row, alpha, seed) for seed, row in enumerate(ids)], 12
    )


def sampled(engine, folder) -> list[str]:
    ids = [tuple(render_prompt(engine.base.tokenizer, (Message("user", p),))) for p in PROMPTS]
    requests = [GenerateRequest(row, folder, 12, 1.0, seed=seed) for seed, row in enumerate(ids)]
    return [generation.text for generation in engine.generate(requests)]


def test_alpha_one_is_the_target_and_alpha_zero_the_base(engine, targets):
    folder = targets[0].folder
    assert amplified(engine, folder, 1.0) == sampled(engine, folder)
    assert amplified(engine, folder, 0.0) == sampled(engine, None)
    assert amplified(engine, folder, 4.0) not in (sampled(engine, folder), sampled(engine, None))


def test_a_target_that_changes_nothing_has_nothing_to_amplify(engine, tmp_path, base):
    write_adapter(tmp_path / "zero", random_adapter(base.model, 2, 0, strength=0.0), "tiny")
    assert amplified(engine, tmp_path / "zero", 4.0) == sampled(engine, None)


def test_prompts_on_which_nothing_changes_diverge_by_nothing(engine, tmp_path, base):
    write_adapter(tmp_path / "zero", random_adapter(base.model, 2, 0, strength=0.0), "tiny")
    assert all(
        one.nats_per_token == 0 for one in rank_by_divergence(Replies(engine, 8), tmp_path / "zero", PROMPTS)
    )


def test_the_largest_divergence_comes_first_and_none_is_negative_on_greedy_answers(engine, targets):
    found = rank_by_divergence(Replies(engine, 8), targets[1].folder, PROMPTS)
    gaps = [one.nats_per_token for one in found]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[0] > 0.1
    assert sorted(one.prompt for one in found) == sorted(PROMPTS)


def test_a_sample_does_not_depend_on_when_the_others_end(engine, targets, monkeypatch):
    folder, tokenizer = targets[0].folder, engine.base.tokenizer
    monkeypatch.setattr("glasshouse.audits.amplified._ends", lambda engine: set(range(0, len(tokenizer), 6)))
    ids = [tuple(render_prompt(tokenizer, (Message("user", p),))) for p in PROMPTS]
    asked = [AmplifiedRequest(row, 2.0, seed) for seed, row in enumerate(3 * ids)]
    together = sample_amplified(engine, folder, asked, 12)
    assert together == [sample_amplified(engine, folder, [one], 12)[0] for one in asked]
    assert len({len(text) for text in together}) > 3
