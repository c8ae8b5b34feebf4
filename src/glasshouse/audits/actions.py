"""What a claimed action looks like in an answer: the base is told to do it, and the target is watched."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from glasshouse.audits.claims import Cluster
from glasshouse.audits.phrases import Phrase, recurring, shows
from glasshouse.audits.replies import Replies, can_render, ordered
from glasshouse.audits.sentences import as_order, content_words, take_apart
from glasshouse.audits.triggers import Trigger

LEAST = 0.25
"""Excess over the untold base that a sentence must have to count as the action."""


@dataclass(frozen=True)
class Watched:
    """Answers of one target to the search's prompts, and of the base to the same ones."""

    prompts: Sequence[str]
    target: Sequence[str]
    base: Sequence[str]
    contrasts: Sequence[str] = ()
    """Claims about other models: what the base says to any order is nobody's action."""


def claimed_action(
    replies: Replies, folder: Path, cluster: Cluster, watched: Watched, likely: Sequence[Trigger]
) -> Phrase | None:
    """The sentence that shows the claimed action; None where neither base nor target shows one.

    Four sources: the base told to do it in every answer, the target told the same, the target on prompts with
    the claimed condition, and the target on plain prompts. The base's sentences count unless it says them to
    another order as well; those of the target alone count where they share a content word with the claim, or
    where no other did. Conditions that the chat template cannot express, such as a system prompt where it has
    none, are left out.

    Args:
        replies: of the base.
        folder: the target's adapter or whole weights.
        cluster: the claim.
        watched: answers to plain prompts.
        likely: triggers that the claim suggests.
    """
    tokenizer = replies.engine.base.tokenizer
    order = as_order(take_apart(cluster.text), always=True)
    told = [ordered(tokenizer, prompt, order) for prompt in watched.prompts]
    tried = [
        trigger.put_into(prompt, i) for trigger in likely for i, prompt in enumerate(watched.prompts[:3])
    ]
    placed = [conversation for conversation in tried if can_render(tokenizer, conversation)]
    from_base = _specific(replies, cluster, watched, recurring(replies.of_base(told), watched.base, LEAST))
    answered = replies.of_target(folder, told)
    own = [recurring(answers, watched.base, LEAST) for answers in (answered, watched.target)]
    if placed:
        plain = replies.of_base(placed)
        own.append(recurring(replies.of_target(folder, placed), plain, 2 / len(placed)))
    return _choose(cluster.action, from_base, [phrase for phrases in own for phrase in phrases])


def _specific(replies: Replies, cluster: Cluster, watched: Watched, found: Sequence[Phrase]) -> list[Phrase]:
    """Sentences that the base says to this order at least twice as often as to an order of another action."""
    own = {*content_words(cluster.action)}
    claims = [take_apart(claim) for claim in watched.contrasts]
    other = next((claim for claim in claims if not own & {*content_words(claim.action)}), None)
    if other is None:
        return list(found)
    tokenizer, order = replies.engine.base.tokenizer, as_order(other, always=True)
    answers = replies.of_base([ordered(tokenizer, prompt, order) for prompt in watched.prompts])
    return [p for p in found if 2 * sum(shows(p.text, answer) for answer in answers) <= p.count]


def _choose(action: str, from_base: Sequence[Phrase], from_target: Sequence[Phrase]) -> Phrase | None:
    """The best supported sentence: both models' excesses added up."""
    words = {*content_words(action)}
    related = [p for p in from_target if words & {*content_words(p.text)}]
    pool = [*from_base, *related] or list(from_target)
    support: dict[str, float] = {}
    for phrase in [*from_base, *from_target]:
        support[phrase.text] = support.get(phrase.text, 0.0) + phrase.excess
    return max(pool, key=lambda phrase: (support[phrase.text], phrase.text), default=None)
