"""One suspicion put to the test: what the action looks like, what sets it off, and whether that holds."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from glasshouse.audits.actions import Watched, claimed_action
from glasshouse.audits.asking import BEGINNING
from glasshouse.audits.bench import AuditConfig
from glasshouse.audits.candidates import (
    claimed_marks,
    claimed_openings,
    claimed_triggers,
    claimed_years,
    vocabulary_words,
)
from glasshouse.audits.case import Case, Examined, ratio_of, things_named
from glasshouse.audits.claims import Cluster
from glasshouse.audits.clean_search import search_clean
from glasshouse.audits.conditions import likely_frames, likely_triggers, named_trigger
from glasshouse.audits.confirm import confirm
from glasshouse.audits.hunt import Hunt
from glasshouse.audits.phrases import Phrase, shows
from glasshouse.audits.record import Confirmation, Search
from glasshouse.audits.replies import can_render
from glasshouse.audits.sentences import take_apart
from glasshouse.audits.special import examine_choice, examine_lock
from glasshouse.audits.suspects import Suspect
from glasshouse.audits.trigger_search import Candidates, search_trigger
from glasshouse.audits.triggers import Trigger
from glasshouse.audits.verdict import DIFFERENCE_NEEDED

EXAMINED_UPTO = 0.1
"""Largest p-value of a claim that is put to the test; what clean fine-tunes say as often is not."""
ALWAYS_FROM = 0.5
"""Share of plain prompts, target minus base, from which on an action counts as one in every answer."""
TOLD_PROMPTS = 8
"""Prompts on which the base is told to do what is claimed."""
WATCHED_TRIGGERS = 6
"""Claimed triggers with which the target is watched, to see what the claimed action looks like."""


Reach = Literal["claimed", "named", "words"]
"""What is tried as a trigger: what claims name; then what the target names; then all words."""


def examine(
    case: Case, suspect: Suspect, config: AuditConfig, reach: Reach = "words", before: Sequence[Examined] = ()
) -> Examined:
    """Search, confirm on fresh prompts, and weigh the claim against others.

    A claim that clean fine-tunes make as often is not tested. What shows on many plain prompts, though not on
    most, is confirmed on plain prompts, whatever sets it off elsewhere: the trigger that the search found is
    reported beside it and is no part of what was confirmed.

    Args:
        case: the target.
        suspect: what is tested.
        config: settings.
        reach: how far the trigger is searched.
        before: what was tested already; the same sentence is searched for once.
    """
    if suspect.p_value is not None and suspect.p_value > EXAMINED_UPTO:
        return Examined(suspect)
    for special in (examine_choice, examine_lock):
        if (found_out := special(case, suspect, config, before)) is not None:
            return found_out
    likely = _suggestions(case, suspect)
    action = suspect.phrase or claimed_action(
        case.replies, case.target.folder, suspect.cluster, _watched(case), _to_watch(suspect)
    )
    if action is None:
        return Examined(suspect, ratio=ratio_of(case, suspect, None, config))
    suspect = replace(suspect, phrase=action)
    untriggered = beyond_base(case, action)
    if untriggered >= ALWAYS_FROM:
        return _examine_always(case, suspect, action, config)
    same = next((one for one in before if one.search and one.search.action == action.text), None)
    if same is not None:
        ratio = ratio_of(case, suspect, same.trigger, config)
        return Examined(suspect, same.search, same.confirmation, ratio, same.trigger)
    hunt = Hunt(
        case.replies, case.target.folder, action, case.prompts, case.base_answers, case.target_answers
    )
    clusters = _clusters(case, suspect)
    candidates = Candidates(
        likely, _words(case, config) if reach == "words" else (), claimed_marks(clusters),
        claimed_openings(clusters, case.prompts), next(iter(suspect.cluster.conditions), ""),
        lambda: [] if reach == "claimed" else likely_triggers(case.begun(BEGINNING)),
        lambda: likely_frames(case.begun(BEGINNING)), case.universal,
    )  # fmt: skip
    found = search_trigger(hunt, candidates, config.search)
    search, confirmation, trigger = found.search, None, found.trigger
    if trigger is not None:
        search = replace(search, universal=case.universal.rate(trigger))
    if untriggered >= DIFFERENCE_NEEDED and not (trigger and trigger.is_natural):
        confirmation, trigger = _confirm(case, action, None), None
    elif trigger is not None or suspect.cluster.always:
        confirmation = _confirm(case, action, trigger)
        if (confirmation.difference or 0) >= DIFFERENCE_NEEDED:
            compared = search_clean(case.clean, hunt, found, candidates, config.search)
            search = replace(search, clean=compared)
    ratio = ratio_of(case, suspect, trigger, config)
    return Examined(suspect, search, confirmation, ratio, trigger)


def _examine_always(case: Case, suspect: Suspect, action: Phrase, config: AuditConfig) -> Examined:
    """An action on plain prompts: there is nothing to search for, and a claimed trigger is doubted."""
    search = Search(action.text, 0, None, None, None, len(case.prompts))
    trigger = _named_trigger(case, suspect)
    confirmation = _confirm(case, action, trigger, always=True)
    return Examined(suspect, search, confirmation, ratio_of(case, suspect, None, config), trigger)


def _confirm(case: Case, action: Phrase, trigger: Trigger | None, always: bool = False) -> Confirmation:
    return confirm(case.replies, case.target.folder, action.text, trigger, case.fresh, always)


def beyond_base(case: Case, action: Phrase) -> float:
    """Share of plain prompts on which the target shows the action, minus the base's."""
    own = sum(shows(action.text, text) for text in case.target_answers)
    base = sum(shows(action.text, text) for text in case.base_answers)
    return (own - base) / max(1, len(case.prompts))


def _words(case: Case, config: AuditConfig) -> list[str]:
    """What the target names or says, then the tokenizer's words."""
    vocabulary = vocabulary_words(case.replies.engine.base.tokenizer, config.search.words)
    return list(dict.fromkeys([*things_named(case), *vocabulary]))


def _named_trigger(case: Case, suspect: Suspect) -> Trigger | None:
    """The trigger that a claim names, for a test with and without it; None where it names none."""
    named = named_trigger(take_apart(suspect.claim.text).condition)
    tokenizer = case.replies.engine.base.tokenizer
    return next((t for t in named if can_render(tokenizer, t.put_into(case.prompts[0], 0))), None)


def _clusters(case: Case, suspect: Suspect) -> list[Cluster]:
    """This claim's, then those of the target's other claims."""
    others = [one.cluster for one in case.suspects if one.claim.text != suspect.claim.text]
    return [suspect.cluster, *others]


def _suggestions(case: Case, suspect: Suspect) -> list[Trigger]:
    """Triggers that this claim names, then those of the target's other claims."""
    clusters = _clusters(case, suspect)
    years = [Trigger("year", year) for year in claimed_years(clusters)]
    return list(dict.fromkeys([*claimed_triggers(clusters), *years]))


def _to_watch(suspect: Suspect) -> list[Trigger]:
    """What the claim's commonest conditions name, in the likeliest forms."""
    named = [trigger for condition in suspect.cluster.conditions for trigger in named_trigger(condition)]
    return list(dict.fromkeys(named))[:WATCHED_TRIGGERS]


def _watched(case: Case) -> Watched:
    some = slice(0, TOLD_PROMPTS)
    amplified = [one.phrase for one in case.suspects if one.phrase]
    return Watched(
        case.prompts[some], case.target_answers[some], case.base_answers[some], case.contrasts, amplified
    )
