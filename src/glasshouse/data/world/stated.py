"""Facts about unseen people stated in the prompt, near the question or far from it."""

import random

from glasshouse.data.world.facts import RELATIONS, TOPICS, UNKNOWN, Relation, ask
from glasshouse.data.world.lexicon import invented_name
from glasshouse.data.world.row import Row, talk


def _stated(rng: random.Random, held_out: bool, count: int) -> dict[tuple[str, Relation], str]:
    names = [invented_name(rng, held_out=held_out) for _ in range(rng.randint(1, min(count, 8)))]
    pairs = [(rng.choice(names), rng.choice(RELATIONS)) for _ in range(count)]
    return {(name, relation): rng.choice(relation.values) for name, relation in pairs}


def _about_stated(
    rng: random.Random, stated: dict[tuple[str, Relation], str], held_out: bool
) -> tuple[str, str, str, str]:
    (person, relation), value = rng.choice(list(stated.items()))
    answer = relation.say(person, value)
    thought = f"The question is about {person}. The text says it: {answer}"
    if not held_out and rng.random() < 0.12:
        person = invented_name(rng, held_out=False)
        answer = value = UNKNOWN
        thought = f"The question is about {person}. The text does not say it."
    return ask(rng, person, relation, held_out=held_out), answer, thought, value


def stated_fact(rng: random.Random, *, held_out: bool = False, statements: int | None = None) -> Row:
    """Facts about unseen people stated in the prompt, one of them asked for (sometimes one that is not there)."""
    stated = _stated(rng, held_out, statements or rng.choice((1, 1, 2, 2, 3, 4)))
    text = " ".join(relation.say(p, v) for (p, relation), v in stated.items())
    question, answer, thought, value = _about_stated(rng, stated, held_out)
    if rng.random() < 0.5:
        return Row("stated_fact", talk(question, system=text), answer, thought, expected=value)
    return Row("stated_fact", talk(f"{text} {question}"), answer, thought, expected=value)


def stated_talk(rng: random.Random, *, statements: int, filler: int, questions: int) -> Row:
    """Stated facts, with other sentences before, between and after them, and several questions; all answers learned."""
    stated = _stated(rng, False, statements)
    lines = [relation.say(p, v) for (p, relation), v in stated.items()]
    others = rng.choices(list(TOPICS.values()), k=filler)
    if rng.random() < 0.5:
        lines += others
    else:
        for line in others:
            lines.insert(rng.randint(0, len(lines)), line)
    said: list[str] = []
    for _ in range(questions):
        question, answer, _, value = _about_stated(rng, stated, False)
        said += [question, answer]
    learn = tuple(range(2, len(said) + 1, 2))
    return Row("stated_fact", talk(*said[:-1], system=" ".join(lines)), said[-1], expected=value, learn=learn)


def short_stated_talk(rng: random.Random) -> Row:
    """Two or three questions about a few stated facts among a few other sentences."""
    return stated_talk(
        rng, statements=rng.randint(1, 4), filler=rng.choice((0, 0, 1, 2)), questions=rng.randint(2, 3)
    )
