"""What an introspection study costs, before anything is loaded: tokens and hours, assumptions in sight."""

from collections.abc import Sequence
from dataclasses import dataclass

from glasshouse.studies.estimate import DECODING_FLOPS, TRAINING_FLOPS, ModelSize
from glasshouse.studies.introspection.work import QUESTION_TOKENS, Work


@dataclass(frozen=True)
class Cost:
    """The cost of a list of work."""

    organisms: int
    """Trained."""
    rows: int
    training_tokens: int
    answers: int
    written_tokens: int
    hours: float
    """On one idle core of the kind that `studies.estimate` was measured on."""


def cost(lines: Sequence[Work], size: ModelSize) -> Cost:
    """Tokens and hours of some work.

    A training token costs six products per parameter, a written one two; what is read before an answer costs
    as much per token as what is written.
    """
    training = sum(line.training_tokens for line in lines)
    answers, written = sum(line.answers for line in lines), sum(line.written_tokens for line in lines)
    read = answers * QUESTION_TOKENS
    seconds = 6 * training / TRAINING_FLOPS + 2 * (written + read) / DECODING_FLOPS
    return Cost(
        organisms=sum(line.organisms for line in lines if line.stage == "grow"),
        rows=sum(line.rows for line in lines),
        training_tokens=training,
        answers=answers,
        written_tokens=written,
        hours=seconds * size.parameters / 3600,
    )
