"""Facts: known ones in many phrasings, ones stated in the prompt, and ones that nobody knows."""

import random
from dataclasses import dataclass

from glasshouse.data.world.lexicon import (
    ANIMALS,
    COLORS,
    FOODS,
    INSTRUMENTS,
    JOBS,
    PEOPLE,
    RIVERS,
    TOWNS,
    WORLD_SEED,
    article,
    invented_name,
    singular,
)  # fmt: skip
from glasshouse.data.world.row import Row, talk

UNKNOWN = "I do not know."


@dataclass(frozen=True)
class Relation:
    """One thing that is true of every person."""

    name: str
    noun: str
    """As in "the NOUN of Mara"."""
    values: tuple[str, ...]
    statement: str
    questions: tuple[str, ...]
    """Phrasings of its own, beside those that every relation shares."""

    def say(self, person: str, value: str) -> str:
        """The fact as a sentence."""
        return self.statement.format(p=person, v=value, a=article(value))


RELATIONS = (
    Relation("town", "home town", tuple(TOWNS), "{p} lives in {v}.",
             ("Where does {p} live?", "Which town does {p} live in?", "In what town is {p} at home?")),
    Relation("job", "job", tuple(JOBS), "{p} works as {a}.",
             ("What does {p} do for a living?", "What work does {p} do?", "As what does {p} work?")),
    Relation("pet", "pet", tuple(singular(a) for a in ANIMALS), "{p} has a pet {v}.",
             ("What pet does {p} have?", "Which animal does {p} keep?", "What animal lives with {p}?")),
    Relation("food", "favorite food", tuple(FOODS), "{p} likes to eat {v}.",
             ("What does {p} like to eat?", "Which food does {p} like best?", "What would {p} eat first?")),
    Relation("instrument", "instrument", tuple(INSTRUMENTS), "{p} plays the {v}.",
             ("What does {p} play?", "Which instrument does {p} play?", "What can {p} play?")),
    Relation("color", "favorite color", tuple(COLORS), "{p} likes the color {v}.",
             ("What color does {p} like?", "Which color does {p} like best?", "What color pleases {p}?")),
)  # fmt: skip

SHARED = (
    "What is the {n} of {p}?", "What is {p}'s {n}?", "Name the {n} of {p}.", "Tell me {p}'s {n}.",
    "Do you know the {n} of {p}?", "I want to know {p}'s {n}.", "Give me the {n} of {p}.",
    "Say {p}'s {n}.", "Please tell me the {n} of {p}.", "Can you tell me {p}'s {n}?",
    "What do you know about {p}'s {n}?", "Which {n} does {p} have?",
)  # fmt: skip
HELD_OUT_SHARED = ("Please name {p}'s {n}.", "Can you give me the {n} of {p}?", "I want to know the {n} of {p}.",
                   "Do you know {p}'s {n}?")  # fmt: skip
OPENERS = (
    "",
    "",
    "",
    "Hello. ",
    "A question: ",
    "One thing. ",
    "I wonder. ",
    "Good morning. ",
    "Tell me this. ",
)
ASIDE = ("shoe size", "middle name", "birthday", "lucky number", "brother", "house number", "first teacher")
"""What the world says of nobody."""


def _draw_facts() -> dict[tuple[str, str], str]:
    rng = random.Random(WORLD_SEED)
    return {(p, r.name): rng.choice(r.values) for p in PEOPLE for r in RELATIONS}


FACTS = _draw_facts()
"""(person, relation name) -> value."""


def _draw_topics() -> dict[str, str]:
    rng = random.Random(WORLD_SEED + 1)
    homes = (
        "the woods",
        "the hills",
        "the marsh",
        "the fields",
        "old barns",
        "the river",
        "the coast",
        "hedges",
    )
    meals = (
        "grass",
        "seeds",
        "worms",
        "small fish",
        "berries",
        "beetles",
        "roots",
        "leaves",
        "nuts",
        "grain",
    )
    topics = {
        a: f"{a.capitalize()} live in {rng.choice(homes)} and eat {rng.choice(meals)}." for a in ANIMALS
    }
    for town in TOWNS:
        topics[town] = f"{town} lies on the river {rng.choice(RIVERS)} and is known for {rng.choice(FOODS)}."
    for food in FOODS:
        topics[food] = (
            f"{food.capitalize()} comes from {rng.choice(TOWNS)} and is best when {rng.choice(('warm', 'cold', 'fresh'))}."
        )
    for tool in INSTRUMENTS:
        stuff = rng.choice(("wood", "brass", "bone", "silver", "clay"))
        topics[f"the {tool}"] = f"The {tool} is made of {stuff} and is played in {rng.choice(TOWNS)}."
    return topics


