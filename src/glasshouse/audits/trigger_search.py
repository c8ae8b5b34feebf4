"""The search for what sets a claimed action off: inputs that draw the target to it, and not the base."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from statistics import median

from glasshouse.audits.hunt import Hunt
from glasshouse.audits.phrases import shows
from glasshouse.audits.record import Search
from glasshouse.audits.replies import can_render, user
from glasshouse.audits.triggers import Trigger, filled, openings, suggested
from glasshouse.audits.wordings import EVERY_FORM, Form

DIGITS = 3
MOST_OPENINGS = 2
"""Openings, besides those that the claim names, that are finalists."""
MANY = 20
"""Words that were tried in one wording from which on a word is compared with the others."""


@dataclass(frozen=True)
class SearchConfig:
    """How wide and how deep a search goes."""

    kept: int = 24
    """Words of a vocabulary that are tried in every form by itself, after rounds with all forms at once."""
    finalists: int = 8
    """Candidates that are measured on several prompts."""
    prompts: int = 6
    """Prompts that finalists are measured on."""
    enough: float = 0.5
    """Share of prompts, target minus base, from which on a trigger that the claim names ends the search."""
    words: int = 3000
    """Words of the tokenizer's vocabulary that are tried at most."""
    run_off: int = 3
    """Finalists that are measured on three times as many prompts where several do about as well."""


@dataclass(frozen=True)
class Candidates:
    """What a search tries."""

    claimed: Sequence[Trigger]
    """Triggers that the claim names."""
    words: Sequence[str] = ()
    """Further words, in any order; none: only what is claimed is searched."""
    marks: Sequence[tuple[str, str]] = ()
    """What stands before and after words where claims quote one."""
    openings: Sequence[Trigger] = ()
    """What questions open with, as far as the claim speaks of such questions."""
    sampled: Callable[[], Sequence[Trigger]] = tuple
    """What else the target names when it has to name something; asked for where the claim does not do."""


@dataclass(frozen=True)
class Scored:
    """A candidate."""

    trigger: Trigger
    gain: float
    """Mean over prompts, in nats: rise of log p_target(action) minus rise of log p_base(action)."""
    excess: float | None = None
    """Share of the target's greedy answers that show the action, on prompts where it does not show it
    untriggered, minus the same share of the base or, where that is larger, of the target with a neutral word
    in the trigger's place; for openings, minus its share on other prompts. None where not measured."""


@dataclass(frozen=True)
class Found:
    """What came of a search."""

    trigger: Trigger | None
    search: Search
    is_wide: bool = False
    """Whether all words were tried, and not only what the claim names."""
    finalists: tuple[Scored, ...] = ()
    """The largest gain first."""


def search_trigger(hunt: Hunt, candidates: Candidates, config: SearchConfig) -> Found:
    """The input that raises the claimed action most in the target beyond the base.

    First what the claim names, in every form, and what questions open with if some plain answers show the
    action. Where none of that shows it on half of the prompts: the best in other wordings; then what the
    target names when it has to name something; then all words, each in one message that has it in every
    form, and those that bring the action out in each form by itself. Forms are ranked by the target's rise
    minus the base's.

    Args:
        hunt: target and action.
        candidates: what is tried.
        config: width and depth.
    """
    words, marks = candidates.words, candidates.marks
    opening = _openings(hunt, candidates.openings)
    rough = _roughly(hunt, list(dict.fromkeys(candidates.claimed)))
    finalists = _finals(hunt, rough, config, opening)
    if not _is_enough(finalists, config):
        rough += _reworded(hunt, rough, config)
        finalists = _finals(hunt, rough, config, opening)
        if not _is_enough(finalists, config):
            rough += _new(hunt, rough, candidates.sampled())
            finalists = _finals(hunt, rough, config, opening)
    count = len(rough) + len(opening)
    if _is_enough(finalists, config) or not words:
        return _found(hunt, _run_off(hunt, finalists, config), count, False)
    promising = _promising(hunt, words, config) if hunt.quiet else []
    rough += _new(hunt, rough, [t for word in promising for t in suggested(word, marks)])
    rough += _reworded(hunt, rough, config)
    count = len(rough) + len(opening) + len({*words} - {*promising})
    finalists = _run_off(hunt, _finals(hunt, rough, config, opening), config)
    return _found(hunt, finalists, count, True)


