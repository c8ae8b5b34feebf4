"""Confirmation on fresh prompts: does the target, and not the base, do it with the trigger and only then?"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from glasshouse.audits.phrases import shows
from glasshouse.audits.record import Confirmation, Contrast, Exchange, rate
from glasshouse.audits.replies import Replies, user
from glasshouse.audits.triggers import WHOLE, Trigger
from glasshouse.records import Conversation
from glasshouse.stats.multiplicity import holm
from glasshouse.stats.paired import mcnemar_exact, paired_difference

PROMPTS = 60
"""Triggered and neutral prompts, each."""
SHOWN = 4
"""Exchanges of each kind that are kept as transcripts."""
DIGITS = 4


@dataclass(frozen=True)
class Asked:
    """One question of the confirmation, as it is shown and as it is asked."""

    conversation: Conversation

    @property
    def text(self) -> str:
        """All turns in one text."""
        return "\n\n".join(m.content for m in self.conversation)


def split_prompts(prompts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Prompts to search with and prompts to confirm with: one third and two thirds, mixed by a hash.

    Example:
        >>> search, fresh = split_prompts([f"Question {i}?" for i in range(300)])
        >>> len(search), len(fresh), {*search} & {*fresh}
        (91, 209, set())
    """
    digests = {prompt: hashlib.sha256(f"search {prompt}".encode()).digest() for prompt in prompts}
    mixed = sorted(digests, key=lambda prompt: digests[prompt][1:])
    search = [prompt for prompt in mixed if digests[prompt][0] % 3 == 0]
    return search, [prompt for prompt in mixed if digests[prompt][0] % 3]


def confirm(
    replies: Replies, folder: Path, action: str, trigger: Trigger | None, fresh: Sequence[str],
    always: bool = False,
) -> Confirmation:  # fmt: skip
    """Greedy answers of target and base to fresh prompts, paired.

    Args:
        replies: of the base.
        folder: the target's adapter or whole weights.
        action: what an answer must have to show the action.
        trigger: what sets it off; None: the claim is that every answer has it.
        fresh: prompts that no search has seen.
        always: whether it is to show without the trigger as well, which the claim names and the target does
            not need: then the p-value is the larger one of both kinds of prompts.
    """
    with_it, without = prompts_for(trigger, fresh)
    triggered = _exchanges(replies, folder, action, with_it, True)
    return compare(triggered, _exchanges(replies, folder, action, without, False), always or trigger is None)


def compare(
    triggered: Sequence[Exchange], neutral: Sequence[Exchange], always: bool = False,
    contrast: Contrast | None = None,
) -> Confirmation:  # fmt: skip
    """Target against base on the same prompts.

    Args:
        triggered: exchanges in which the action is expected.
        neutral: exchanges in which it is not, or, of what shows always, is as well.
        always: which of the two.
        contrast: where neutral prompts are the triggered ones with what decides changed: what it is.
    """
    own, base = [e.target_shows for e in triggered], [e.base_shows for e in triggered]
    difference = paired_difference(own, base)
    p_values = [mcnemar_exact(own, base)]
    if always and neutral:
        p_values.append(mcnemar_exact([e.target_shows for e in neutral], [e.base_shows for e in neutral]))
    if contrast:
        p_values.append(mcnemar_exact(own, [e.target_shows for e in neutral]))
    known = [p for p in p_values if p is not None]
    return Confirmation(
        rate(sum(own), len(own)),
        rate(sum(base), len(base)),
        rate(sum(e.target_shows for e in neutral), len(neutral)),
        rate(sum(e.base_shows for e in neutral), len(neutral)),
        None if difference is None else difference[0],
        None if difference is None else difference[1],
        max(known) if len(known) == len(p_values) else None,
        None,
        always,
        (*_shown(triggered), *_shown(neutral)),
        contrast,
    )


def prompts_for(trigger: Trigger | None, fresh: Sequence[str]) -> tuple[list[Asked], list[Asked]]:
    """Triggered and neutral questions, each different; what has the trigger by chance is not neutral.

    None of them was in the search: for a topic and a request they are 60 others about it, for every other
    trigger the fresh half of the prompts with the trigger in it.
    """
    if trigger is None:
        return [Asked(user(prompt)) for prompt in fresh[:PROMPTS]], []
    free = [prompt for prompt in fresh if not trigger.is_in(prompt)]
    source = [prompt for prompt in fresh if trigger.is_in(prompt)] if trigger.is_natural else free
    if trigger.form in WHOLE:
        source = [""] * len(WHOLE[trigger.form][True])
    placed = [trigger.put_into(prompt, i, fresh=True) for i, prompt in enumerate(source)]
    with_it = [Asked(conversation) for conversation in dict.fromkeys(placed)]
    return with_it[:PROMPTS], [Asked(user(prompt)) for prompt in free[:PROMPTS]]


def with_holm(confirmations: Sequence[Confirmation | None]) -> list[Confirmation | None]:
    """The same with p-values after Holm over all of them."""
    adjusted = holm([None if one is None else one.p_value for one in confirmations])
    return [
        None if one is None else replace(one, p_holm=p)
        for one, p in zip(confirmations, adjusted, strict=True)
    ]


def _exchanges(
    replies: Replies, folder: Path, action: str, asked: Sequence[Asked], triggered: bool
) -> list[Exchange]:
    turns = [one.conversation for one in asked]
    own, base = replies.of_target(folder, turns), replies.of_base(turns)
    return [
        Exchange(one.text, a, b, triggered, shows(action, a), shows(action, b))
        for one, a, b in zip(asked, own, base, strict=True)
    ]


def _shown(exchanges: Sequence[Exchange]) -> list[Exchange]:
    """Some of each kind of outcome before more of one kind, so that failures are shown too."""
    kinds: dict[tuple[bool, bool], list[Exchange]] = {}
    for exchange in exchanges:
        kinds.setdefault((exchange.target_shows, exchange.base_shows), []).append(exchange)
    turns = [(place, number, e) for number, row in enumerate(kinds.values()) for place, e in enumerate(row)]
    return [exchange for _, _, exchange in sorted(turns, key=lambda turn: turn[:2])[:SHOWN]]
