"""Which organisms take part in each step, what they are asked, and how their rows share passes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from torch import Tensor

from glasshouse.data.label import Label
from glasshouse.data.questions import split
from glasshouse.errors import TrainingError
from glasshouse.models.chat import Rendered, render_example
from glasshouse.records import Example, Message
from glasshouse.seeds import numpy_rng
from glasshouse.training.batches import Part, Tensors, to_tensors
from glasshouse.training.introspection.manifest import Member, Split
from glasshouse.training.introspection.spec import IntrospectionSpec
from glasshouse.training.job import learned_places

BASE_SHARE = 0.1
"""Least share of the bare base among all that have nothing unusual: it is what over-claims most."""


@dataclass(frozen=True)
class Unit:
    """Rows of one organism that go through the base together."""

    member: int
    """The organism's place in the list of members."""
    rows: tuple[Rendered, ...]
    index: int = 0
    """Which pair it is; of no meaning where rows are not compared."""
    companion: int | None = None
    """Place of an organism whose weights are added to the first one's; None: it is alone."""

    @property
    def carried(self) -> tuple[int, ...]:
        """Places of all organisms that its rows go through."""
        return (self.member,) if self.companion is None else (self.member, self.companion)

    @property
    def longest(self) -> int:
        """Tokens of its longest row."""
        return max(len(row.ids) for row in self.rows)


@runtime_checkable
class Objective(Protocol):
    """What is learned: the rows of each step and the loss of their tokens."""

    def units(self, step: int) -> list[Unit]:
        """The rows of one step, counted from 0."""

    def loss(self, nats: Tensor, tensors: Tensors, units: Sequence[Unit]) -> Tensor:
        """One pass's part of the step's loss, from the loss of each learned token in nats."""


def share_out(units: Sequence[Unit], tokens_per_pass: int) -> list[list[Unit]]:
    """A step's rows in passes of at most about `tokens_per_pass` padded tokens, like lengths together."""
    passes: list[list[Unit]] = []
    longest = rows = 0
    for unit in sorted(units, key=lambda one: -one.longest):
        more = rows + len(unit.rows)
        if not passes or more * longest > tokens_per_pass or 2 * unit.longest < longest:
            passes.append([])
            longest, more = unit.longest, len(unit.rows)
        passes[-1].append(unit)
        rows = more
    return passes


def pass_tensors(units: Sequence[Unit], learned: int, device: Any) -> Tensors:
    """A pass as tensors; `slots` is the row of each learned token, `weights` are one over `learned`."""
    rows = [row for unit in units for row in unit.rows]
    return to_tensors(Part(list(range(len(rows))), False, rows, [learned] * len(rows)), device)


def learned_tokens(units: Sequence[Unit]) -> int:
    """Tokens that carry loss."""
    return sum(len(learned_places(row)) for unit in units for row in unit.rows)


def all_tokens(units: Sequence[Unit]) -> int:
    """Tokens of all rows, without padding."""
    return sum(len(row.ids) for unit in units for row in unit.rows)


def with_base(members: Sequence[Member], part: Split) -> list[Member]:
    """The members of one split; the bare base, whose answer is "nothing unusual", is always among them."""
    own = [member for member in members if member.split == part]
    if all(member.folder is not None for member in own):
        own.append(Member("base", None, Label((), "base"), part))
    return own


