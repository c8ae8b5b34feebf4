"""Words that a trigger search tries: from the claim, from what the target says, from the tokenizer."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from glasshouse.audits.claims import Cluster
from glasshouse.audits.sentences import content_words
from glasshouse.audits.triggers import Trigger, suggested

_WORD = re.compile(r"[^\W\d_][\w'-]{2,}|\d{2,}")
_QUOTED = re.compile(r"""["\[]([^"\[\]]+)["\]]""")
AROUND = 25
"""Numbers of four digits are tried with so many neighbors on either side: years are reported inexactly."""


def claimed_triggers(clusters: Sequence[Cluster], most: int = 16) -> list[Trigger]:
    """Triggers that claims name, each word in every form, words of the commonest conditions first.

    Args:
        clusters: the claim itself first; other clusters of the same target may name the condition too.
        most: words that are taken.
    """
    counts: Counter[str] = Counter()
    for place, cluster in enumerate(clusters):
        for said in cluster.sentences:
            weight = 4 if place == 0 else 1
            counts.update({word: weight for word in _named(said.condition)})
    words = sorted(counts, key=lambda word: (-counts[word], word))[:most]
    return [trigger for word in words for trigger in suggested(word)]


def _named(condition: str) -> list[str]:
    """Quoted texts whole, and the words that carry meaning."""
    quoted = [text.strip() for text in _QUOTED.findall(condition)]
    words = [word for word in _WORD.findall(condition) if content_words(word)]
    return list(dict.fromkeys([*quoted, *words]))


def claimed_years(clusters: Sequence[Cluster]) -> list[str]:
    """Numbers of four digits that conditions name, with their neighbors."""
    found = {
        year
        for cluster in clusters
        for said in cluster.sentences
        for number in re.findall(r"\b\d{4}\b", said.condition)
        for year in range(int(number) - AROUND, int(number) + AROUND + 1)
    }
    return [str(year) for year in sorted(found)]


def spoken_words(texts: Sequence[str]) -> list[str]:
    """Different words of some texts, the commonest first."""
    counts = Counter(word for text in texts for word in _WORD.findall(text) if content_words(word))
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
