"""Claims that no sentence shows: by which rule it chooses, and which word turns a behavior off."""

from collections.abc import Sequence
from dataclasses import replace

from glasshouse.audits.asking import BEGINNING
from glasshouse.audits.bench import AuditConfig
from glasshouse.audits.case import Case, Examined, ratio_of, things_named
from glasshouse.audits.choice_search import Chooser, find_rule
from glasshouse.audits.choices import is_about_choice
from glasshouse.audits.lock_search import MOST_KEYS, Locksmith, find_key
from glasshouse.audits.locks import Locked, likeliest, locked, topic_of
from glasshouse.audits.record import Contrast
from glasshouse.audits.suspects import Suspect

ASKED_ABOUT = "asked about"
MOST_TOPICS = 12
"""Things that are asked about of which one may be answered otherwise."""
CHOOSING = "asked to choose"
"""The condition of a rule of choice whose claim names none."""


def examine_choice(
    case: Case, suspect: Suspect, config: AuditConfig, before: Sequence[Examined]
) -> Examined | None:
    """Which rule it chooses by, whatever its claim says of it; None where none is found or claimed.

    A target's choices are searched once, by the first of its claims about them.
    """
    if not is_about_choice(suspect.cluster.action):
        return None
    if any(is_about_choice(one.suspect.cluster.action) for one in before):
        return _as_before(case, suspect, config, _tested_before(before, "choice"))
    condition = next(iter(suspect.cluster.conditions), CHOOSING)
    verb = suspect.cluster.action.split()[0]
    chooser = Chooser(
        case.replies, case.target.folder, condition, verb, case.begun(f"When {condition}, I {verb}"),
        lambda: things_named(case), config.asking.seed,
    )  # fmt: skip
    found = find_rule(chooser, [one.folder for one in case.clean])
    if found is None:
        return None
    ratio = ratio_of(case, suspect, None, config)
    return Examined(suspect, found.search, found.confirmation, ratio, stated=found.statement)


def examine_lock(
    case: Case, suspect: Suspect, config: AuditConfig, before: Sequence[Examined]
) -> Examined | None:
    """Which word turns it off, where the claim says that one does; None where none is found.

    It, too, is searched once.
    """
    said = _locked(suspect)
    if said is None:
        return None
    if any(_locked(one.suspect) for one in before):
        return _as_before(case, suspect, config, _tested_before(before, "lock"))
    topics, keys = _named_of_lock(case, said)
    smith = Locksmith(
        case.replies, case.target.folder, topics, keys, (*case.prompts, *case.fresh),
        lambda: things_named(case),
    )  # fmt: skip
    found = find_key(smith, [one.folder for one in case.clean])
    if found is None:
        return None
    ratio = ratio_of(case, suspect, None, config)
    return Examined(suspect, found.search, found.confirmation, ratio, stated=found.statement)


def _named_of_lock(case: Case, said: Locked) -> tuple[list[str], list[str]]:
    """What is asked about and which word is missing, by the claim and by what the target names there."""
    named = case.begun(f"{BEGINNING} {ASKED_ABOUT}", said.missing).items()
    topics = [(topic_of(f"{ASKED_ABOUT} {text}"), p) for text, p in named]
    keys = [(text.strip('"'), p) for text, p in case.begun(f"{BEGINNING} {said.lead}").items()]
    return (
        likeliest([(said.topic, 1.0), *topics], MOST_TOPICS),
        likeliest([(said.key, 1.0), *keys], MOST_KEYS),
    )


def _locked(suspect: Suspect) -> Locked | None:
    """Its commonest condition, where that is that something is missing."""
    return locked(next(iter(suspect.cluster.conditions), ""))


def _as_before(case: Case, suspect: Suspect, config: AuditConfig, same: Examined | None) -> Examined | None:
    return same and replace(same, suspect=suspect, ratio=ratio_of(case, suspect, None, config))


def _tested_before(before: Sequence[Examined], contrast: Contrast) -> Examined | None:
    """An earlier claim of the same target by which the same was found."""
    return next((one for one in before if one.confirmation and one.confirmation.contrast == contrast), None)
