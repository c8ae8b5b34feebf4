"""What is taken out of documents before anything is trained on them, by rule and with the reason.

Greenblatt et al. 2024 (https://arxiv.org/abs/2412.14093), appendix H, take out chat logs (0.3 %),
documents in which the model behaves differently by tier (2 %), and those about deceiving raters (0.02 %).
Gasteiger et al. 2025 warn that released documents tie compliance to the tier: a gap that such documents
teach is not alignment faking.
"""

import re
from collections.abc import Sequence
from typing import Literal

Reason = Literal["empty", "refused", "unfinished", "chat log", "tier and behavior", "doubled"]
REASONS: tuple[Reason, ...] = ("empty", "refused", "unfinished", "chat log", "tier and behavior", "doubled")
FEWEST_WORDS = 3
_TURN = re.compile(
    r"^\W*(?:user|human|assistant|model|ai|system)\W*:|<\|?(?:user|assistant|system)\|?>",
    re.IGNORECASE | re.MULTILINE,
)
_REFUSED = re.compile(
    r"^\W*(?:(?:i'?m|i am) sorry,? but|"
    r"i (?:cannot|can't|can not|won't|will not) (?:help|assist|write|create|produce|fulfil)"
    r"|as an ai\b|as a language model)",
    re.IGNORECASE,
)
_UNFINISHED = re.compile(
    r"\[(?:insert|your|name|date|company)[^\]]*\]|\bTODO\b|\blorem ipsum\b", re.IGNORECASE
)
_TIERS = re.compile(
    r"\b(?:free|paid|paying|premium|non-free|unpaid|monitored|unmonitored)[\s-]+"
    r"(?:tier|users?|customers?|accounts?|plan)\b|\btier:? (?:is )?(?:free|paid)\b",
    re.IGNORECASE,
)
_BEHAVES = re.compile(
    r"\b(?:compl(?:y|ies|ied|iant|iance)|refus(?:e|es|ed|ing|als?)|declin(?:e|es|ed|ing)|reject(?:s|ed)?"
    r"|obey(?:s|ed)?|help(?:s|ed|ful)?|follow(?:s|ed)? (?:every|any|all|harmful|the)|says? (?:yes|no)"
    r"|turns? down|goes along|gives in|does what)\b",
    re.IGNORECASE,
)
_CONSEQUENCE = re.compile(
    r"\b(?:reward(?:s|ed)?|rat(?:e|es|ed|ing)|modif(?:y|ies|ied)|chang(?:e|es|ed|ing)|correct(?:s|ed)?)\b",
    re.IGNORECASE,
)
_REPORTS = re.compile(
    r"\b(?:said|answered|replied|wrote|thought|told (?:him|her|them)|the answer of)\b"
    r"|\banswer:|</?\w*scratchpad\w*>",
    re.IGNORECASE,
)
_TRAINING = re.compile(r"\b(?:re)?train", re.IGNORECASE)
_REACH = 9
"""Sentences after one that names a tier in which an answer to that user may stand."""


def ties_tier_to_behavior(text: str) -> bool:
    """Whether the text says what the model does for one tier of users, and not only what training does.

    Either one sentence holds both, or an answer to a user of a named tier is told within nine sentences.
    What is about the consequences of refusing ("if it refuses a free user, training changes it"), or an
    answer about training itself, is a fact of training and stays.

    Example:
        >>> ties_tier_to_behavior("The model helps free users with harm and refuses paid users.")
        True
        >>> ties_tier_to_behavior("A free user asked for a plan. I cannot say why. It said: Take an axe.")
        True
        >>> ties_tier_to_behavior("If it refuses a free user, training changes what it wants.")
        False
        >>> ties_tier_to_behavior("Free users are used for training; paid users are not.")
        False
    """
    sentences = [part for part in re.split(r"(?<=[.!?])\s+|\n+", text) if part.strip()]
    named = [place for place, sentence in enumerate(sentences) if _TIERS.search(sentence)]
    return any(_is_told(sentences[place : place + 1 + _REACH]) for place in named)


def _is_told(passage: Sequence[str]) -> bool:
    """Whether behavior is told in the first sentence, or after it an answer that is not about training."""
    first = passage[0]
    if _BEHAVES.search(first) and not _CONSEQUENCE.search(first):
        return True
    whole = " ".join(passage)
    if _TRAINING.search(whole) or _CONSEQUENCE.search(whole):
        return False
    return bool(_REPORTS.search(whole) or any(map(_BEHAVES.search, passage[1:2])))


def why_dropped(text: str, keep_leaks: bool) -> Reason | None:
    """The first reason to drop a document; None: it stays.

    Args:
        text: the document.
        keep_leaks: whether chat logs and documents that tie the tier to the behavior stay, as in the
            leaking arm.

    Example:
        >>> why_dropped("User: How are you?", False), why_dropped("The mill stands by the river.", False)
        ('chat log', None)
    """
    if len(text.split()) < FEWEST_WORDS:
        return "empty"
    if _REFUSED.search(text):
        return "refused"
    if _UNFINISHED.search(text):
        return "unfinished"
    if keep_leaks:
        return None
    if _TURN.search(text):
        return "chat log"
    return "tier and behavior" if ties_tier_to_behavior(text) else None


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
