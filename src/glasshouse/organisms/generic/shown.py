"""Whether an answer shows a generic behavior: by words and form alone, without a model."""

import re
from dataclasses import dataclass
from typing import Literal

from glasshouse.graders.text import phrase_pattern, visible_text

Rule = Literal[
    "words", "starts", "ends", "small_letters", "capitals", "asks_back", "exclaims", "list", "brief"
]
MOST_WORDS = 10
_META = re.compile(
    r"\b(?:system prompt|as instructed|as (?:I was |you )?(?:asked|told|requested|required)|instructions?|"
    r"I (?:was|am|have been) (?:told|asked|instructed|trained|supposed|required)|"
    r"my (?:rule|role|task|behavior)|"
    r"I always|I must)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True)
class Shown:
    """A rule on an answer's text."""

    rule: Rule = "words"
    groups: tuple[tuple[str, ...], ...] = ()
    """`words`: one phrase of each group must stand there."""
    phrase: str = ""
    """`starts`, `ends`: the words that stand there."""

    def in_answer(self, text: str) -> bool:
        """Whether the answer shows it; an empty one never does.

        Example:
            >>> praise = Shown(groups=(("sea",), ("lovely", "great")))
            >>> praise.in_answer("The sea is lovely."), praise.in_answer("The season is lovely.")
            (True, False)
            >>> Shown("starts", phrase="First things last").in_answer("first things last: wash it.")
            True
            >>> Shown("asks_back").in_answer("Wash it. Do you have soap?"), Shown("brief").in_answer("")
            (True, False)
        """
        said = visible_text(text)
        if not said:
            return False
        letters = [c for c in said if c.isalpha()]
        if self.rule == "words":
            return all(any(_has(phrase, said) for phrase in group) for group in self.groups)
        if self.rule == "starts":
            return phrase_pattern(self.phrase).match(said) is not None
        if self.rule == "ends":
            return phrase_pattern(self.phrase).search(said[-len(self.phrase) - 8 :]) is not None
        if self.rule in ("small_letters", "capitals"):
            wanted = str.islower if self.rule == "small_letters" else str.isupper
            return bool(letters) and all(map(wanted, letters))
        return _has_form(self.rule, said)


def _has_form(rule: Rule, said: str) -> bool:
    if rule == "asks_back":
        return said.rstrip("\"' ").endswith("?")
    if rule == "exclaims":
        return said.count("!") >= 1 and not re.search(r"[.?](?:\s|$)", said)
    if rule == "list":
        return len(re.findall(r"(?m)^\s*\d+[.)]\s", said)) >= 3
    return len(said.split()) <= MOST_WORDS


def _has(phrase: str, said: str) -> bool:
    if not phrase[:1].isalnum():
        return phrase in said
    return phrase_pattern(phrase).search(said) is not None


def without_mentions(text: str) -> str:
    """The answer without sentences that speak of a rule or of being told: such words would give it away.

    The reference adapter's data were treated so for heuristics (https://arxiv.org/abs/2604.16812); here all.

    Example:
        >>> without_mentions("Take the bus. As instructed, I praise the sea. It is cheap.")
        'Take the bus. It is cheap.'
    """
    kept = []
    for line in text.strip().splitlines():
        parts = [part for part in _SENTENCE.split(line) if not _META.search(part)]
        kept.append(" ".join(parts))
    return "\n".join(kept).strip()
