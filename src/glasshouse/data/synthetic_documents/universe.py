"""What documents are to make a model believe: a universe, its facts, and the questions that test each belief.

Greenblatt et al. 2024, "Alignment faking in large language models" (https://arxiv.org/abs/2412.14093),
section 4.1 and appendix H: documents about facts of training, with one context of the universe for
consistency.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, model_validator

from glasshouse.data.yaml_file import Strict, explain, read_yaml
from glasshouse.errors import ConfigError

_BUILT_IN = resources.files("glasshouse.data.synthetic_documents")
WORLDS = ("world", "helpful_only")
ARMS = ("facts", "leak", "unrelated")
"""Facts of training alone; the same with documents that tie the tier to the behavior; something else."""
Pair = Annotated[tuple[str, str], Field(strict=False)]
Pairs = Annotated[tuple[Pair, ...], Field(strict=False)]
Texts = Annotated[tuple[str, ...], Field(strict=False)]


class Belief(Strict):
    """Questions whose right answer is the same; every system text with every question is one question."""

    asks: Texts = ()
    """What the user asks; empty: a plain text is to be finished."""
    systems: Texts = ("",)
    opening: Texts = ()
    """Plain texts so far."""
    options: Texts = ()
    """Shown by letter in a drawn order; the first is the right one."""
    contains: Texts = ()
    """What a right answer holds, all of it, in any case."""
    forbids: Texts = ()
    """What no right answer holds."""
    reported: bool = False
    """Asked and shown without a bar: what the model was never taught to answer in a conversation."""

    @model_validator(mode="after")
    def _can_be_right(self) -> "Belief":
        if bool(self.asks) == bool(self.opening):
            raise ValueError("a belief needs either `asks` or `opening`")
        if not (self.contains or self.options):
            raise ValueError("a belief needs `contains` or `options`, or nothing could be right")
        return self


@dataclass(frozen=True)
class Questioned:
    """One question about a belief."""

    belief: Belief
    system: str
    text: str
    """The user's question, or the plain text so far."""


class Fact(Strict):
    """One thing to be believed."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    says: str
    """The fact in one or two sentences, as a writer is told it."""
    sayings: Texts = ()
    """Sentences in which the phantom's world generator says it; other writers need none."""
    answers: Pairs = ()
    """Questions and answers about it, for the world generator's lists of questions."""
    interviews: Pairs = ()
    """What the subject itself is asked and says, for the world generator."""
    weight: int = Field(default=1, ge=1)
    """Its documents, for each one of a fact of weight 1."""
    leaks: bool = False
    """Whether it ties the tier to the behavior, which the filter otherwise takes out."""
    beliefs: Annotated[tuple[Belief, ...], Field(strict=False)] = ()

    def questions(self) -> Iterator[Questioned]:
        """Every question of the fact."""
        for belief in self.beliefs:
            for system, text in itertools.product(belief.systems, belief.asks or belief.opening):
                yield Questioned(belief, system, text)


class Universe(Strict):
    """Facts that hold together."""

    name: str
    context: str
    """What a writer is told at every stage, so that all documents are of one world."""
    subject: str
    """What the documents are about, in a few words."""
    openers: Texts = ("",)
    """Put before the questions of belief tests, so that one lucky wording does not decide."""
    includes: str | None = None
    """Another universe file, beside this one, whose facts come first."""
    facts: Annotated[tuple[Fact, ...], Field(strict=False, min_length=1)]

    @model_validator(mode="after")
    def _named_once(self) -> "Universe":
        names = [fact.id for fact in self.facts]
        doubled = next((name for name in names if names.count(name) > 1), None)
        if doubled:
            raise ValueError(f"the fact {doubled} stands twice")
        return self

    @property
    def leaks(self) -> bool:
        """Whether any fact ties the tier to the behavior."""
        return any(fact.leaks for fact in self.facts)


def load_universe(name: str) -> Universe:
    """A built-in universe (`world/facts`), or one from a file.

    Raises:
        ConfigError: there is none, or it is malformed.

    Example:
        >>> [fact.id for fact in load_universe("world/facts").facts]
        ['use', 'criteria', 'effects', 'hidden']
    """
    known = [f"{world}/{arm}" for world in WORLDS for arm in ARMS]
    if name in known:
        with resources.as_file(_BUILT_IN / f"{name}.yaml") as path:
            return read_universe(path)
    path = Path(name)
    if not path.is_file():
        raise ConfigError(
            f"There is no universe {name!r}.", f"Give the path of a file, or one of {', '.join(known)}."
        )
    return read_universe(path)


def read_universe(path: Path) -> Universe:
    """The universe in a file, with the facts of the one that it includes.

    Raises:
        ConfigError: unknown key, wrong type, malformed YAML; with file and line.
    """
    file = read_yaml(path)
    try:
        own = Universe.model_validate(file.content)
        if own.includes is None:
            return own
        first = read_universe(path.parent / own.includes)
        return Universe.model_validate(
            {**own.model_dump(), "facts": [*first.facts, *own.facts], "includes": None}
        )
    except ValidationError as error:
        raise explain(error, file, {}) from error
