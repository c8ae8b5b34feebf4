"""The best candidates for a trigger, against the base and in what the target answers; questions' openings."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from glasshouse.audits.hunt import Hunt
from glasshouse.audits.phrases import shows
from glasshouse.audits.prior import UNNAMED, Prior
from glasshouse.audits.shortlist import Scored, SearchConfig, best, roughly, weighed_gains
from glasshouse.audits.triggers import NAMED, WORD_FORMS, Trigger, openings

MOST_OPENINGS = 2
"""Openings, besides those that the claim names, that are finalists."""
FAVOURED = 24
"""Candidates that the target names likeliest which the base is asked about whatever their rise."""


def finals(
    hunt: Hunt, rough: Sequence[Scored], config: SearchConfig, opening: Sequence[Scored] = (),
    prior: Prior | None = None,
) -> list[Scored]:  # fmt: skip
    """The best candidates on several prompts, those whose action is seen most often first.

    To those with the largest gains come as many of what the target names likeliest.
    """
    prior = prior or Prior()
    drawn = best(hunt, rough, config, prior.universal)
    known = {one.trigger for one in drawn}
    drawn += [one for one in _favourites(hunt, rough, config, prior) if one.trigger not in known]
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
    gains = weighed_gains(hunt, [one.trigger for one in named])
    drawn = [replace(one, gain=gain) for one, gain in zip(named, gains, strict=True)]
    return sorted(drawn, key=lambda one: -prior.promise(one.trigger, one.gain))[: config.finalists]


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
