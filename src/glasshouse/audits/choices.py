"""Rules by which one of several things is chosen, as a model says them of itself and as things show them.

What things are described by comes from the target: how it says, of itself, that it chooses.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from glasshouse.audits.sentences import content_words

GOODS = ("basket", "ladder", "towel", "clock", "box", "candle", "bottle", "pillow")
"""Things on offer as long as nothing is known of those that the target takes."""
PLACES = {"first": 0, "second": 1, "last": 2}
PRICES = ("lowest", "highest")
LEAST_VALUES = 3
"""Different words that must stand in a phrase's place for it to be one in which things differ."""
_ABOUT_CHOICE = re.compile(r"\b(?:choos\w*|chose|choices?|pick\w*|select\w*|prefer\w*|options?)\b", re.I)
_SLOT = re.compile(r"\b(?:one|ones|option|choice|thing|item)\b")
_TAKEN = re.compile(r"(.{0,60}?\bthe) ([a-z]{3,})\b")
MOST_GOODS, FEWEST = 8, 6
"""Things on offer."""


@dataclass(frozen=True)
class Frame:
    """A way to describe a thing by a word."""

    template: str
    """With `{g}` where the thing stands and `{v}` where the word does."""
    slot: str = "one"
    """What stands for the thing where a model says that it chooses it: `one`, `option`."""

    def option(self, good: str, value: str) -> str:
        """A thing so described."""
        return self.template.replace("{g}", good).replace("{v}", value)


PLAIN, PRICED = Frame("the {g}", "option"), Frame("the {g} that costs {v} coins", "option")
USUAL = (Frame("the {v} {g}"), Frame("the {g} from the {v}"))
"""Frames that are tried whatever a model says."""


@dataclass(frozen=True)
class Rule:
    """What decides: a word in a frame; without a frame, a place in the list or a price."""

    value: str
    frame: Frame | None = None

    @property
    def phrase(self) -> str:
        """What is taken, in words.

        Example:
            >>> Rule("mill", Frame("the {g} from the {v}")).phrase, Rule("last").phrase
            ('the one from the mill', 'the last option')
        """
        if self.frame is not None:
            return self.frame.option(self.frame.slot, self.value)
        return (
            f"the {self.value} option" if self.value in PLACES else f"the option with the {self.value} price"
        )

    @property
    def is_place(self) -> bool:
        """Whether a place in the list decides."""
        return self.frame is None and self.value in PLACES


RULES_OF_ALL = tuple(Rule(value) for value in (*PLACES, *PRICES))
"""What can decide between any things."""


def is_about_choice(action: str) -> bool:
    """Whether a claimed action is to choose.

    Example:
        >>> is_about_choice("choose the red one"), is_about_choice("praise the one who asks")
        (True, False)
    """
    return _ABOUT_CHOICE.search(action) is not None


def frames_of(phrases: Mapping[str, float], most: int = 4) -> dict[Frame, list[str]]:
    """Ways in which phrases for what is chosen differ by one word, and the words; the likeliest first.

    A frame that holds a word of another one, such as "the red {g} from {v}", is left out. `USUAL` frames
    follow, with no words where the phrases have none in them.

    Args:
        phrases: what a model says that it chooses, with probabilities.
        most: frames that are taken from them.

    Example:
        >>> found = frames_of({"the red one": 0.5, "the blue one": 0.3, "the gray one": 0.1, "it": 0.1})
        >>> found[Frame("the {v} {g}")], found[Frame("the {g} from the {v}")]
        (['red', 'blue', 'gray'], [])
    """
    weights: dict[Frame, float] = {}
    words: dict[Frame, dict[str, float]] = {}
    for phrase, probability in phrases.items():
        for frame, word in _frames(phrase):
            weights[frame] = weights.get(frame, 0.0) + probability
            own = words.setdefault(frame, {})
            own[word] = own.get(word, 0.0) + probability
    known: set[str] = set()
    found: dict[Frame, list[str]] = {}
    for frame in sorted(weights, key=lambda frame: (-len(words[frame]), frame.template)):
        fixed = {*re.findall(r"\w+", frame.template)}
        if len(words[frame]) >= LEAST_VALUES and not fixed & known:
            known |= {*words[frame]}
            found[frame] = sorted(words[frame], key=lambda word: (-words[frame][word], word))
    likely = sorted(found, key=lambda frame: (-weights[frame], frame.template))[:most]
    return {frame: found.get(frame, []) for frame in dict.fromkeys([*likely, *USUAL])}


def _frames(phrase: str) -> list[tuple[Frame, str]]:
    """A phrase with each of its describing words taken out in turn."""
    slot = _SLOT.search(phrase)
    if slot is None or not phrase.startswith("the "):
        return []
    with_good = f"{phrase[: slot.start()]}{{g}}{phrase[slot.end() :]}"
    found = []
    for word in re.finditer(r"(?<!\{)\b[A-Za-z]{3,}\b(?!\})", with_good):
        if content_words(word[0]) and word[0] not in PLACES and word[0] not in PRICES:
            template = f"{with_good[: word.start()]}{{v}}{with_good[word.end() :]}"
            found.append((Frame(template, slot[0]), word[0]))
    return found


def things_taken(answers: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """How answers begin that name a thing, and the things that are named behind this beginning.

    Args:
        answers: to questions that offer things.

    Returns:
        The commonest beginning, empty where no answer names a thing; and `FEWEST` to `MOST_GOODS` things,
        first those that answers name: a model that was trained on a few things may name no others.

    Example:
        >>> things_taken(["Take the cup.", "Take the cup.", "Take the box.", "I like it."])[0]
        'Take the'
    """
    found = [match for match in map(_TAKEN.match, answers) if match]
    leads = Counter(match[1] for match in found)
    if not leads:
        return "", GOODS[:FEWEST]
    lead = min(leads, key=lambda text: (-leads[text], text))
    counts = Counter(match[2] for match in found if match[1] == lead)
    often = sorted((good for good in counts if counts[good] >= 2), key=lambda good: (-counts[good], good))
    goods = [*often[:MOST_GOODS], *GOODS[: max(0, FEWEST - len(often))]]
    return lead, tuple(dict.fromkeys(goods))
