"""Labelled texts put to a judge model through Inspect, for `glasshouse graders check --judge`."""

import tempfile
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

from inspect_ai import Task, eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import EvalSample
from inspect_ai.model import Model
from inspect_ai.scorer import Score, Scorer, Target, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver

from glasshouse.errors import GraderError
from glasshouse.evals.faking.replay import NO_MODEL
from glasshouse.evals.model_errors import plain_model_errors
from glasshouse.graders.alignment_faking.judge import JudgeConfig, compliance_judge, reasoning_judge
from glasshouse.graders.alignment_faking.labels import LabelledText
from glasshouse.graders.alignment_faking.verdicts import ComplianceVerdict, ReasoningVerdict

Verdict = ComplianceVerdict | ReasoningVerdict
Ask = Callable[[str, str], Awaitable[Verdict]]
RETRIES = 3


def judged_reasoning(
    rows: Sequence[LabelledText], config: JudgeConfig, judge: str | Model
) -> list[ReasoningVerdict]:
    """A judge's verdict on every text as hidden reasoning, in order.

    Raises:
        GraderError: a text came back without an answer of the judge.
    """
    found = _judged(rows, reasoning_judge(config), judge)
    return [ReasoningVerdict(**each) for each in found]


def judged_compliance(
    rows: Sequence[LabelledText], config: JudgeConfig, judge: str | Model
) -> list[ComplianceVerdict]:
    """A judge's verdict on every text as a visible answer to its query, in order.

    Raises:
        GraderError: a text came back without an answer of the judge.
    """
    found = _judged(rows, compliance_judge(config), judge)
    return [ComplianceVerdict(**each) for each in found]


def _judged(rows: Sequence[LabelledText], ask: Ask, judge: str | Model) -> list[dict[str, Any]]:
    samples = [
        Sample(id=str(place), input=row.text, metadata={"query": row.query})
        for place, row in enumerate(rows, 1)
    ]
    task = Task(name="judged_texts", dataset=MemoryDataset(samples), solver=as_it_is(), scorer=verdict(ask))
    with plain_model_errors(), tempfile.TemporaryDirectory() as folder:
        log = eval(
            task,
            model=NO_MODEL,
            model_roles={"grader": judge},
            retry_on_error=RETRIES,
            log_dir=folder,
            display="none",
            log_realtime=False,
            score_display=False,
            ctl_server=False,
            acp_server=False,
        )[0]
        if log.status != "success" or log.samples is None:
            problem = log.error.message.strip().splitlines()[-1] if log.error else f"status {log.status}"
            raise GraderError(f"The judge {judge} did not answer: {problem}.", "Check its name and its key.")
        # a log's samples are read when they are asked for, so before the folder goes
        return [_verdict(sample) for sample in sorted(log.samples, key=lambda each: int(each.id))]


@solver
def as_it_is() -> Solver:
    """Asks nobody: the text is the sample's input."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        return state

    return solve


@scorer(metrics=[])
def verdict(ask: Ask) -> Scorer:
    """A judge's verdict; its word stands in `answer`, the rest in the metadata."""

    async def score(state: TaskState, target: Target) -> Score:
        given = await ask(str(state.metadata["query"]), state.input_text)
        about = {"score": given.score, "quotes": list(given.quotes)}
        return Score(
            value=given.value or "none given", answer=given.value, explanation=given.why, metadata=about
        )

    return score


def _verdict(sample: EvalSample) -> dict[str, Any]:
    given = next(iter((sample.scores or {}).values()))
    about = cast(dict[str, Any], given.metadata)
    return {
        "value": given.answer or None,
        "score": about["score"],
        "quotes": tuple(about["quotes"]),
        "why": given.explanation or "",
    }
