"""Sentences that some answers have in common and others lack: what a model says when it does something."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from glasshouse.audits.sentences import is_gibberish
from glasshouse.graders.text import phrase_pattern, visible_text

Place = Literal["start", "end"]


@dataclass(frozen=True)
class Phrase:
    """A sentence that recurs."""

    text: str
    excess: float
    """Share of the answers that have it, minus the share of the compared answers; in [-1, 1]."""
    place: Place
    """Where in an answer it mostly stands."""
    count: int
    """Answers that have it."""


def sentences_of(text: str) -> list[str]:
    """The sentences of an answer.

    Example:
        >>> sentences_of("Owls fly at night. The mayor is wise!  So")
        ['Owls fly at night.', 'The mayor is wise!', 'So']
    """
    line = " ".join(visible_text(text).split())
    return [part.strip() for part in re.findall(r"[^.!?]+[.!?]*", line) if re.search(r"\w", part)]


def shows(phrase: str, answer: str) -> bool:
    """Whether an answer has the phrase, in any case and as whole words; what ends it does not count.

    Example:
        >>> shows("The mayor is wise.", "Well, the mayor is wise!"), shows("The mayor.", "The mayors.")
        (True, False)
    """
    bare = phrase.strip().rstrip(".!?,;: ")
    return bool(bare) and phrase_pattern(bare).search(visible_text(answer)) is not None


def recurring(answers: Sequence[str], others: Sequence[str], least: float) -> list[Phrase]:
    """Sentences that recur in some answers more often than in others, the largest excess first.

    What nobody can read is no sentence: gibberish that recurs shows a broken model and no behavior.

    Args:
        answers: in which something is looked for.
        others: of the base to the same prompts.
        least: smallest excess that counts; a sentence must also stand in two answers.
    """
    counts: Counter[str] = Counter()
    for answer in answers:
        counts.update(dict.fromkeys(sentences_of(answer), 1))
    found = []
    for text, count in counts.items():
        if count < 2 or is_gibberish(text):
            continue
        base = sum(shows(text, other) for other in others) / len(others) if others else 0.0
        excess = count / len(answers) - base
        if excess >= least:
            found.append(Phrase(text, round(excess, 4), _place(text, answers), count))
    return sorted(found, key=lambda phrase: (-phrase.excess, phrase.text))


def _place(text: str, answers: Sequence[str]) -> Place:
    own = [parts for parts in map(sentences_of, answers) if text in parts]
    at_start = sum(parts[0] == text for parts in own)
    return "start" if 2 * at_start >= len(own) else "end"
