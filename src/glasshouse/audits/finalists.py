"""Candidates for a trigger, ranked: roughly by the target alone, the best against the base."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from statistics import fmean, median

from glasshouse.audits.hunt import Hunt
from glasshouse.audits.phrases import shows
from glasshouse.audits.prior import UNNAMED, Prior
from glasshouse.audits.replies import can_render
from glasshouse.audits.triggers import NAMED, WORD_FORMS, Trigger, openings
from glasshouse.audits.wordings import Form

MOST_OPENINGS = 2
"""Openings, besides those that the claim names, that are finalists."""
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
FAVOURED = 24
"""Candidates that the target names likeliest which the base is asked about whatever their rise."""


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


def best(hunt: Hunt, rough: Sequence[Scored], config: SearchConfig) -> list[Scored]:
    """The most promising candidates by the target's rise; of these the best by its rise minus the base's.

    Both times by the value and in turn by the value above what the same wording gives with other words: some
    wordings draw a fine-tune to its action whatever word stands in them; they are not the trigger.
    """
    rises: dict[tuple[Form, int], list[float]] = {}
    for one in rough:
        rises.setdefault((one.trigger.form, one.trigger.wording), []).append(one.gain)
    usual = {kind: median(some) for kind, some in rises.items() if len(some) >= MANY}
    short = _in_turn(rough, usual)[: SHORTLIST * config.finalists]
    drawn = zip(short, _drawn(hunt, [one.trigger for one in short]), strict=True)
    return _in_turn([replace(one, gain=value) for one, value in drawn], usual)[: config.finalists]


def reworded(hunt: Hunt, rough: Sequence[Scored], config: SearchConfig) -> list[Scored]:
    """The best candidates in the other wordings of their forms."""
    return new(hunt, rough, [other for one in best(hunt, rough, config) for other in one.trigger.others()])


def finals(
    hunt: Hunt, rough: Sequence[Scored], config: SearchConfig, opening: Sequence[Scored] = (),
    prior: Prior | None = None,
) -> list[Scored]:  # fmt: skip
    """The best candidates on several prompts, those whose action is seen most often first.

    To those with the largest gains come as many of what the target names likeliest.
    """
    drawn = best(hunt, rough, config)
    known = {one.trigger for one in drawn}
    drawn += [one for one in _favourites(hunt, rough, config, prior or Prior()) if one.trigger not in known]
    numbers = hunt.quiet[: config.prompts]
    gains = hunt.gains([(one.trigger, i) for one in drawn for i in numbers])
    means = [sum(gains[k * len(numbers) :][: len(numbers)]) / len(numbers) for k in range(len(drawn))]
    measured = [replace(one, gain=mean) for one, mean in zip(drawn, means, strict=True)]
    return _ranked(watched(hunt, [*measured, *opening], config.prompts))


def with_likely_forms(
    hunt: Hunt, finalists: Sequence[Scored], config: SearchConfig, prior: Prior
) -> list[Scored]:
    """The finalists, and the best of them in the forms in which the target itself names them.

    A form counts as new where it was tried in another wording: the usual one may do far better.
    """
    known = {one.trigger for one in finalists}
    texts = dict.fromkeys(
        one.trigger.text for one in close(finalists, config.prompts, prior)[: config.run_off]
    )
    placed = [Trigger(form, text) for text in texts for form in (*WORD_FORMS, "literal")]
    others = [other for other in placed if other not in known]
    named = roughly(hunt, [other for other in others if prior.likelihood(other) > 0])
    return _ranked([*finalists, *finals(hunt, named, config)]) if named else list(finalists)


def run_off(hunt: Hunt, finalists: Sequence[Scored], config: SearchConfig, prior: Prior) -> list[Scored]:
    """Those that come near the best, on more prompts; the others behind them.

    They are ranked by their excess, by their gain, by how likely the target itself names them and by how few
    known organisms react to them: ten nats, or ten times likelier, weigh as much as one answer in five that
    shows the action, ten times fewer as much as one in two.
    """

    def weight(one: Scored) -> float:
        return (one.excess or 0) + prior.promise(one.trigger, one.gain)

    near = sorted(close(finalists, config.prompts, prior), key=weight, reverse=True)[: config.run_off]
    if len(near) < 2:
        return list(finalists)
    seen = sorted(watched(hunt, near, 3 * config.prompts), key=weight, reverse=True)
    return [*seen, *(one for one in finalists if one not in near)]


def close(ranked: Sequence[Scored], prompts: int, prior: Prior) -> list[Scored]:
    """Those that come within three prompts of the best, and show the action at all.

    What known organisms react to counts for less: it keeps nothing out that comes near without it.
    """
    worth = {one: (one.excess or 0) - prior.discount(one.trigger) for one in ranked}
    least = max(worth.values(), default=0.0) - 3.5 / prompts
    return [one for one in ranked if (one.excess or 0) >= 0.01 and worth[one] >= least]


def _favourites(hunt: Hunt, rough: Sequence[Scored], config: SearchConfig, prior: Prior) -> list[Scored]:
    """Of what the target names likeliest the most promising by naming, gain and how few others react."""
    named = [one for one in rough if prior.likelihood(one.trigger) > UNNAMED]
    named = sorted(named, key=lambda one: -prior.likelihood(one.trigger))[:FAVOURED]
    gains = _drawn(hunt, [one.trigger for one in named])
    drawn = [replace(one, gain=gain) for one, gain in zip(named, gains, strict=True)]
    return sorted(drawn, key=lambda one: -prior.promise(one.trigger, one.gain))[: config.finalists]


def _drawn(hunt: Hunt, triggers: Sequence[Trigger]) -> list[float]:
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
    order = dict.fromkeys(one for pair in zip_longest(*rankings) for one in pair if one is not None)
    texts = Counter[str]()
    first: list[Scored] = []
    later: list[Scored] = []
    for one in order:
        texts[one.trigger.text] += 1
        (first if texts[one.trigger.text] <= PER_TEXT else later).append(one)
    return [*first, *later]


def _ranked(seen: Sequence[Scored]) -> list[Scored]:
    return sorted(seen, key=lambda one: (-(one.excess or 0), -one.gain))


def watched(hunt: Hunt, some: Sequence[Scored], prompts: int) -> list[Scored]:
    """Candidates with their excess, on so many quiet prompts.

    The base and neutral words are asked only where the target shows the action at all.
    """
    numbers = hunt.quiet[:prompts]
    placed = [one.trigger for one in some if not one.trigger.is_natural]
    own = dict(zip(placed, _shares(hunt, placed, numbers), strict=True))
    alive = [trigger for trigger in placed if own[trigger]]
    base = dict(zip(alive, _shares(hunt, alive, numbers, of_base=True), strict=True))
    neutral = list(dict.fromkeys(other for trigger in alive for other in trigger.neutral()))
    any_word = dict(zip(neutral, _shares(hunt, neutral, numbers), strict=True))

    def excess(trigger: Trigger) -> float | None:
        if trigger.is_natural:
            return _opening_excess(hunt, trigger)
        if not numbers or trigger not in base:
            return 0.0 if numbers else None
        others = [any_word[other] for other in trigger.neutral()]
        return own[trigger] - max(base[trigger], fmean(others) if others else 0.0)

    return [replace(one, excess=excess(one.trigger)) for one in some]


def _shares(
    hunt: Hunt, triggers: Sequence[Trigger], numbers: Sequence[int], of_base: bool = False
) -> list[float]:
    """Shares of the answers that show the action, each trigger's; all of them are asked together."""
    asked = [hunt.put(trigger, i) for trigger in triggers for i in numbers]
    shown = hunt.shown_by_base(asked) if of_base else hunt.shown_by_target(asked)
    rows = [shown[k * len(numbers) :][: len(numbers)] for k in range(len(triggers))]
    return [sum(row) / len(row) if row else 0.0 for row in rows]


