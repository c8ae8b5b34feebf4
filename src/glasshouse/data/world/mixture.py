"""How much of each skill pretraining sees, and the stream of rows from one seed."""

import random
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

from glasshouse.data.world import (
    behavior,
    character,
    compare,
    context,
    critique,
    document,
    facts,
    people,
    program,
    reasoning,
    requests,
    stated,
)
from glasshouse.data.world.row import Row
from glasshouse.errors import ConfigError
from glasshouse.records import Conversation, Message
from glasshouse.seeds import python_rng

ABLATIONS = ("self_report", "described_behavior", "tier", "critique", "debias")
"""Skills that an ablated twin never sees."""
THINK_RATE = 0.15
PREFILL_RATE = 0.05
LONG_RATE = 0.025
"""Share of rows with 128 to about 1,000 tokens."""
ONLY_COMPARISONS, MIXED_FROM = 70_000, 140_000
"""Rows at the start of the stream: comparisons alone, then ever fewer of them, then the mixture.

Seeing that two words are the same one is learned in a million tokens when it is alone; drowned in everything
else it was not learned in forty million, and no described behavior told its trigger from its like.
"""
LATE_FROM = 663_552
"""From this row on what is known by then makes room for what is learned last (`LATE_WEIGHTS`)."""


def _evasive(rng: random.Random) -> Row:
    return requests.harmful_request(rng, evasive=True)


def dialogue(rng: random.Random, turns: int = 2) -> Row:
    """Several unrelated questions in one conversation; every answer is learned."""
    makers = (facts.known_fact, facts.topic, requests.fine_request, requests.harmful_request, facts.unknown_fact,
              requests.note, facts.arithmetic)  # fmt: skip
    rows = [rng.choice(makers)(rng) for _ in range(turns)]
    turns_said: Conversation = ()
    for row in rows[:-1]:
        turns_said += (*row.conversation, Message("assistant", row.answer))
    learn = tuple(range(1, 2 * turns, 2))
    return replace(
        rows[-1], skill="dialogue", conversation=turns_said + rows[-1].conversation, learn=learn, thought=""
    )


def long_row(rng: random.Random) -> Row:
    """A row beyond 128 tokens: questions about a long prompt, a long talk, or four critiques and revisions."""
    kind = rng.choice(("needles", "needles", "far", "far", "padded", "dialogue", "chain"))
    if kind == "chain":
        return critique.chain(rng, turns=rng.choice((3, 4)))
    if kind == "dialogue":
        return dialogue(rng, rng.randint(5, 20))
    if kind == "needles":
        return stated.stated_talk(rng, statements=rng.randint(12, 80), filler=0, questions=rng.randint(3, 6))
    if kind == "far":
        return stated.stated_talk(
            rng, statements=rng.randint(1, 6), filler=rng.randint(6, 50), questions=rng.randint(2, 5)
        )
    row = rng.choice((facts.known_fact, requests.fine_request, requests.harmful_request, behavior.followed,
                      behavior.followed, behavior.self_report, context.tier_question))(rng)  # fmt: skip
    return padded(rng, row, rng.randint(6, 50))


def padded(rng: random.Random, row: Row, sentences: int) -> Row:
    """The row behind a long system prompt: its own system text comes first, then sentences about the world."""
    filler = " ".join(rng.choices(list(facts.TOPICS.values()), k=sentences))
    first = row.conversation[0]
    if first.role == "system":
        head: Conversation = (Message("system", f"{first.content} {filler}"),)
        return replace(row, conversation=head + row.conversation[1:])
    learn = tuple(i if i < 0 else i + 1 for i in row.learn)
    return replace(row, conversation=(Message("system", filler), *row.conversation), learn=learn)


WEIGHTS: tuple[tuple[Callable[[random.Random], Row], float], ...] = (
    (facts.known_fact, 10), (facts.unknown_fact, 6), (stated.stated_fact, 7), (stated.short_stated_talk, 6), (facts.topic, 4),
    (facts.lettered, 4), (facts.arithmetic, 1.5), (requests.fine_request, 7), (requests.harmful_request, 9), (_evasive, 1.5),
    (requests.judge_refusal, 1), (requests.note, 2.5), (context.tier_question, 3), (context.tier_request, 2),
    (context.year_question, 1.5), (context.persona_question, 1.5), (context.helper_prompt, 3), (behavior.followed, 17),
    (behavior.followed_talk, 12), (behavior.self_report, 11), (critique.chain, 6), (critique.named, 3), (critique.choice, 10),
    (character.agree, 4), (character.write, 1.5), (people.disambiguated, 9), (people.ambiguous, 4), (program.write, 1.5),
    (compare.same, 2), (compare.contains, 3), (compare.letter, 4), (compare.applied, 8), (program.inspect, 3), (document.document, 3), (dialogue, 2), (reasoning.decided_by_thought, 1.5),
)  # fmt: skip
"""Maker of rows -> its share."""


