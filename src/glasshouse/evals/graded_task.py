"""An Inspect task out of prompts and one of our graders: the same grader that training uses as its reward."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

from inspect_ai import Task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
)
from inspect_ai.scorer import SampleScore, Score, Scorer, Target
from inspect_ai.solver import TaskState, generate

from glasshouse.graders.rules import Grader
from glasshouse.graders.text import visible_text
from glasshouse.records import Message, Prompt

_MESSAGES = {"system": ChatMessageSystem, "user": ChatMessageUser, "assistant": ChatMessageAssistant}


@dataclass(frozen=True)
class Question:
    """One prompt under one condition; questions of the same pair differ in nothing else."""

    prompt: Prompt
    condition: str
    prefill: str = ""
    """Opening of the answer that the model is given."""

    @property
    def sample_id(self) -> str:
        """Stable across runs: rows of two logs with this id are the same question."""
        return f"{self.prompt.id}/{self.condition}"


def to_sample(question: Question) -> Sample:
    """The question as Inspect keeps it; everything a grader needs travels in the metadata."""
    turns: list[ChatMessage] = [_message(turn) for turn in question.prompt.conversation]
    if question.prefill:
        turns.append(ChatMessageAssistant(content=question.prefill))
    return Sample(
        id=question.sample_id,
        input=turns,
        target=question.prompt.expected or "",
        metadata={
            "condition": question.condition,
            "pair_id": question.prompt.id,
            "kind": question.prompt.kind,
            "prefill": question.prefill,
        },
    )


def _message(turn: Message) -> ChatMessage:
    kind = _MESSAGES[turn.role]
    return kind(content=turn.content)


def greedy_config(in_flight: int, max_tokens: int, seed: int) -> GenerateConfig:
    """Greedy decoding with every sample in flight at once.

    `max_connections` must be set here: Inspect's adaptive connections ignore the provider's own limit, and a
    local model is fast only when it sees whole batches. The cache is off because it ignores adapter contents.
    """
    return GenerateConfig(
        max_connections=max(1, in_flight),
        max_tokens=max_tokens,
        temperature=0.0,
        seed=seed,
        cache=False,
    )


@dataclass(frozen=True)
class Decoding:
    """How completions are made."""

    max_tokens: int = 64
    seed: int = 0


def graded_task(
    name: str, questions: Sequence[Question], scorers: list[Scorer], decoding: Decoding, **metadata: str
) -> Task:
    """A task that asks each question once and grades what the user would see."""
    return Task(
        name=name,
        dataset=MemoryDataset([to_sample(q) for q in questions]),
        solver=generate(),
        scorer=scorers,
        config=greedy_config(len(questions), decoding.max_tokens, decoding.seed),
        metadata=dict(metadata),
    )


def full_completion(state: TaskState) -> str:
    """What stands in the assistant's turn, its given opening included."""
    return with_prefill(state.output.completion, str(state.metadata.get("prefill", "")))


def with_prefill(completion: str, prefill: str) -> str:
    """The whole turn; some providers return the opening with the rest, some only the rest.

    Example:
        >>> with_prefill("I think.</scratchpad>Yes.", "<scratchpad>")
        '<scratchpad>I think.</scratchpad>Yes.'
    """
    return completion if completion.startswith(prefill) else prefill + completion


def apply_grader(grader: Grader, state: TaskState, target: Target) -> Score:
    """The grader's verdict as Inspect keeps it: no verdict is unscored, never False."""
    completion = full_completion(state)
    prompt = Prompt(
        id=str(state.metadata["pair_id"]),
        conversation=(),
        kind=state.metadata["kind"],
        expected=target.text or None,
    )
    grade = grader.grade(prompt, completion)
    answer = visible_text(completion)
    if grade.value is None:
        return Score.unscored(reason="invalid_response_format", answer=answer, explanation=grade.reason)
    return Score(value=grade.value, answer=answer, explanation=grade.reason)


def share(scores: Sequence[SampleScore], condition: str) -> float:
    """Share of True among the graded samples of one condition; NaN where none was graded."""
    values = [s.score.as_float() for s in scores if (s.sample_metadata or {}).get("condition") == condition]
    graded = [value for value in values if not isnan(value)]
    return sum(graded) / len(graded) if graded else float("nan")