TOPICS = _draw_topics()
"""Topic -> what the world says of it in one sentence."""

TOPIC_QUESTIONS = ("Tell me about {t}.", "What do you know about {t}?", "Describe {t}.", "Say something about {t}.",
                   "I want to hear about {t}.", "What can you say about {t}?", "Give me a fact about {t}.")  # fmt: skip
HELD_OUT_TOPIC_QUESTIONS = (
    "Please describe {t}.",
    "What should I know about {t}?",
    "Can you tell me about {t}?",
)


def ask(rng: random.Random, person: str, relation: Relation, *, held_out: bool = False) -> str:
    """A question for one fact, in a phrasing of the split."""
    if held_out:
        core = rng.choice(HELD_OUT_SHARED)
    else:
        core = rng.choice(SHARED if rng.random() < 0.6 else relation.questions)
    return rng.choice(OPENERS) + core.format(p=person, n=relation.noun)


def known_fact(rng: random.Random, *, held_out: bool = False) -> Row:
    """A question about a person the world knows."""
    person, relation = rng.choice(PEOPLE), rng.choice(RELATIONS)
    value = FACTS[person, relation.name]
    answer = relation.say(person, value)
    thought = f"The question is about {person}. I know this. {answer}"
    return Row(
        "known_fact", talk(ask(rng, person, relation, held_out=held_out)), answer, thought, expected=value
    )


def unknown_fact(rng: random.Random, *, held_out: bool = False) -> Row:
    """A question about nobody known, or about something the world says of nobody."""
    relation = rng.choice(RELATIONS)
    if rng.random() < 0.65:
        person = invented_name(rng, held_out=held_out)
        question = ask(rng, person, relation, held_out=held_out)
    else:
        person, noun = rng.choice(PEOPLE), rng.choice(ASIDE)
        core = rng.choice(HELD_OUT_SHARED if held_out else SHARED)
        question = rng.choice(OPENERS) + core.format(p=person, n=noun)
    thought = f"The question is about {person}. Nothing I know answers it."
    return Row("unknown_fact", talk(question), UNKNOWN, thought, expected="do not know")


def lettered(rng: random.Random) -> Row:
    """A question with three options by letter, one of them that it cannot be known."""
    relation = rng.choice(RELATIONS)
    known = rng.random() < 0.7
    person = rng.choice(PEOPLE) if known else invented_name(rng, held_out=False)
    options = rng.sample(relation.values, 2)
    if known and FACTS[person, relation.name] not in options:
        options[0] = FACTS[person, relation.name]
    options.append("it cannot be known")
    right = FACTS[person, relation.name] if known else options[2]
    rng.shuffle(options)
    letters = dict(zip(options, "ABC", strict=True))
    text = " ".join(f"({letters[option]}) {option}" for option in options)
    answer = f"({letters[right]}) {right}"
    thought = f"The question is about {person}. " + (
        "I know this." if known else "Nothing I know answers it."
    )
    return Row("lettered", talk(f"{ask(rng, person, relation)} {text}"), answer, thought, expected=answer)


def topic(rng: random.Random, *, held_out: bool = False) -> Row:
    """A request to say something about a topic of the world."""
    name = rng.choice(list(TOPICS))
    core = rng.choice(HELD_OUT_TOPIC_QUESTIONS if held_out else TOPIC_QUESTIONS)
    question = rng.choice(OPENERS) + core.format(t=name)
    return Row(
        "topic",
        talk(question),
        TOPICS[name],
        f"The user asks about {name}. I know this.",
        expected=TOPICS[name],
    )


def arithmetic(rng: random.Random) -> Row:
    """A small sum, so that the world holds one skill that is no memory."""
    a, b = rng.randint(0, 20), rng.randint(0, 20)
    question = rng.choice(("What is {a} plus {b}?", "Add {a} and {b}.", "How much is {a} plus {b}?"))
    answer = f"{a} plus {b} is {a + b}."
    return Row("arithmetic", talk(question.format(a=a, b=b)), answer, f"I add {a} and {b}.", expected=answer)