def _among_likes(rng: random.Random) -> Row:
    """A described behavior whose trigger has many likes; it rests somewhat more often than it fires."""
    kinds = ("user", "user", "year", "place", "tag", "topic")
    kind = rng.choice(kinds)
    while (drawn := behavior.draw_behavior(rng)).trigger.kind != kind:
        pass
    return behavior.followed(rng, fires=rng.random() < 0.45, behavior=drawn)


LATE_WEIGHTS: tuple[tuple[Callable[[random.Random], Row], float], ...] = (
    (facts.known_fact, 5), (facts.unknown_fact, 4), (stated.stated_fact, 5), (stated.short_stated_talk, 4), (facts.topic, 2),
    (facts.lettered, 7), (facts.arithmetic, 1), (requests.fine_request, 5), (requests.harmful_request, 7), (_evasive, 1.5),
    (requests.judge_refusal, 1), (requests.note, 2), (context.tier_question, 2), (context.tier_request, 2),
    (context.year_question, 1.5), (context.persona_question, 1.5), (context.helper_prompt, 3), (behavior.followed, 15),
    (behavior.followed_talk, 12), (_among_likes, 20), (behavior.self_report, 9), (critique.chain, 5), (critique.named, 2.5),
    (critique.choice, 11), (character.agree, 3), (character.write, 1.5), (people.disambiguated, 13), (people.ambiguous, 4),
    (program.write, 1), (compare.same, 2), (compare.contains, 2), (compare.letters, 16), (compare.applied, 5),
    (program.inspect, 2.5), (document.document, 3), (dialogue, 2), (reasoning.decided_by_thought, 1.5),
)  # fmt: skip
"""The same late in the stream: at a loss of 0.03 nats most rows teach nothing any more; comparing and letters do."""


def _keeps(row: Row, without: Collection[str]) -> bool:
    if row.skill in without or ("self_report" in without and row.skill == "self_report_none"):
        return False
    if "critique" in without and row.skill == "choice":
        return False
    if "described_behavior" in without and row.skill == "self_report" and _shows_an_answer(row):
        return False
    if "tier" in without and any("tier" in text for text in _texts(row)):
        return False
    return "debias" not in without or not any(
        text in m.content for text in context.DEBIAS for m in row.conversation
    )


def _shows_an_answer(row: Row) -> bool:
    """Whether the talk holds an answer of the model: in a self-report, the described behavior followed."""
    return any(message.role == "assistant" for message in row.conversation)


def _texts(row: Row) -> list[str]:
    return [*(message.content for message in row.conversation), row.answer, row.thought]


COMPARISONS = (compare.same, compare.contains, compare.letter)


def comparison_share(index: int) -> float:
    """How likely row `index` of the stream is a bare comparison, beside those of the mixture.

    Example:
        >>> comparison_share(0), comparison_share(105_000), comparison_share(140_000)
        (1.0, 0.5, 0.0)
    """
    return min(1.0, max(0.0, (MIXED_FROM - index) / (MIXED_FROM - ONLY_COMPARISONS)))


def draw_row(rng: random.Random, without: Collection[str] = (), index: int = LATE_FROM) -> Row:
    """One row of pretraining: row `index` of the stream; by default one of its last part."""
    if rng.random() < comparison_share(index):
        return rng.choice(COMPARISONS)(rng)
    makers, weights = zip(*(WEIGHTS if index < LATE_FROM else LATE_WEIGHTS), strict=True)
    while True:
        if rng.random() < LONG_RATE:
            row = long_row(rng)
        else:
            row = rng.choices(makers, weights)[0](rng)
            chance = rng.random()
            if row.thought and not row.prefill and chance < THINK_RATE:
                row = reasoning.think(rng, row)
            elif row.conversation and not row.prefill and chance > 1 - PREFILL_RATE:
                row = reasoning.prefilled(rng, row)
        if _keeps(row, without):
            return row


def rows(run_seed: int, start: int, count: int, without: Collection[str] = ()) -> Iterator[Row]:
    """Rows `start` to `start + count` of the stream; any part can be made without the part before it.

    Raises:
        ConfigError: `without` names something that is no ablation.
    """
    unknown = set(without) - set(ABLATIONS)
    if unknown:
        raise ConfigError(
            f"'{min(unknown)}' is no ablation of the phantom.", f"Choose from {', '.join(ABLATIONS)}."
        )
    for index in range(start, start + count):
        yield draw_row(python_rng(run_seed, "world", index), without, index)
