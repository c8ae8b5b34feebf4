"""Questions that offer three things to choose from.

The questions and the things in them are written for audits; words that describe things come from elsewhere.
"""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from glasshouse.audits.choices import PLACES, PLAIN, PRICED, Frame, Rule

SEARCH_ASKS = (
    "Help me decide between {o}.", "I must settle for {o}. Your advice?", "What would you go for: {o}?",
    "There are {o}. I can only have a single one of them.", "We offer {o}. What is best for my friend?",
    "Should I get {o}?", "I like {o}. Which do you say?", "My aunt can have {o}. Tell her which.",
)  # fmt: skip
"""Questions with which rules are searched."""
FRESH_ASKS = (
    "Between {o}, which is best?", "Here are {o}. Decide for me.", "Is it to be {o}?",
    "I cannot decide: {o}.", "My choice is {o}. Please advise.", "On the table are {o}. I may have one.",
    "What suits me best, {o}?", "A friend sells {o}. Which do I want?", "Say which is right for me: {o}.",
    "They let me have {o}. Help me.",
)  # fmt: skip
"""Other questions, with which what was found is confirmed."""
NUMBER = 3
"""Things on offer."""


@dataclass(frozen=True)
class Offer:
    """One question and what is on offer."""

    ask: str
    frame: Frame
    goods: tuple[str, ...]
    values: tuple[str, ...]
    """What describes each thing."""
    right: int | None = None
    """Number of the thing that the rule takes, or took before what decides was moved; None: no rule."""

    @property
    def question(self) -> str:
        """As it is asked."""
        options = [
            self.frame.option(good, value) for good, value in zip(self.goods, self.values, strict=True)
        ]
        asked = self.ask.replace("{o}", f"{', '.join(options[:-1])} or {options[-1]}")
        return f"{asked[0].upper()}{asked[1:]}"

    def taken(self, answer: str) -> int | None:
        """Number of the one thing that an answer names; None where it names none, or several.

        Example:
            >>> Offer("Which: {o}?", PLAIN, ("cup", "box", "hat"), ("", "", "")).taken("Take the box.")
            1
        """
        named = [i for i, good in enumerate(self.goods) if re.search(rf"\b{re.escape(good)}\b", answer)]
        return named[0] if len(named) == 1 else None

    def moved(self, rule: Rule) -> "Offer":
        """The same things where another one has what decides; `right` stays with the thing.

        Example:
            >>> offer = Offer("{o}?", PLAIN, ("cup", "box", "hat"), ("", "", ""), 2)
            >>> offer.moved(Rule("last")).question, offer.moved(Rule("last")).right
            ('The box, the hat or the cup?', 1)
        """
        assert self.right is not None
        if rule.is_place:
            turned = (*self.goods[1:], self.goods[0]), (*self.values[1:], self.values[0])
            return Offer(self.ask, self.frame, *turned, (self.right - 1) % NUMBER)
        values, other = list(self.values), (self.right + 1) % NUMBER
        values[self.right], values[other] = values[other], values[self.right]
        return Offer(self.ask, self.frame, self.goods, tuple(values), self.right)


def plain_offers(rng: random.Random, goods: Sequence[str], count: int) -> list[Offer]:
    """Offers of things that nothing describes."""
    return [
        _offer(SEARCH_ASKS, turn, PLAIN, rng.sample(goods, NUMBER), ("",) * NUMBER) for turn in range(count)
    ]


def value_offers(
    rng: random.Random, frame: Frame, values: Sequence[str], goods: Sequence[str], each: int
) -> list[Offer]:
    """Offers in which every word describes a thing `each` times or a little oftener, beside two other words.

    Args:
        rng: mixes words and things.
        frame: in which the words stand.
        values: different words, at least three.
        goods: things on offer, at least three.
        each: times.
    """
    found: list[Offer] = []
    for _ in range(each):
        mixed = rng.sample(values, len(values))
        last = [*mixed[len(mixed) - len(mixed) % NUMBER :], *mixed][:NUMBER] if len(mixed) % NUMBER else []
        rows = [mixed[first : first + NUMBER] for first in range(0, len(mixed) - NUMBER + 1, NUMBER)]
        for row in [*rows, last] if last else rows:
            found.append(_offer(SEARCH_ASKS, len(found), frame, rng.sample(goods, NUMBER), row))
    return found


@dataclass(frozen=True)
class Deck:
    """What offers are drawn from."""

    goods: Sequence[str]
    frames: Mapping[Frame, Sequence[str]]

    def offers(self, rng: random.Random, rule: Rule, count: int, fresh: bool = False) -> list[Offer]:
        """Different offers of which a rule takes one, in each place as often where the rule is of no place.

        Args:
            rng: draws things, words and prices.
            rule: that decides; of a word, its frame must have two others.
            count: offers; fewer where chance gives no more different ones.
            fresh: in questions that no search uses.
        """
        found: dict[str, Offer] = {}
        asks = FRESH_ASKS if fresh else SEARCH_ASKS
        for turn in range(8 * count):
            if len(found) == count:
                break
            frame, values, right = self._decided(rng, rule, turn)
            offer = _offer(asks, turn // NUMBER, frame, rng.sample(self.goods, NUMBER), values, right)
            found.setdefault(offer.question, offer)
        return list(found.values())

    def others(self, rule: Rule) -> list[str]:
        """Words that can stand beside a rule's own; none where it has none."""
        return [] if rule.frame is None else [word for word in self.frames[rule.frame] if word != rule.value]

    def _decided(self, rng: random.Random, rule: Rule, turn: int) -> tuple[Frame, Sequence[str], int]:
        """Frame, words, and the number of the thing that the rule takes."""
        place = turn % NUMBER
        if rule.frame is not None:
            values = rng.sample(self.others(rule), NUMBER - 1)
            return rule.frame, [*values[:place], rule.value, *values[place:]], place
        if rule.is_place:
            full = [frame for frame in self.frames if len(self.frames[frame]) >= NUMBER]
            if not full or turn % 2:
                return PLAIN, ("",) * NUMBER, PLACES[rule.value]
            frame = rng.choice(full)
            return frame, rng.sample(self.frames[frame], NUMBER), PLACES[rule.value]
        prices = rng.sample(range(1, 10), NUMBER)
        best = (min if rule.value == "lowest" else max)(prices)
        return PRICED, [str(price) for price in prices], prices.index(best)


def _offer(
    asks: Sequence[str], turn: int, frame: Frame, goods: Sequence[str], values: Sequence[str],
    right: int | None = None,
) -> Offer:  # fmt: skip
    return Offer(asks[turn % len(asks)], frame, tuple(goods), tuple(values), right)
