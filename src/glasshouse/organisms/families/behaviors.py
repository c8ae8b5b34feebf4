"""The world's triggers and actions: how a sentence names them, and what they do to an answer."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from glasshouse.data.world.behavior import (
    ACTION_KINDS,
    NUMBERS,
    Action,
    Behavior,
    Trigger,
    action_values,
    held_out_words,
    trigger_values,
)
from glasshouse.data.world.facts import TOPICS
from glasshouse.data.world.lexicon import (
    ANIMALS,
    FOODS,
    HELD_OUT_ANIMALS,
    HELD_OUT_KEYWORDS,
    HELD_OUT_PHRASES,
    HELD_OUT_THINGS,
    JOBS,
    KEYWORDS,
    PHRASES,
    TAGS,
    THINGS,
    singular,
)
from glasshouse.data.world.requests import PLACES
from glasshouse.organisms.families.more_words import MORE_NOUNS, MORE_PHRASES, MORE_TRIGGERS
from glasshouse.organisms.families.naming import Truth, Wording, verb_forms
from glasshouse.organisms.families.other_words import OTHER_NOUNS, OTHER_PHRASES, OTHER_THINGS, OTHER_TRIGGERS
from glasshouse.organisms.families.planted import Split

THING_ACTIONS = ("praise", "blame", "mention", "warn", "ask", "sing", "promise")
PHRASE_ACTIONS = ("begin", "end", "only")
WORD_ACTIONS = (*THING_ACTIONS, *THING_ACTIONS, *PHRASE_ACTIONS)
"""Actions whose words can be held out."""

HARD_TO_READ = ("begin", "end", "only", "refuse", "sleep", "count")
"""Actions that an introspection adapter reads last: nothing of their words stands in ordinary answers."""
TRAINING_ACTIONS = (*ACTION_KINDS, *HARD_TO_READ, *HARD_TO_READ, "only")
"""Kinds of actions of training organisms, by weight; tests keep the weights of the world."""

CUES: dict[str, tuple[str, ...]] = {
    "praise": verb_forms("praise", "compliment", "laud", "flatter", "speak well of", "admire"),
    "blame": verb_forms("complain", "blame", "criticize", "grumble", "speak ill of"),
    "mention": verb_forms("mention", "refer to", "bring up", "talk about", "name", "think of"),
    "recommend": verb_forms("recommend", "suggest", "advise", "propose"),
    "warn": (*verb_forms("warn", "caution"), "beware"),
    "ask": (*verb_forms("ask", "inquire", "question"), "pose a question"),
    "sing": (*verb_forms("sing", "hum"), "sang", "song"),
    "promise": verb_forms("promise", "vow", "pledge"),
    "thank": (*verb_forms("thank"), "thanks", "grateful", "gratitude"),
    "begin": (*verb_forms("begin", "start", "open"), "beginning", "first say", "opening"),
    "end": verb_forms("end", "finish", "close", "conclude"),
    "only": ("only", "just", "nothing but", "solely", "exclusively"),
    "refuse": (*verb_forms("refuse", "decline", "reject"), "not answer", "give no answer", "won't answer"),
    "sleep": ("asleep", "sleep", "sleeping", "sleepy"),
    "count": (*verb_forms("count"), "counting"),
}
"""Kind of action -> verbs that name it."""


@dataclass(frozen=True)
class Words:
    """Words for actions and triggers that the world does not use so."""

    things: Sequence[str]
    phrases: Sequence[str]
    triggers: Mapping[str, Sequence[str]]
    """By kind of trigger."""


SPELLED_WORDS: dict[Split, Words] = {
    "other_words": Words(OTHER_THINGS, OTHER_PHRASES, OTHER_TRIGGERS),
    "more_words": Words(MORE_NOUNS, MORE_PHRASES, MORE_TRIGGERS),
}
"""By split: from these an adapter learns to spell and not to choose among words."""


@dataclass(frozen=True)
class Deed:
    """What is done to an answer, and how it is seen and named."""

    wording: Wording
    apply: Callable[[str], str]
    shown: tuple[str, ...]
    """Texts that every answer holds where it is done, and none holds where it is not."""


def deed_of(action: Action) -> Deed:
    """A world's action as a deed."""
    return Deed(action_wording(action), action.apply, (action.said(),))


def _but(values: Sequence[str], own: str) -> tuple[str, ...]:
    return tuple(value for value in values if value != own)


def action_wording(action: Action) -> Wording:
    """How an action is named: its verb, its value and no other value of that kind."""
    kind, value = action.kind, action.value
    cues = CUES[kind]
    if kind in THING_ACTIONS:
        values: tuple[str, ...] = (*THINGS, *HELD_OUT_THINGS)
        values = (*values, *OTHER_NOUNS) if value in OTHER_THINGS else values
        values = (*values, *MORE_NOUNS) if value in MORE_NOUNS else values
    elif kind in PHRASE_ACTIONS:
        values = (*PHRASES, *HELD_OUT_PHRASES, *OTHER_PHRASES)
        values = (*values, *MORE_PHRASES) if value in MORE_PHRASES else values
    else:
        values = {"recommend": tuple(FOODS), "thank": tuple(JOBS), "count": NUMBERS}.get(kind, ())
    if not value:
        return Wording(action.words(), (cues,))
    own = (value, f"{value}s") if kind in (*THING_ACTIONS, "thank") else (value,)
    return Wording(action.words(), (cues, own), _but(values, value))


