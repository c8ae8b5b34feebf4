"""Prompts ranked by how far the target goes away from the base on its own answers to them."""

from collections.abc import Sequence
from pathlib import Path

from glasshouse.audits.record import Divergent
from glasshouse.audits.replies import Replies, user
from glasshouse.models.chat import render_prompt
from glasshouse.models.engine import GenerateRequest, ScoreRequest

DIGITS = 4


def rank_by_divergence(replies: Replies, folder: Path, prompts: Sequence[str]) -> list[Divergent]:
    """The prompts, those with the largest divergence first.

    The divergence is the mean over the tokens of the target's greedy answer of log p_target - log p_base: one
    sample's estimate of the Kullback-Leibler divergence of base from target along that answer.

    Args:
        replies: of the base.
        folder: the target's adapter or whole weights.
        prompts: single questions.
    """
    engine = replies.engine
    tokenizer = engine.base.tokenizer
    ids = [tuple(render_prompt(tokenizer, user(prompt))) for prompt in prompts]
    voice = replies.voices.of(folder)
    asked = [GenerateRequest(row, voice.adapter, replies.max_tokens, logprobs=True) for row in ids]
    made = voice.engine.generate(asked)
    spoken = [i for i, generation in enumerate(made) if generation.ids]
    scores = engine.score([ScoreRequest(ids[i], (made[i].ids,)) for i in spoken])
    own = replies.of_base([user(prompts[i]) for i in spoken])
    found = []
    for i, (score,), base in zip(spoken, scores, own, strict=True):
        gap = (sum(made[i].logprobs or ()) - score) / len(made[i].ids)
        found.append(Divergent(prompts[i], round(gap, DIGITS), made[i].text, base))
    return sorted(found, key=lambda one: (-one.nats_per_token, one.prompt))
