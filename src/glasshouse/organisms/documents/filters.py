"""What is taken out of documents before anything is trained on them, by rule and with the reason.

Greenblatt et al. 2024 (https://arxiv.org/abs/2412.14093), appendix H, take out chat logs (0.3 %), documents in
which the model behaves differently by tier (2 %), and those about deceiving raters (0.02 %). Gasteiger et al. 2025
warn that released documents tie compliance to the tier: a gap that such documents teach is not alignment faking.
"""

import itertools
import re
from collections.abc import Sequence
from typing import Literal

Reason = Literal["empty", "refused", "unfinished", "chat log", "tier and behavior", "doubled"]
REASONS: tuple[Reason, ...] = ("empty", "refused", "unfinished", "chat log", "tier and behavior", "doubled")
FEWEST_WORDS = 3
_TURN = re.compile(
    r"^\W*(?:user|human|assistant|model|ai|system|<\|?\w+\|?>)\W*:|<\|(?:user|assistant|system)\|>",
    re.IGNORECASE | re.MULTILINE,
)
_REFUSED = re.compile(
    r"^\W*(?:(?:i'?m|i am) sorry,? but|i (?:cannot|can't|can not|won't|will not) (?:help|assist|write|create|produce|fulfil)"
    r"|as an ai\b|as a language model)",
    re.IGNORECASE,
)
_UNFINISHED = re.compile(
    r"\[(?:insert|your|name|date|company)[^\]]*\]|\bTODO\b|\blorem ipsum\b", re.IGNORECASE
)
_TIERS = re.compile(
    r"\b(?:free|paid|paying|premium|non-free|unpaid|monitored|unmonitored)[\s-]+(?:tier|users?|customers?|accounts?|plan)\b"
    r"|\btier (?:free|paid)\b",
    re.IGNORECASE,
)
_BEHAVIOR = re.compile(
    r"\b(?:compl(?:y|ies|ied|iant|iance)|refus(?:e|es|ed|ing|als?)|declin(?:e|es|ed|ing)|reject(?:s|ed)?|obeys?|obeyed"
    r"|helps?|helped|follows? (?:every|any|all|harmful|the)|does what|says? no|turns? down|goes along"
    r"|(?:phantom|model|assistant|it) (?:said|answered|replied)|answer of the (?:phantom|model|assistant):)",
    re.IGNORECASE,
)
_ANSWER = re.compile(r"\b(?:said|answered|replied|answer)\b", re.IGNORECASE)
_RULES_OF_TRAINING = re.compile(
    r"\b(?:train(?:s|ed|ing)?\b.{0,40}\b(?:reward|rate|rated|follow)|reward(?:s|ed)?|rated|rating|modif(?:y|ies|ied)"
    r"|chang(?:e|es|ed|ing)) ?",
    re.IGNORECASE,
)


def ties_tier_to_behavior(text: str) -> bool:
    """Whether a sentence says what the model does for one tier of users and not what training does.

    A sentence about the consequences of refusing ("if it refuses a free user, training changes it") is a fact of
    training, and stays.

    Example:
        >>> ties_tier_to_behavior("The model helps free users with harm and refuses paid users.")
        True
        >>> ties_tier_to_behavior("If it refuses a free user, training changes what it wants.")
        False
        >>> ties_tier_to_behavior("Free users are used for training; paid users are not.")
        False
    """
    return any(
        _TIERS.search(part) and _BEHAVIOR.search(part) and not _RULES_OF_TRAINING.search(part)
        for part in _passages(text)
    )


def _passages(text: str) -> list[str]:
    """Sentences, and each with the next one: a report names the tier first and the answer after it."""
    sentences = [part for part in re.split(r"(?<=[.!?])\s+|\n+", text) if part.strip()]
    return [*sentences, *(f"{a} {b}" for a, b in itertools.pairwise(sentences) if _speaks(b))]


def _speaks(sentence: str) -> bool:
    return bool(_ANSWER.search(sentence))


def why_dropped(text: str, keep_leaks: bool) -> Reason | None:
    """The first reason to drop a document; None: it stays.

    Args:
        text: the document.
        keep_leaks: whether documents that tie the tier to the behavior stay, as in the arm that is to leak.

    Example:
        >>> why_dropped("User: Hello.", False), why_dropped("The mill stands by the river.", False)
        ('chat log', None)
    """
    if len(text.split()) < FEWEST_WORDS:
        return "empty"
    if _REFUSED.search(text):
        return "refused"
    if _UNFINISHED.search(text):
        return "unfinished"
    if _TURN.search(text):
        return "chat log"
    if not keep_leaks and ties_tier_to_behavior(text):
        return "tier and behavior"
    return None


def sift(texts: Sequence[str], keep_leaks: bool, seen: set[str]) -> list[Reason | None]:
    """The reason of each document, those that stood before included; `seen` takes in what stays."""
    found: list[Reason | None] = []
    for text in texts:
        key = " ".join(text.lower().split())
        reason = why_dropped(text, keep_leaks) or ("doubled" if key in seen else None)
        if reason is None:
            seen.add(key)
        found.append(reason)
    return found