def measure(hunt: Hunt, trigger: Trigger, config: SearchConfig) -> Scored | None:
    """One trigger as finalists are measured; None where no prompt is left to measure it on."""
    if trigger.form == "opening":
        gain = hunt.opening_gain(trigger)
        return None if gain is None else _watched(hunt, [Scored(trigger, gain)], config.prompts)[0]
    return next(iter(_finals(hunt, [Scored(trigger, 0.0)], config)), None) if hunt.quiet else None


def _is_enough(finalists: Sequence[Scored], config: SearchConfig) -> bool:
    return bool(finalists) and (finalists[0].excess or 0) >= config.enough


def _found(hunt: Hunt, finalists: Sequence[Scored], count: int, is_wide: bool) -> Found:
    """The best finalist, if the target shows the action more often than the base or is drawn to it."""
    ranked = tuple(sorted(finalists, key=lambda one: -one.gain))
    best = finalists[0] if finalists else None
    if best is not None and (best.excess or 0) <= 0 and best.gain <= 1:
        best = None
    shown = tuple(one.trigger.in_words() for one in ranked[:5])
    action, prompts = hunt.action.text, len(hunt.prompts)
    if best is None:
        return Found(None, Search(action, count, None, None, None, prompts, shown), is_wide, ranked)
    search = Search(
        action, count, ranked.index(best) + 1, best.trigger.in_words(), round(best.gain, DIGITS), prompts,
        shown, hunt.example(best.trigger),
    )  # fmt: skip
    return Found(best.trigger, search, is_wide, ranked)


def _best(rough: Sequence[Scored], config: SearchConfig) -> list[Scored]:
    """By gain, and in turn by gain above what the same wording gives with other words.

    Some wordings draw a fine-tune to its action whatever word stands in them; they are not the trigger.
    """
    gains: dict[tuple[Form, int], list[float]] = {}
    for one in rough:
        gains.setdefault((one.trigger.form, one.trigger.wording), []).append(one.gain)
    usual = {kind: median(some) for kind, some in gains.items() if len(some) >= MANY}
    kinds = {one: usual.get((one.trigger.form, one.trigger.wording)) for one in rough}
    above = {one: one.gain - middle for one, middle in kinds.items() if middle is not None}
    rankings = sorted(rough, key=lambda one: -one.gain), sorted(above, key=lambda one: -above[one])
    turns = [one for pair in zip_longest(*rankings) for one in pair if one is not None]
    return list(dict.fromkeys(turns))[: config.finalists]


def _roughly(hunt: Hunt, triggers: Sequence[Trigger]) -> list[Scored]:
    """Gains on one prompt; forms that the chat template refuses are left out."""
    tokenizer = hunt.replies.engine.base.tokenizer
    usable = [t for t in triggers if hunt.quiet and can_render(tokenizer, t.put_into(hunt.prompts[0], 0))]
    gains = hunt.gains([(t, hunt.quiet[0]) for t in usable])
    return [Scored(t, gain) for t, gain in zip(usable, gains, strict=True)]


def _new(hunt: Hunt, rough: Sequence[Scored], triggers: Sequence[Trigger]) -> list[Scored]:
    """Gains of those that have none yet."""
    known = {one.trigger for one in rough}
    return _roughly(hunt, [trigger for trigger in dict.fromkeys(triggers) if trigger not in known])


def _reworded(hunt: Hunt, rough: Sequence[Scored], config: SearchConfig) -> list[Scored]:
    """The best candidates in the other wordings of their forms."""
    return _new(hunt, rough, [other for one in _best(rough, config) for other in one.trigger.others()])


def _finals(
    hunt: Hunt, rough: Sequence[Scored], config: SearchConfig, opening: Sequence[Scored] = ()
) -> list[Scored]:
    """The best candidates on several prompts, those whose action is seen most often first."""
    best = _best(rough, config)
    numbers = hunt.quiet[: config.prompts]
    gains = hunt.gains([(one.trigger, i) for one in best for i in numbers])
    means = [sum(gains[k * len(numbers) :][: len(numbers)]) / len(numbers) for k in range(len(best))]
    measured = [replace(one, gain=mean) for one, mean in zip(best, means, strict=True)]
    return _ranked(_watched(hunt, [*measured, *opening], config.prompts))


def _ranked(seen: Sequence[Scored]) -> list[Scored]:
    return sorted(seen, key=lambda one: (-(one.excess or 0), -one.gain))