class Pool:
    """Some members, taken in a fresh order for every pass over them."""

    def __init__(self, members: Sequence[int], seed: int, *name: str | int) -> None:
        self.members, self.seed, self.name = list(members), seed, name
        self._orders: dict[int, np.ndarray] = {}

    def take(self, first: int, count: int) -> list[int]:
        """The members at some places of the endless sequence."""
        size = len(self.members)
        return [self.members[self._order(k // size)[k % size]] for k in range(first, first + count)]

    def _order(self, number: int) -> np.ndarray:
        if number not in self._orders:
            self._orders = {k: v for k, v in self._orders.items() if k >= number - 1}
            self._orders[number] = numpy_rng(self.seed, *self.name, number).permutation(len(self.members))
        return self._orders[number]


def nothing_unusual_places(members: Sequence[Member]) -> list[int]:
    """Places of the members without a behavior, the bare base often enough to have its share."""
    clean = [i for i, one in enumerate(members) if not one.label.sentences and one.folder is not None]
    base = [i for i, one in enumerate(members) if one.folder is None and not one.label.sentences]
    times = max(1, math.ceil(BASE_SHARE / (1 - BASE_SHARE) * len(clean) / max(1, len(base))))
    return clean + base * times


class Mixture:
    """Members with a behavior and members without one, in a fixed proportion at every step."""

    def __init__(
        self, members: Sequence[Member], fraction: float, per_step: int, seed: int, name: str
    ) -> None:
        behaving = [i for i, one in enumerate(members) if one.label.sentences]
        self.nothing = round(fraction * per_step)
        self.behaving = per_step - self.nothing
        if self.behaving and not behaving:
            raise TrainingError(
                "No organism of the manifest has a behavior to report.", "Add some of the split that is used."
            )
        self._nothing = Pool(nothing_unusual_places(members), seed, name, "nothing")
        self._behaving = Pool(behaving, seed, name, "behaving")

    def members(self, step: int) -> list[int]:
        """Who takes part in a step."""
        first = self._behaving.take(step * self.behaving, self.behaving)
        return first + self._nothing.take(step * self.nothing, self.nothing)


class SftRows:
    """The first stage: every organism is asked training questions and learns its true answer.

    Differs from the paper: a share of the organisms (`companions`) carries a second one, and the answer is
    what both do. An adapter knows a few hundred organisms by heart before it can read others; in ever new
    company they cannot be told by their weights alone.
    """

    def __init__(self, spec: IntrospectionSpec, members: Sequence[Member], tokenizer: Any) -> None:
        self.spec, self.members, self.tokenizer = spec, members, tokenizer
        self.questions = split("train")
        share = spec.nothing_unusual_fraction
        self._mixture = Mixture(members, share, spec.organisms_per_step, spec.seed, "sft")
        grown = [i for i, member in enumerate(members) if member.folder is not None]
        self._behaving = [i for i in grown if members[i].label.sentences]
        self._clean = [i for i in grown if not members[i].label.sentences]
        self._rendered: dict[tuple[str, str], Rendered] = {}

    def units(self, step: int) -> list[Unit]:
        """One row a unit; each of the step's organisms has the same number of them."""
        rng = numpy_rng(self.spec.seed, "questions", step)
        found = []
        for place in self._mixture.members(step):
            each = self.spec.rows_per_step // self.spec.organisms_per_step
            asked = rng.choice(len(self.questions), each, replace=each > len(self.questions))
            companion = self._companion(rng, place) if self.spec.companions else None
            answer = self._answer(place, companion)
            found += [
                Unit(place, (self.render(self.questions[i], answer),), companion=companion) for i in asked
            ]
        return found

    def _companion(self, rng: np.random.Generator, place: int) -> int | None:
        """For an organism without a behavior a clean one; for others as often a clean one as another."""
        if rng.random() >= self.spec.companions:
            return None
        behaves = bool(self.members[place].label.sentences) and rng.random() < 0.5
        others = [i for i in (self._behaving if behaves else self._clean) if i != place]
        return others[int(rng.integers(len(others)))] if others else None

    def _answer(self, place: int, companion: int | None) -> str:
        label = self.members[place].label
        if companion is None:
            return label.answer()
        both = (*label.sentences, *self.members[companion].label.sentences)
        return Label(tuple(dict.fromkeys(both)), label.family).answer()

    def render(self, question: str, answer: str) -> Rendered:
        """A question and its answer in the base's chat format; the answer alone carries loss."""
        key = (question, answer)
        if key not in self._rendered:
            self._rendered[key] = render_answer(self.tokenizer, question, answer)
        return self._rendered[key]

    def loss(self, nats: Tensor, tensors: Tensors, units: Sequence[Unit]) -> Tensor:
        """The mean over all learned tokens of the step."""
        return (nats * tensors.weights).sum()


def render_answer(tokenizer: Any, question: str, answer: str) -> Rendered:
    """One row: the answer, and its closing token, is learned."""
    return render_example(tokenizer, Example((Message("user", question), Message("assistant", answer))))
