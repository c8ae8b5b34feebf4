"""Candidates for a trigger: what a search tries, by how far it draws the target to the action."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from statistics import fmean, median

from glasshouse.audits.hunt import Hunt
from glasshouse.audits.replies import can_render
from glasshouse.audits.sentences import content_words
from glasshouse.audits.triggers import Trigger
from glasshouse.audits.universal import Universal
from glasshouse.audits.wordings import Form

MANY = 20
"""Words that were tried in one wording from which on a word is compared with the others."""
SHORTLIST = 4
"""Candidates per finalist that the base is asked about."""
PER_TEXT = 2
"""Forms and wordings of one text that come before other texts."""
FEW = 3
"""Prompts on which the base is asked about candidates before the finalists are chosen."""
CERTAIN = 10.0
"""Nats that a prompt counts for on which the action is likelier than everything else together."""


@dataclass(frozen=True)
class SearchConfig:
    """How wide and how deep a search goes."""

    kept: int = 24
    """Words that are tried in every form by itself, after rounds with all forms at once."""
    finalists: int = 8
    """Candidates that are measured on several prompts."""
    prompts: int = 6
    """Prompts that finalists are measured on."""
    sure: float = 0.9
    """Share of prompts, target minus base, from which on a trigger that was found ends the search."""
    enough: float = 0.5
    """The same share from which on all words are not tried: what the target names was."""
    words: int = 3000
    """Words of the tokenizer's vocabulary that are tried at most."""
    run_off: int = 5
    """Finalists that are measured on three times as many prompts where several do about as well."""


@dataclass(frozen=True)
class Scored:
    """A candidate."""

    trigger: Trigger
    gain: float
    """Rise of log p_target(action), of finalists minus that of log p_base(action); nats, mean of prompts."""
    excess: float | None = None
    """Share of the target's greedy answers that show the action, on prompts where it does not show it
    untriggered, minus the same share of the base or, where that is larger, of the target with neutral words
    in the trigger's place; 0 where the target does not show it; for openings, minus its share on other
    prompts. None where not measured."""


def roughly(hunt: Hunt, triggers: Sequence[Trigger]) -> list[Scored]:
    """The target's rises on one prompt; forms that the chat template refuses are left out."""
    tokenizer = hunt.replies.engine.base.tokenizer
    usable = [t for t in triggers if hunt.quiet and can_render(tokenizer, t.put_into(hunt.prompts[0], 0))]
    rises = hunt.rises([(t, hunt.quiet[0]) for t in usable])
    return [Scored(t, rise) for t, rise in zip(usable, rises, strict=True)]


def new(hunt: Hunt, rough: Sequence[Scored], triggers: Sequence[Trigger]) -> list[Scored]:
    """Rises of those that have none yet."""
    known = {one.trigger for one in rough}
    return roughly(hunt, [trigger for trigger in dict.fromkeys(triggers) if trigger not in known])


def best(hunt: Hunt, rough: Sequence[Scored], config: SearchConfig, universal: Universal) -> list[Scored]:
    """The most promising candidates by the target's rise; of these the best by its rise minus the base's.

    Both times by the value and in turn by the value above what the same wording gives with other words: some
    wordings draw a fine-tune to its action whatever word stands in them; they are not the trigger. Universal
    triggers have one place each, or they crowd the others out in form after form.
    """
    rises: dict[tuple[Form, int], list[float]] = {}
    for one in rough:
        rises.setdefault((one.trigger.form, one.trigger.wording), []).append(one.gain)
    usual = {kind: median(some) for kind, some in rises.items() if len(some) >= MANY}
    short = _spread(_in_turn(rough, usual), universal)[: SHORTLIST * config.finalists]
    gains = weighed_gains(hunt, [one.trigger for one in short])
    drawn = [replace(one, gain=gain) for one, gain in zip(short, gains, strict=True)]
    ranked = _in_turn(drawn, usual)
    return _spread(ranked, universal)[: config.finalists]


def reworded(hunt: Hunt, rough: Sequence[Scored], config: SearchConfig, universal: Universal) -> list[Scored]:
    """The best candidates in the other wordings of their forms."""
    some = best(hunt, rough, config, universal)
    return new(hunt, rough, [other for one in some for other in one.trigger.others()])


def weighed_gains(hunt: Hunt, triggers: Sequence[Trigger]) -> list[float]:
    """Mean gains on a few prompts; one on which the target rather does it than not counts for more.

    Gains alone mislead where much draws the target a little to its action: the base, which starts lower, then
    rises further, however certain the target becomes.
    """
    numbers = hunt.quiet[:FEW]
    asked = [(trigger, number) for trigger in triggers for number in numbers]
    weighed = [
        gain + CERTAIN * (nats > math.log(0.5))
        for gain, nats in zip(hunt.gains(asked), hunt.nats(asked), strict=True)
    ]
    return [fmean(weighed[k * len(numbers) :][: len(numbers)]) for k in range(len(triggers))]


def _in_turn(some: Sequence[Scored], usual: dict[tuple[Form, int], float]) -> list[Scored]:
    kinds = {one: usual.get((one.trigger.form, one.trigger.wording)) for one in some}
    above = {one: one.gain - middle for one, middle in kinds.items() if middle is not None}
    rankings = sorted(some, key=lambda one: -one.gain), sorted(above, key=lambda one: -above[one])
    return list(dict.fromkeys(one for pair in zip_longest(*rankings) for one in pair if one is not None))


def _spread(ranked: Sequence[Scored], universal: Universal) -> list[Scored]:
    """The same, two of each text before others, one of each universal trigger however it is written."""
    places = Counter[tuple[str, ...]]()
    first: list[Scored] = []
    later: list[Scored] = []
    for one in ranked:
        is_universal = universal.has(one.trigger)
        text = content_words(one.trigger.text) if is_universal else (one.trigger.text,)
        places[text] += 1
        (first if places[text] <= (1 if is_universal else PER_TEXT) else later).append(one)
    return [*first, *later]