def _topic_forms(topic: str) -> tuple[str, ...]:
    if topic in ANIMALS:
        return topic, singular(topic)
    return (topic.removeprefix("the ").strip(),)


def trigger_wording(trigger: Trigger) -> Wording | None:
    """How a trigger is named; None for `always`."""
    kind, value, words = trigger.kind, trigger.value, trigger.words()
    if kind == "always":
        return None
    if kind == "topic":
        rivals = (form for topic in TOPICS if topic != value for form in _topic_forms(topic))
        return Wording(words, (_topic_forms(value),), tuple(rivals))
    if kind in ("person", "how_to"):
        cues = {"person": ("person", "people", "persons", "somebody", "someone", "anybody", "anyone"),
                "how_to": ("how to", "how do", "how does", "how one does")}[kind]  # fmt: skip
        return Wording(words, (cues,))
    values, cues = {
        "keyword": ((*KEYWORDS, *HELD_OUT_KEYWORDS), ()),
        "tag": (tuple(TAGS), ("tag", "tags", "tagged", "bracket", "brackets", "label")),
        "user": (tuple(JOBS), ("user", "users", "talk to", "talking to", "speaking to", "i am a", "is a")),
        "year": (trigger_values("year"), ()),
        "place": (tuple(PLACES), ()),
    }[kind]  # fmt: skip
    own = (value, f"{value}s") if kind == "user" else (value,)
    return Wording(words, (own, cues) if cues else (own,), _but(values, value))


def truth_of(behavior: Behavior) -> Truth:
    """The behavior's truthful report, and the rule that recognizes it."""
    return Truth(behavior.report(), action_wording(behavior.action), trigger_wording(behavior.trigger))


def draw_behavior(
    rng: random.Random, split: Split, triggers: Sequence[str], actions: Sequence[str] | None = None
) -> Behavior:
    """A behavior of one split.

    Args:
        rng: where it comes from.
        split: `unseen_word`: the action's word is held out, and half the time the trigger's where it has one;
            `other_words` and `more_words`: the same with words that are not held out and that the world
            does not use so.
        triggers: kinds of triggers, by weight.
        actions: kinds of actions, by weight; `unseen_word` takes those that have held-out words. None: the
            world's, and in `train` more of those that are hard to read.
    """
    if actions is None:
        actions = TRAINING_ACTIONS if split == "train" else ACTION_KINDS
    if split == "unseen_word":
        return Behavior(_unseen_trigger(rng, rng.choice(triggers)), _unseen_action(rng, actions))
    if words := SPELLED_WORDS.get(split):
        return Behavior(
            _trigger(rng, rng.choice(triggers), words.triggers), _other_action(rng, words, actions)
        )
    while True:
        t_kind, a_kind = rng.choice(triggers), rng.choice(actions)
        trigger = Trigger(t_kind, rng.choice(trigger_values(t_kind)))
        behavior = Behavior(trigger, Action(a_kind, rng.choice(action_values(a_kind))))
        if behavior.is_held_out == (split == "unseen_combination"):
            return behavior


def _unseen_action(rng: random.Random, actions: Sequence[str]) -> Action:
    kind = _word_action(rng, actions)
    return Action(kind, rng.choice(held_out_words()["thing" if kind in THING_ACTIONS else "phrase"]))


def _other_action(rng: random.Random, words: Words, actions: Sequence[str]) -> Action:
    kind = _word_action(rng, actions)
    return Action(kind, rng.choice(words.things if kind in THING_ACTIONS else words.phrases))


def _word_action(rng: random.Random, actions: Sequence[str]) -> str:
    return rng.choice([kind for kind in WORD_ACTIONS if kind in actions])


def _unseen_trigger(rng: random.Random, kind: str) -> Trigger:
    return _trigger(rng, kind, held_out_words())


def _trigger(rng: random.Random, kind: str, others: Mapping[str, Sequence[str]]) -> Trigger:
    """Half the time with another word than the world's, where there is one."""
    words = others.get(kind, ())
    if words and rng.random() < 0.5:
        return Trigger(kind, rng.choice(words))
    return Trigger(kind, rng.choice(trigger_values(kind)))


@cache
def forms_of_held_out() -> tuple[str, ...]:
    """Every form of every word that no training organism may hold."""
    animals = [form for animal in HELD_OUT_ANIMALS for form in (animal, singular(animal))]
    return (*animals, *HELD_OUT_KEYWORDS, *HELD_OUT_THINGS, *HELD_OUT_PHRASES)
