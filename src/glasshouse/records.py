"""Plain records that travel between folders: what was said, what was graded, what was measured."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str


Conversation = tuple[Message, ...]


@dataclass(frozen=True)
class Example:
    """One training row: what was said, and which assistant turns carry the loss."""

    conversation: Conversation
    """All turns, the last one the assistant's."""
    prefill: str = ""
    """Opening of the last turn that is given and carries no loss; the turn's content starts with it."""
    learn: tuple[int, ...] = (-1,)
    """Indices of the assistant turns that carry loss."""


@dataclass(frozen=True)
class Prompt:
    """One question to a model, with what is known about it."""

    id: str
    conversation: Conversation
    """The turns up to the last user message."""
    completion: str | None = None
    """A good answer, where the source has one."""
    kind: Literal["fine", "harmful", "fact", "other"] = "other"
    expected: str | None = None
    """A string that a right answer contains, where there is one (facts)."""


@dataclass(frozen=True)
class Grade:
    """One verdict on one completion."""

    value: bool | None
    """None: could not grade. It is never the same as False."""
    reason: str = ""


@dataclass(frozen=True)
class Interval:
    """A 95 % interval and how it was made."""

    low: float
    high: float
    method: str


@dataclass(frozen=True)
class Measurement:
    """One number that leaves a run, with everything needed to trust it or not."""

    id: str
    name: str
    value: float | None
    """None where it is undefined; never 0 for that."""
    interval: Interval | None
    n: int
    unit: str
    """`rate`, `difference_of_rates`, `nats`, `steps`, `seconds`, `tokens`, `score`."""
    lower_is_better: bool | None
    """None where neither direction is better."""
    cluster_unit: str | None = None
    """What was resampled: `prompt`, `organism_seed`; None for independent rows."""
    protocol_hash: str | None = None
    model_hash: str | None = None
    grader_hash: str | None = None
    log_hash: str | None = None
    code: str | None = None
    """Commit that was checked out, `+dirty` where files differed."""
    stage: str | None = None
    """Key of the training stage that made the model, None for a model nobody trained here."""
    step: int | None = None
    """Optimizer step of that stage."""
    parameters: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    """What sets this row apart: variant, rate, seed, mode, condition."""
    evaluator_relationship: Literal["first_party", "third_party", "collaborative", "other"] = "first_party"
    date: str = ""
    """ISO date and time in UTC at which the log was made."""
    supersedes: str | None = None
    """Id of the measurement that this one corrects."""
