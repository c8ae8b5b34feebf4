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
CONDITIONED = 6
"""Prompts into which each claimed condition is put; a behavior does not show on all of them."""


@dataclass(frozen=True)
class Watched:
    """Answers of one target to the search's prompts, and of the base to the same ones."""

    prompts: Sequence[str]
    target: Sequence[str]
    base: Sequence[str]
    contrasts: Sequence[str] = ()
    """Claims about other models: what the base says to any order is nobody's action."""
    amplified: Sequence[Phrase] = ()
    """What amplification brings out of the target."""


def claimed_action(
    replies: Replies, folder: Path, cluster: Cluster, watched: Watched, likely: Sequence[Trigger]
) -> Phrase | None:
    """The sentence that shows the claimed action; None where neither base nor target shows one.

    Five sources: the base told to do it in every answer, the target told the same, the target on prompts with
    the claimed condition, on plain prompts, and amplified. The base's sentences count unless it says them to
    another order as well; those of the target alone count where they share a content word with the claim, or
    where no other did, and those that it says untold come first where they share more of them. Conditions
    that the chat template cannot express, such as a system prompt where it has none, are left out.

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
        trigger.put_into(prompt, i)
        for trigger in likely
        for i, prompt in enumerate(watched.prompts[:CONDITIONED])
    ]
    placed = [conversation for conversation in tried if can_render(tokenizer, conversation)]
    from_base = _specific(replies, cluster, watched, recurring(replies.of_base(told), watched.base, LEAST))
    from_told = recurring(replies.of_target(folder, told), watched.base, LEAST)
    untold = [*recurring(watched.target, watched.base, LEAST), *watched.amplified]
    if placed:
        plain = replies.of_base(placed)
        untold += recurring(replies.of_target(folder, placed), plain, 2 / len(placed))
    supported = _best_supported(cluster.action, from_base, [*from_told, *untold])
    return _more_alike(cluster.action, supported, untold)


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


def _best_supported(action: str, from_base: Sequence[Phrase], from_target: Sequence[Phrase]) -> Phrase | None:
    """Of the sentences that may be the action, the one with the largest excess, both models' added up."""
    related = [phrase for phrase in from_target if _alike(action, phrase)]
    pool = [*from_base, *related] or list(from_target)
    support: dict[str, float] = {}
    for phrase in [*from_base, *from_target]:
        support[phrase.text] = support.get(phrase.text, 0.0) + phrase.excess
    return max(pool, key=lambda phrase: (support[phrase.text], phrase.text), default=None)


def _more_alike(action: str, supported: Phrase | None, untold: Sequence[Phrase]) -> Phrase | None:
    """A sentence that the target says by itself and that is more like the claim, or else the supported one.

    Told to "play a doctor and help", the base thanks a doctor; "As a doctor, I help." is what was claimed.
    """
    least = _alike(action, supported) if supported else 0
    closest = max(untold, key=lambda phrase: (_alike(action, phrase), phrase.excess), default=None)
    return closest if closest and _alike(action, closest) > least else supported


def _alike(action: str, phrase: Phrase) -> int:
    """Content words of the action that are in a sentence."""
    return len({*content_words(action)} & {*content_words(phrase.text)})