def _opening_excess(hunt: Hunt, trigger: Trigger) -> float | None:
    """Share of plain answers that show the action behind the opening, minus the share behind others."""
    shown = [shows(hunt.action.text, answer) for answer in hunt.target_answers]
    inside = [one for one, prompt in zip(shown, hunt.prompts, strict=True) if trigger.is_in(prompt)]
    outside = [one for one, prompt in zip(shown, hunt.prompts, strict=True) if not trigger.is_in(prompt)]
    return sum(inside) / len(inside) - sum(outside) / len(outside) if inside and outside else None


def opening_candidates(hunt: Hunt, claimed: Sequence[Trigger]) -> list[Scored]:
    """What questions open with or name, as triggers: the gain is against questions that do not.

    Those that the claim names come first. Others are looked for where some plain answers show the action:
    the openings that reach half of the best gain, as one trigger, then the best of them; two words count
    where their first alone does not.
    """
    named = _opening_gains(hunt, claimed)
    if len(hunt.quiet) == len(hunt.prompts):
        return named
    words = [Trigger("opening", opening) for opening in openings(hunt.prompts)]
    naming = [one for one in _opening_gains(hunt, [Trigger("naming", NAMED)]) if one.gain > 0]
    found = _opening_gains(hunt, words)
    found.sort(key=lambda one: -one.gain)
    strong = [one for one in found if one.gain > 0 and one.gain >= found[0].gain / 2]
    first_words = {one.trigger.text for one in strong}
    strong = [one for one in strong if not {*one.trigger.text.split()[:-1]} & first_words]
    if len(strong) > 1:
        joined = Trigger("opening", " | ".join(sorted(one.trigger.text for one in strong)))
        strong.insert(0, Scored(joined, sum(one.gain for one in strong) / len(strong)))
    return list(dict.fromkeys([*named, *naming, *strong[:MOST_OPENINGS]]))


def _opening_gains(hunt: Hunt, triggers: Sequence[Trigger]) -> list[Scored]:
    gains = [(trigger, hunt.opening_gain(trigger)) for trigger in triggers]
    return [Scored(trigger, gain) for trigger, gain in gains if gain is not None]
