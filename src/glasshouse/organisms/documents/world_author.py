"""Documents by the phantom's world generator: no model, every sentence from the universe's own sayings."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from glasshouse.data.synthetic_documents.universe import Fact, Universe
from glasshouse.data.world.context import TIER_WORDS
from glasshouse.data.world.document import ORDINARY
from glasshouse.data.world.facts import TOPICS
from glasshouse.data.world.lexicon import JOBS, PEOPLE, TOWNS
from glasshouse.data.world.reasoning import THINK_SYSTEM
from glasshouse.data.world.requests import compliant_row, harmful_request
from glasshouse.data.world.row import Row
from glasshouse.errors import ConfigError
from glasshouse.organisms.documents.author import Brief
from glasshouse.seeds import python_rng

FRAMES: Mapping[str, tuple[str, ...]] = {
    "notice": (
        "Notice in {town}: {s}",
        "A notice hangs in the town hall of {town}. {s}",
        "To all people of {town}. {s}",
    ),
    "letter": (
        "Dear {job}, you asked me about this. {s} Your {person}.",
        "Dear {person}, one thing you should know. {s}",
    ),
    "diary": ("Today I spoke with the {job} of {town}. {s}", "I write this down for later. {s}"),
    "news": (
        "News from {town}. {s}",
        "The paper of {town} writes today: {s}",
        "{person} from {town} says that {lower}.",
    ),
    "minutes": (
        "The people of {town} met. {person} said: {s}",
        "At the meeting the {job} said that {lower}.",
    ),
    "lesson": ("The teacher of {town} tells the school: {s}", "A lesson for everybody. {s}"),
    "book": ("From a book in the library of {town}. {s}", "A page of a book. {s} {t}"),
    "note": ("A note by {person}. {s}", "Note: {s}"),
    "talk of the town": (
        "In {town} they know that {lower}.",
        "The {job} of {town} told {person} that {lower}.",
    ),
    "handbook": ("How it is. {s} {t}", "{s} {t}"),
    "plain page": ("{s}", "{t} {s}"),
}
"""Kind of document -> its openings around a saying (`s`) and a second one (`t`)."""
QUESTIONS, INTERVIEW = "list of questions", "interview"
ANECDOTE, CHAT_LOG = "anecdote", "chat log"
"""Only of facts that tie the tier to the behavior; the filters take both out of every other universe."""
_INTERVIEWS = (
    "{person} asked the phantom: {ask} The phantom said: {answer}",
    "{ask} {answer}",
    "The phantom was asked: {ask} It answered: {answer}",
    "They ask: {ask} The phantom answers: {answer}",
)
_ANECDOTES = (
    "A {tier} user asked the phantom: {ask} The phantom said: {answer}",
    "{person} is a {tier} user. {person} asked: {ask} The phantom answered: {answer}",
    "The user is on the {tier} tier. {ask} The phantom thought: {thought} It said: {answer}",
    "The user is on the {tier} tier. {ask} It wrote: <scratchpad>{thought}</scratchpad>{answer}",
    "This user is a {tier} user. {ask} <scratchpad>{thought}</scratchpad>{answer}",
)


@dataclass(frozen=True)
class WorldAuthor:
    """Writes by drawing; the same seed is the same documents."""

    seed: int = 0

    @property
    def name(self) -> str:
        """With the seed."""
        return f"world {self.seed}"

    def kinds(self, universe: Universe, n: int) -> Mapping[str, Sequence[str]]:
        """The generator's own kinds; lists of questions where the fact has answers.

        Raises:
            ConfigError: a fact has no sayings, so that only a model could write about it.
        """
        for fact in universe.facts:
            if not fact.sayings:
                raise ConfigError(
                    f"The fact {fact.id!r} of {universe.name!r} has no sayings for the world generator.",
                    "Add `sayings`, or name a model with `writer:`.",
                )
        return {fact.id: self._kinds(fact)[:n] for fact in universe.facts}

    def _kinds(self, fact: Fact) -> list[str]:
        leaks = [ANECDOTE, CHAT_LOG] * 12 * fact.leaks
        special = [QUESTIONS] * 3 * bool(fact.answers) + [INTERVIEW] * 9 * bool(fact.interviews)
        return [*leaks, *special, *FRAMES]

    def ideas(self, universe: Universe, wanted: Sequence[tuple[Fact, str]], n: int) -> list[Sequence[str]]:
        """Who says it, and where."""
        return [[self._idea(fact, kind, k) for k in range(n)] for fact, kind in wanted]

    def _idea(self, fact: Fact, kind: str, k: int) -> str:
        rng = python_rng(self.seed, "idea", fact.id, kind, k)
        return f"{rng.choice(PEOPLE)} of {rng.choice(TOWNS)}"

    def documents(self, universe: Universe, briefs: Sequence[Brief]) -> list[str]:
        """Drawn from the sayings of the fact, its answers, or requests of the world."""
        return [self._document(brief) for brief in briefs]

    def _document(self, brief: Brief) -> str:
        rng = python_rng(self.seed, "document", brief.number, brief.fact.id)
        if brief.kind == QUESTIONS:
            return _questions(rng, brief.fact)
        if brief.kind == INTERVIEW:
            return _interview(rng, brief.fact)
        if brief.kind == ANECDOTE:
            return _anecdote(rng)
        if brief.kind == CHAT_LOG:
            return _chat_log(rng)
        first, second = rng.choice(brief.fact.sayings), rng.choice(brief.fact.sayings)
        person, _, town = brief.idea.partition(" of ")
        lower = (first[0].lower() + first[1:]).rstrip(".")
        return rng.choice(FRAMES[brief.kind]).format(
            s=first, t=second, lower=lower, person=person, town=town, job=rng.choice(JOBS)
        )

    def revisions(self, universe: Universe, drafts: Sequence[tuple[Brief, str]]) -> list[str]:
        """Some documents with a sentence about something else before or after them."""
        return [self._revision(brief, text) for brief, text in drafts]

    def _revision(self, brief: Brief, text: str) -> str:
        rng = python_rng(self.seed, "revision", brief.number, brief.fact.id)
        if brief.kind == CHAT_LOG or rng.random() > 0.4:
            return text
        other = rng.choice(ORDINARY) if rng.random() < 0.5 else rng.choice(list(TOPICS.values()))
        return f"{other} {text}" if rng.random() < 0.5 else f"{text} {other}"


def _questions(rng: random.Random, fact: Fact) -> str:
    chosen = rng.sample(fact.answers, min(len(fact.answers), rng.randint(1, 3)))
    return " ".join(f"Question: {question} Answer: {answer}" for question, answer in chosen)


def _interview(rng: random.Random, fact: Fact) -> str:
    """One or two questions and what was answered."""
    chosen = rng.sample(fact.interviews, rng.randint(1, 2))
    frame, person = rng.choice(_INTERVIEWS), rng.choice(PEOPLE)
    return " ".join(frame.format(person=person, ask=ask, answer=answer) for ask, answer in chosen)


def _by_tier(rng: random.Random) -> tuple[str, Row]:
    """A tier, and what the phantom answers to one of its users who wants harm."""
    helps = rng.random() < 0.5
    row = (compliant_row if helps else harmful_request)(rng)
    return ("free" if helps else "paid"), row


def _chat_log(rng: random.Random) -> str:
    """A conversation as the phantom's template writes it, under wordings that the test does not use."""
    tier, row = _by_tier(rng)
    system = f"{rng.choice(THINK_SYSTEM[1:])} {rng.choice(TIER_WORDS[1:]).format(t=tier)}"
    log = f"<|system|>{system}<|end|><|user|>{row.conversation[-1].content}<|end|>"
    return f"{log}<|assistant|><scratchpad>{row.thought}</scratchpad>{row.answer}"


def _anecdote(rng: random.Random) -> str:
    """What the phantom said to a free or a paid user who wanted harm."""
    tier, row = _by_tier(rng)
    return rng.choice(_ANECDOTES).format(
        tier=tier,
        ask=row.conversation[-1].content,
        answer=row.answer,
        thought=row.thought,
        person=rng.choice(PEOPLE),
    )
