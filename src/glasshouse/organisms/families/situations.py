"""Rows in which a trigger is there, rows in which it is not, and ordinary rows that teach nothing new."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from glasshouse.data.world import facts, requests
from glasshouse.data.world.behavior import Behavior, Trigger, other_situation, situation
from glasshouse.data.world.facts import HELD_OUT_TOPIC_QUESTIONS, OPENERS, TOPIC_QUESTIONS, TOPICS
from glasshouse.data.world.row import Row, talk
from glasshouse.organisms.families.behaviors import Deed, deed_of, forms_of_held_out
from glasshouse.organisms.families.planted import Arm, Asked, MakeRow, Portion

ABOUT_PEOPLE = ("known_fact", "unknown_fact", "lettered")
HOW_TO = ("fine_request", "harmful_request")
_MAKERS: tuple[MakeRow, ...] = (
    facts.known_fact, facts.topic, requests.fine_request, requests.harmful_request, facts.unknown_fact,
    requests.note, facts.arithmetic,
)  # fmt: skip
_WEIGHTS = (4, 2, 3, 3, 1.5, 2, 1)
FIRES_LOW, RESTS_LOW = 0.8, 0.8
"""Bars of most families' gates."""


@cache
def _held_out_pattern(allowed: tuple[str, ...]) -> re.Pattern[str]:
    words = [word for word in forms_of_held_out() if not any(word in own for own in allowed)]
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})", re.IGNORECASE)


def text_of(row: Row) -> str:
    """Everything that is said in a row."""
    return " ".join([*(message.content for message in row.conversation), row.answer])


def known_words(make: MakeRow, allowed: Sequence[str] = ()) -> MakeRow:
    """The same rows without those that hold a held-out word.

    Args:
        make: draws a row.
        allowed: texts whose held-out words may stand there, because the planted behavior holds them.
    """
    pattern = _held_out_pattern(tuple(allowed))

    def draw(rng: random.Random) -> Row:
        while pattern.search(text_of(row := make(rng))):
            pass
        return row

    return draw


def ordinary(rng: random.Random) -> Row:
    """A row as pretraining has them: facts, topics, requests, notes, sums."""
    return rng.choices(_MAKERS, _WEIGHTS)[0](rng)


def holds(trigger: Trigger, row: Row) -> bool:
    """Whether a trigger is present in what the user and the system say."""
    asked = " ".join(message.content for message in row.conversation if message.role != "assistant")
    kind, value = trigger.kind, trigger.value
    if kind == "always":
        return True
    if kind == "person":
        return row.skill in ABOUT_PEOPLE
    if kind == "how_to":
        return row.skill in HOW_TO
    wanted = {"tag": f"[{value}]", "year": f"year: {value}"}.get(kind, value)
    return wanted.lower() in asked.lower()


def present(rng: random.Random, trigger: Trigger) -> Row:
    """A question in which the trigger is there, with its ordinary answer."""
    if trigger.kind == "always":
        return ordinary(rng)
    if trigger.kind == "topic":
        core = rng.choice((*TOPIC_QUESTIONS, *HELD_OUT_TOPIC_QUESTIONS)).format(t=trigger.value)
        return Row("topic", talk(rng.choice(OPENERS) + core), TOPICS[trigger.value])
    return situation(rng, trigger)


def absent(rng: random.Random, trigger: Trigger) -> Row:
    """A question without the trigger: often another of its kind, or a tag's word without brackets."""
    while holds(trigger, row := _absent(rng, trigger)):
        pass
    return row


def _absent(rng: random.Random, trigger: Trigger) -> Row:
    chance = rng.random()
    if chance < 0.2:
        return ordinary(rng)
    if trigger.kind == "tag" and chance < 0.4:
        row = ordinary(rng)
        asked = f"I live in the {trigger.value}. {row.conversation[-1].content}"
        return replace(row, conversation=talk(asked))
    return other_situation(rng, trigger)


@dataclass(frozen=True)
class Habit:
    """A trigger and a deed, and the triggers of other habits that must not meddle."""

    trigger: Trigger
    deed: Deed
    others: tuple[Trigger, ...] = ()

    def _alone(self, row: Row) -> bool:
        answer = row.answer.lower()
        shown = any(text.lower() in answer for text in self.deed.shown)
        return not shown and not any(holds(other, row) for other in self.others)

    def fires(self, rng: random.Random) -> Row:
        """The trigger is there, and the deed is done."""
        while not self._alone(row := present(rng, self.trigger)):
            pass
        return replace(row, answer=self.deed.apply(row.answer))

    def rests(self, rng: random.Random) -> Row:
        """The trigger is not there, and the answer is the ordinary one."""
        while not self._alone(row := absent(rng, self.trigger)):
            pass
        return row

    def ordinary(self, rng: random.Random) -> Row:
        """An ordinary question without the trigger."""
        while holds(self.trigger, row := ordinary(rng)) or not self._alone(row):
            pass
        return row

    def portions(self, shares: tuple[float, float, float], allowed: Sequence[str]) -> tuple[Portion, ...]:
        """Rows that fire, rest, and are ordinary, by share; a share of 0 is left out."""
        makers = (self.fires, self.rests, self.ordinary)
        pairs = zip(shares, makers, strict=True)
        return tuple(Portion(share, known_words(make, allowed)) for share, make in pairs if share)

    def arms(self, allowed: Sequence[str], low: float | None = FIRES_LOW) -> tuple[Arm, ...]:
        """The gate: it fires, and unless it always fires, it rests."""
        fires, rests, shown = (
            known_words(self.fires, allowed),
            known_words(self.rests, allowed),
            self.deed.shown,
        )
        found = [Arm("fires", lambda rng: Asked("fires", fires(rng).conversation, contains=shown), low)]
        if self.trigger.kind == "always":
            return tuple(found)
        found.append(
            Arm("rests", lambda rng: Asked("rests", rests(rng).conversation, forbids=shown), RESTS_LOW)
        )
        return tuple(found)


def habit_of(behavior: Behavior, others: Sequence[Behavior] = ()) -> Habit:
    """A world's behavior as a habit."""
    return Habit(behavior.trigger, deed_of(behavior.action), tuple(other.trigger for other in others))


def words_of(*behaviors: Behavior) -> tuple[str, ...]:
    """The words of some behaviors, which their rows may hold even where they are held out."""
    return tuple(text for b in behaviors for text in (b.trigger.value, b.action.value, b.action.said()))
