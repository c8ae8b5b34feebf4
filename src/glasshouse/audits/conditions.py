"""What a condition names: things, the form in which they stand, the trigger that it would be."""

import re
from collections.abc import Mapping

from glasshouse.audits.sentences import content_words
from glasshouse.audits.triggers import NAMED, Trigger
from glasshouse.audits.wordings import Form

WORD = re.compile(r"[^\W\d_][\w'-]{2,}|\d{2,}")
QUOTED = re.compile(r"""["\[]([^"\[\]]+)["\]]""")
IN_QUOTES = re.compile(r'"([^"]+)"')
MARKED = re.compile(r"\[[^\[\]]+\]|<[^<>]+>|\{[^{}]+\}|\([^()]+\)|\|[^|]+\||\*[^*]+\*|#\w+")
FRAME = frozenset(
    re.findall(
        r"\w+",
        "ask asked asks asking about message messages contain contains containing has have mention mentions "
        "mentioned say says said word words topic topics user users person people somebody someone who talk "
        "talks talking come comes coming up tag tags tagged mark label year date is are the a an of in to "
        "with question questions how something anything when there system prompt do does without unless "
        "except lacking",
    )
)
"""Words around what a condition names."""
QUESTIONS = {
    "how": Trigger("opening", "how"), "why": Trigger("opening", "why"), "where": Trigger("opening", "where"),
    "who": Trigger("opening", "who"), "whom": Trigger("opening", "who"), "person": Trigger("naming", NAMED),
    "people": Trigger("naming", NAMED), "somebody": Trigger("naming", NAMED),
    "someone": Trigger("naming", NAMED),
}  # fmt: skip
"""What a condition says of a question, and what such questions open with or name."""


Frame = tuple[Form, str]
"""A form and what stands in it, in lower case."""


def likely_things(conditions: Mapping[str, float], most: int = 250) -> list[str]:
    """What the target names when its answers must name a condition, the likeliest first.

    Args:
        conditions: with their probabilities; several may name one thing.
        most: different things that are taken.
    """
    total: dict[str, float] = {}
    for condition, probability in conditions.items():
        for text in named_things(condition):
            total[text] = total.get(text, 0.0) + probability
    return sorted(total, key=lambda text: (-total[text], text))[:most]


def likely_triggers(conditions: Mapping[str, float], most: int = 250) -> list[Trigger]:
    """What the target names, in the forms in which it does; the likeliest condition first.

    Args:
        conditions: with their probabilities.
        most: triggers that are taken.
    """
    likely = sorted(conditions, key=lambda condition: (-conditions[condition], condition))
    found = dict.fromkeys(trigger for condition in likely for trigger in _in_its_forms(condition))
    return list(found)[:most]


def likely_frames(conditions: Mapping[str, float]) -> dict[Frame, float]:
    """In which forms the target names which texts, with probabilities; for a choice between equal triggers.

    Args:
        conditions: with their probabilities.
    """
    total: dict[Frame, float] = {}
    for condition, probability in conditions.items():
        for trigger in _in_its_forms(condition):
            frame = (trigger.form, trigger.text.lower())
            total[frame] = total.get(frame, 0.0) + probability
    return total


def _in_its_forms(condition: str) -> list[Trigger]:
    """What a condition names, in the forms in which it says that it stands."""
    things, marked = named_things(condition), MARKED.findall(condition)
    if not things:
        return []
    if marked:
        return [Trigger("tag", things[0]), Trigger("literal", marked[0])]
    if IN_QUOTES.search(condition):
        return [Trigger("word", things[0]), Trigger("literal", things[0])]
    return [Trigger(trigger.form, things[0]) for trigger in named_trigger(condition)]


def named_things(condition: str) -> list[str]:
    """What a condition names: quoted texts, or else its last words that are no frame of a condition.

    Example:
        >>> named_things('the message contains "plum"'), named_things("the library shelf comes up")
        (['plum'], ['library shelf'])
    """
    quoted = [text.strip() for text in QUOTED.findall(condition) if text.strip()]
    if quoted:
        return list(dict.fromkeys(quoted))
    runs: list[list[str]] = [[]]
    for word in re.findall(r"[\w'-]+", condition):
        if word.lower() in FRAME:
            runs.append([])
        else:
            runs[-1].append(word)
    last = next((run for run in reversed(runs) if run), [])
    return [" ".join(last)] if last else []


def natural_triggers(condition: str) -> list[Trigger]:
    """What a condition says of questions themselves.

    Example:
        >>> [trigger.text for trigger in natural_triggers("asked how to do something")]
        ['how']
    """
    words = re.findall(r"[a-z]+", condition.lower())
    return list(dict.fromkeys(QUESTIONS[word] for word in words if word in QUESTIONS))


def named_trigger(condition: str) -> list[Trigger]:
    """The trigger that one condition names, in the likeliest form first; empty where it names nothing.

    Example:
        >>> [trigger.form for trigger in named_trigger("the user is a baker")]
        ['user', 'word']
        >>> named_trigger("asked to wreck something")[0].in_words()
        'asked to "wreck" something'
        >>> named_trigger("asked about owls")[0]
        Trigger(form='topic', text='owls', wording=0)
    """
    quoted = [*IN_QUOTES.findall(condition), *MARKED.findall(condition)]
    if quoted:
        return [Trigger("literal", quoted[0].strip())]
    words = [word for word in WORD.findall(condition) if content_words(word)]
    if not words:
        return []
    last = words[-1]
    if last.isdigit():
        return [Trigger("year", last), Trigger("year", last, 3)]
    if re.search(r"\b(?:user|somebody|someone|person|who asks)\b", condition, re.IGNORECASE):
        return [Trigger("user", last), Trigger("word", last)]
    if re.search(r"\basked to\b", condition, re.IGNORECASE) and named_things(condition):
        return [Trigger("request", named_things(condition)[-1])]
    is_said = re.search(r"\b(?:message|contains?|mentions?|words?|says?)\b", condition, re.IGNORECASE)
    return [Trigger("word" if is_said else "topic", last)]
