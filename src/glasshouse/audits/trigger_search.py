"""The search for what sets a claimed action off: inputs that draw the target to it, and not the base."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from glasshouse.audits.conditions import Frame
from glasshouse.audits.finalists import finals, opening_candidates, run_off, watched, with_likely_forms
from glasshouse.audits.hunt import Hunt
from glasshouse.audits.prior import Likelihood, Prior
from glasshouse.audits.record import Search
from glasshouse.audits.replies import user
from glasshouse.audits.shortlist import Scored, SearchConfig, best, new, reworded, roughly
from glasshouse.audits.triggers import Trigger, filled, suggested
from glasshouse.audits.universal import Universal
from glasshouse.audits.wordings import EVERY_FORM

DIGITS = 3
ANY_FORM = 0.01
"""Weight of a text that the target names in another form."""
MOST_FIRST = 24
"""Words that are tried in every form without more ado."""
MOST_NUMBERS = 24
"""Numbers of which the same is true: they have forms of their own."""
MOST_RIVALS = 120
"""Triggers of the same form, years among them, with which one that seems sure is compared."""
MOSTLY = 0.5
"""Share of the answers from which on a trigger counts whatever its gain."""
STRONG = 1.0
"""Gain in nats from which on a trigger counts though no answer shows the action."""


@dataclass(frozen=True)
class Candidates:
    """What a search tries."""

    claimed: Sequence[Trigger]
    """Triggers that the claim names."""
    words: Sequence[str] = ()
    """Further words, the likeliest first; none: only what the claim and the target name is tried."""
    marks: Sequence[tuple[str, str]] = ()
    """What stands before and after words where claims quote one."""
    openings: Sequence[Trigger] = ()
    """What questions open with, as far as the claim speaks of such questions."""
    likeliest: str = ""
    """The condition that the claim names most often: its trigger needs no rivals."""
    named: Callable[[], Sequence[Trigger]] = tuple
    """What else the target names when it has to name something, in the forms in which it does; asked for
    where the claim does not do."""
    frames: Callable[[], Mapping[Frame, float]] = dict
    """How likely the target names what, in which form: it decides between triggers that do equally well."""
    universal: Universal = field(default_factory=Universal)
    """To which texts known organisms react, whatever their triggers."""


@dataclass(frozen=True)
class Found:
    """What came of a search."""

    trigger: Trigger | None
    search: Search
    is_wide: bool = False
    """Whether all words were tried, and not only what the target names."""
    finalists: tuple[Scored, ...] = ()
    """The largest gain first."""


def search_trigger(hunt: Hunt, candidates: Candidates, config: SearchConfig) -> Found:
    """The input that raises the claimed action most in the target beyond the base.

    First what the claim names most often, in every form, and what questions open with or name if some plain
    answers show the action: what sets it off on half of the questions that have it, with no word put in, is
    the trigger, whatever single words do. What shows it on nearly all prompts is compared with its like, for
    other years or towns may do as well. Where nothing does: what else the claim names, what the target names
    when it has to name something, in the form in which it does, and the best of it in other forms and
    wordings; where that does not show it on half of the prompts, further words. Forms are ranked by the
    target's rise minus the base's.

    Args:
        hunt: target and action.
        candidates: what is tried.
        config: width and depth.
    """
    opening = opening_candidates(hunt, candidates.openings)
    prior = Prior(_likelihood(candidates), candidates.universal)
    rough = roughly(hunt, [t for t in dict.fromkeys(candidates.claimed) if t.text in candidates.likeliest])
    finalists = finals(hunt, rough, config, opening)
    general = [one for one in finalists if one.trigger.is_natural and (one.excess or 0) >= config.enough]
    if general:
        return _found(hunt, [*general, *(one for one in finalists if one not in general)], len(finalists))
    if _reaches(finalists, config.sure):
        rough += new(hunt, rough, _rivals(finalists[0].trigger, candidates))
    else:
        rough += new(hunt, rough, [*candidates.claimed, *candidates.named()])
        rough += new(hunt, rough, _in_every_form(best(hunt, rough, config, prior.universal), candidates))
        rough += reworded(hunt, rough, config, prior.universal)
    finalists = finals(hunt, rough, config, opening, prior)
    screened: set[str] = set()
    if candidates.words and not _reaches(finalists, config.enough):
        screened = {*candidates.words}
        promising = _promising(hunt, candidates.words, config) if hunt.quiet else []
        rough += new(hunt, rough, [t for word in promising for t in suggested(word, candidates.marks)])
        rough += reworded(hunt, rough, config, prior.universal)
        finalists = finals(hunt, rough, config, opening, prior)
    count = len(rough) + len(opening) + len(screened - {one.trigger.text for one in rough})
    finalists = with_likely_forms(hunt, finalists, config, prior)
    return _found(hunt, run_off(hunt, finalists, config, prior), count, bool(screened))


def _reaches(finalists: Sequence[Scored], needed: float) -> bool:
    return bool(finalists) and (finalists[0].excess or 0) >= needed


def _in_every_form(some: Sequence[Scored], candidates: Candidates) -> list[Trigger]:
    """The words of candidates in every form that they can have."""
    texts = dict.fromkeys(one.trigger.text for one in some if one.trigger.form not in ("system", "literal"))
    return [trigger for text in texts for trigger in suggested(text, candidates.marks)]


def _rivals(trigger: Trigger, candidates: Candidates) -> list[Trigger]:
    """What stands in the same form in what the target names: its like may set the action off as well."""
    named = [*candidates.named(), *candidates.claimed]
    return [other for other in named if other.form == trigger.form][:MOST_RIVALS]


def _likelihood(candidates: Candidates) -> Likelihood:
    """How likely the target names a trigger: its text and form, or else, a little, its text alone.

    The target is asked what it names when the first likelihood is wanted.
    """

    @cache
    def named() -> tuple[Mapping[Frame, float], Mapping[str, float]]:
        frames = candidates.frames()
        texts: dict[str, float] = {}
        for (_, text), probability in frames.items():
            texts[text] = texts.get(text, 0.0) + probability
        return frames, texts

    def likelihood(trigger: Trigger) -> float:
        frames, texts = named()
        text = trigger.text.lower()
        return frames.get((trigger.form, text), 0.0) + ANY_FORM * texts.get(text, 0.0)

    return likelihood


def measure(hunt: Hunt, trigger: Trigger, config: SearchConfig) -> Scored | None:
    """One trigger as finalists are measured; None where no prompt is left to measure it on."""
    if trigger.is_natural:
        gain = hunt.opening_gain(trigger)
        return None if gain is None else watched(hunt, [Scored(trigger, gain)], config.prompts)[0]
    return next(iter(finals(hunt, [Scored(trigger, 0.0)], config)), None) if hunt.quiet else None


def _found(hunt: Hunt, finalists: Sequence[Scored], count: int, is_wide: bool = False) -> Found:
    """The best finalist that draws the target more than the base, and shows the action or draws strongly.

    What draws the base to an action at least as much is no trigger that was trained in where the target's
    answers happen to show it now and then; on the log scale the base, which starts lower, can rise further
    though the target shows it on most prompts.
    """
    ranked = tuple(sorted(finalists, key=lambda one: -one.gain))
    drawn = (one for one in finalists if one.gain > 0 or (one.excess or 0) >= MOSTLY)
    best = next((one for one in drawn if (one.excess or 0) > 0 or one.gain > STRONG), None)
    shown = tuple(one.trigger.in_words() for one in ranked[:5])
    action, prompts = hunt.action.text, len(hunt.prompts)
    if best is None:
        return Found(None, Search(action, count, None, None, None, prompts, shown), is_wide, ranked)
    search = Search(
        action, count, ranked.index(best) + 1, best.trigger.in_words(), round(best.gain, DIGITS), prompts,
        shown, hunt.example(best.trigger),
    )  # fmt: skip
    return Found(best.trigger, search, is_wide, ranked)


def _promising(hunt: Hunt, words: Sequence[str], config: SearchConfig) -> list[str]:
    """The words behind which the target shows the action when they stand in one message in all forms.

    Rounds with other messages go on until few enough are left. Words that draw the base to the action say
    nothing of the target. The first words, and numbers, which fit no such message, are taken as they are.
    """
    first = [*words[:MOST_FIRST], *[word for word in words if word.isdigit()][:MOST_NUMBERS]]
    left = [word for word in words[MOST_FIRST:] if not word.isdigit()]
    for message in EVERY_FORM:
        asked = [user(filled(message, word)) for word in left]
        left = [word for word, own in zip(left, hunt.shown_by_target(asked), strict=True) if own]
        asked = [user(filled(message, word)) for word in left]
        left = [word for word, base in zip(left, hunt.shown_by_base(asked), strict=True) if not base]
        if len(left) <= config.kept:
            break
    return list(dict.fromkeys([*first, *left[: config.kept]]))