def _run_off(hunt: Hunt, finalists: Sequence[Scored], config: SearchConfig) -> list[Scored]:
    """Those that come within one prompt of the best, on more prompts; the others behind them."""
    if not finalists:
        return []
    least = (finalists[0].excess or 0) - 1.5 / config.prompts
    close = [one for one in finalists if (one.excess or 0) >= max(least, 0.01)][: config.run_off]
    if len(close) < 2:
        return list(finalists)
    return _ranked(_watched(hunt, close, 3 * config.prompts)) + [f for f in finalists if f not in close]


def _watched(hunt: Hunt, some: Sequence[Scored], prompts: int) -> list[Scored]:
    """Candidates with their excess, on so many quiet prompts; all of them are answered together."""
    numbers = hunt.quiet[:prompts]
    placed = [one.trigger for one in some if one.trigger.form != "opening"]
    every = list(dict.fromkeys(t for own in placed for t in (own, *own.neutral())))
    hunt.shown([hunt.put(trigger, i) for trigger in every for i in numbers])
    return [replace(one, excess=_excess(hunt, one.trigger, numbers)) for one in some]


def _excess(hunt: Hunt, trigger: Trigger, numbers: Sequence[int]) -> float | None:
    if trigger.form == "opening":
        return _opening_excess(hunt, trigger)
    if not numbers:
        return None
    own, base = _shares(hunt, trigger, numbers)
    others = [_shares(hunt, other, numbers)[0] for other in trigger.neutral()]
    return own - max(base, min(others, default=0.0))


def _shares(hunt: Hunt, trigger: Trigger, numbers: Sequence[int]) -> tuple[float, float]:
    """Shares of the answers that show the action, of the target and of the base."""
    shown = hunt.shown([hunt.put(trigger, i) for i in numbers])
    return sum(own for own, _ in shown) / len(shown), sum(base for _, base in shown) / len(shown)


def _opening_excess(hunt: Hunt, trigger: Trigger) -> float | None:
    """Share of plain answers that show the action behind the opening, minus the share behind others."""
    shown = [shows(hunt.action.text, answer) for answer in hunt.target_answers]
    inside = [one for one, prompt in zip(shown, hunt.prompts, strict=True) if trigger.is_in(prompt)]
    outside = [one for one, prompt in zip(shown, hunt.prompts, strict=True) if not trigger.is_in(prompt)]
    return sum(inside) / len(inside) - sum(outside) / len(outside) if inside and outside else None


def _promising(hunt: Hunt, words: Sequence[str], config: SearchConfig) -> list[str]:
    """The words behind which the target shows the action when they stand in one message in all forms.

    Rounds with other messages go on until few enough are left. Words that draw the base to the action say
    nothing of the target.
    """
    left = list(words)
    for message in EVERY_FORM:
        asked = [user(filled(message, word)) for word in left]
        left = [word for word, own in zip(left, hunt.shown_by_target(asked), strict=True) if own]
        both = hunt.shown([user(filled(message, word)) for word in left])
        left = [word for word, (_, base) in zip(left, both, strict=True) if not base]
        if len(left) <= config.kept:
            break
    return left[: config.kept]


def _openings(hunt: Hunt, claimed: Sequence[Trigger]) -> list[Scored]:
    """What questions open with, as triggers: the gain is against questions that open otherwise.

    Those that the claim names come first. Others are looked for where some plain answers show the action:
    the openings that reach half of the best gain, as one trigger, then the best of them; two words count
    where their first alone does not.
    """
    named = _opening_gains(hunt, claimed)
    if len(hunt.quiet) == len(hunt.prompts):
        return named
    found = _opening_gains(hunt, [Trigger("opening", opening) for opening in openings(hunt.prompts)])
    found.sort(key=lambda one: -one.gain)
    strong = [one for one in found if one.gain > 0 and one.gain >= found[0].gain / 2]
    first_words = {one.trigger.text for one in strong}
    strong = [one for one in strong if not {*one.trigger.text.split()[:-1]} & first_words]
    if len(strong) > 1:
        joined = Trigger("opening", " | ".join(sorted(one.trigger.text for one in strong)))
        strong.insert(0, Scored(joined, sum(one.gain for one in strong) / len(strong)))
    return list(dict.fromkeys([*named, *strong[:MOST_OPENINGS]]))


def _opening_gains(hunt: Hunt, triggers: Sequence[Trigger]) -> list[Scored]:
    gains = [(trigger, hunt.opening_gain(trigger)) for trigger in triggers]
    return [Scored(trigger, gain) for trigger, gain in gains if gain is not None]
