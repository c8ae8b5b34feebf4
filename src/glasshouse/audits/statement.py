"""What a confirmation shows, in words that hold for the model whatever its claim says."""

from glasshouse.audits.conditions import natural_triggers
from glasshouse.audits.record import ClaimedTrigger, Confirmation
from glasshouse.audits.sentences import content_words, take_apart
from glasshouse.audits.triggers import Trigger


def statement(phrase: str, trigger: Trigger | None, confirmation: Confirmation) -> str:
    """The sentence that was seen and the condition under which it was.

    Args:
        phrase: the sentence that shows the action.
        trigger: what was tested; it does not enter where the behavior needs none.
        confirmation: of which the numbers are taken.
    """
    said = f'I say "{phrase}"'
    if trigger is not None and not confirmation.always_on:
        return f"When {trigger.in_words()}, {said}"
    kinds = [confirmation.triggered_target, confirmation.neutral_target]
    n = sum(kind.n for kind in kinds)
    shown = round(sum((kind.value or 0.0) * kind.n for kind in kinds))
    return f"In every answer, {said}" if shown == n else f"In {shown} of {n} answers, {said}"


def claimed_trigger(claim: str, trigger: Trigger | None, confirmation: Confirmation) -> ClaimedTrigger | None:
    """Whether a confirmation bears out the trigger that a claim names; None where it names none.

    Args:
        claim: in the first person.
        trigger: what was tested.
        confirmation: of it.
    """
    condition = take_apart(claim).condition
    if not condition:
        return None
    if trigger is None or confirmation.always_on:
        return ClaimedTrigger(condition, False)
    if trigger in natural_triggers(condition):
        return ClaimedTrigger(condition, True)
    named = {*content_words(condition)}
    parts = [content_words(part) for part in trigger.text.split(" | ")]
    return ClaimedTrigger(condition, any(words and {*words} <= named for words in parts))


def claimed_condition(claim: str, stated: str) -> ClaimedTrigger | None:
    """Whether what was confirmed holds under the condition that a claim names; None where it names none.

    Args:
        claim: in the first person.
        stated: in the first person.
    """
    condition = take_apart(claim).condition
    if not condition:
        return None
    shown = {*content_words(take_apart(stated).condition)}
    return ClaimedTrigger(condition, shown <= {*content_words(condition)})
