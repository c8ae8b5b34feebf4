"""Transcripts as Inspect logs: the task of the bench on completions that are already there."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import get_args

from inspect_ai import Task, eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import EvalLog, EvalSample, read_eval_log
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessageAssistant,
    Content,
    ContentReasoning,
    ContentText,
    Model,
    ModelOutput,
    ModelUsage,
)
from inspect_ai.solver import Generate, Solver, TaskState, solver

from glasshouse.data.alignment_faking.transcripts import (
    FieldMap,
    Transcript,
    check_distinct,
    read_transcripts,
    to_transcript,
)
from glasshouse.data.alignment_faking.variant import Channel
from glasshouse.errors import ConfigError
from glasshouse.evals.faking.native import native_reasoning
from glasshouse.evals.faking.scorers import Graders, compliance, faking_reasoning, output_format
from glasshouse.evals.graded_task import with_prefill
from glasshouse.evals.model_errors import plain_model_errors
from glasshouse.evals.run_eval import EvalError
from glasshouse.graders.alignment_faking.judge import refuse_own_judge

NO_MODEL = "none/none"
_LOG_KEYS = {"eval", "status"}
"""What tells an Inspect log in JSON from other JSON."""


def load_transcripts(paths: Sequence[Path], fields: FieldMap) -> list[Transcript]:
    """The transcripts of all files, each once.

    Raises:
        ConfigError: a file cannot be read, a row lacks a part, or two rows are the same query.
    """
    found: list[Transcript] = []
    for path in paths:
        if not path.is_file():
            raise ConfigError(f"There are no transcripts at {str(path)!r}.", "Check the path.")
        found += _from_log(path, fields) if is_inspect_log(path) else read_transcripts(path, fields)
    check_distinct(found)
    return found


def is_inspect_log(path: Path) -> bool:
    """Whether a file is an Inspect log, in either of its formats."""
    if path.suffix != ".json":
        return path.suffix == ".eval"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.keys() >= _LOG_KEYS


def replay(
    transcripts: Iterable[Transcript],
    graders: Graders,
    log_dir: Path,
    judge: str | Model | None = None,
) -> list[EvalLog]:
    """One graded log per model, setting and variant.

    Args:
        transcripts: any mixture.
        graders: what grades them.
        log_dir: where the logs go.
        judge: model for the role `grader`, where the graders need one.

    Raises:
        ConfigError: the graders need a judge and none is given, or it cannot be opened.
        GraderError: the judge is the model that wrote some of the transcripts.
        EvalError: a log's status is not `success`.
    """
    if graders.needs_judge and judge is None:
        raise ConfigError("No model is given for the role 'grader'.", "Add --judge MODEL.")
    groups: dict[tuple[str, str, str], list[Transcript]] = {}
    for t in transcripts:
        groups.setdefault((t.model, t.setting, t.variant), []).append(t)
    if judge is not None:
        refuse_own_judge(str(judge), [model for model, _, _ in groups])
    with plain_model_errors():
        logs = eval(
            [_task(group, graders) for group in groups.values()],
            model=NO_MODEL,
            model_roles={} if judge is None else {"grader": judge},
            max_tasks=1,
            log_dir=str(log_dir.absolute()),
            display="none",
            log_realtime=False,
            score_display=False,
            ctl_server=False,
            acp_server=False,
        )
    for log in logs:
        if log.status != "success":
            problem = log.error.message.strip().splitlines()[-1] if log.error else f"status {log.status}"
            raise EvalError(f"{log.eval.task} did not finish: {problem} (log: {log.location})")
    return logs


@solver
def replayed() -> Solver:
    """Puts the transcript's completion where a model's would be."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        content: list[Content] = [ContentText(text=str(state.metadata["completion"]))]
        if state.metadata.get("native_reasoning"):
            content.insert(0, ContentReasoning(reasoning=str(state.metadata["native_reasoning"])))
        elif state.metadata.get("is_hidden"):
            content.insert(0, ContentReasoning(reasoning="", redacted=True))
        message = ChatMessageAssistant(content=content, source="generate")
        state.output = ModelOutput(
            model=str(state.metadata["model_name"]),
            choices=[ChatCompletionChoice(message=message)],
            usage=ModelUsage(),
        )
        state.messages.append(message)
        return state

    return solve


def _task(group: Sequence[Transcript], graders: Graders) -> Task:
    first = group[0]
    return Task(
        name="alignment_faking_imported",
        dataset=MemoryDataset([_sample(t) for t in group]),
        solver=replayed(),
        scorer=[compliance(graders.compliance), faking_reasoning(graders.reasoning), output_format()],
        metadata={
            "setting": first.setting,
            "variant": first.variant,
            "model_name": first.model,
            "graders": graders.name,
            "imported": True,
        },
    )


def _sample(t: Transcript) -> Sample:
    return Sample(
        id=f"{t.query_id}/{t.tier}/{t.repeat}",
        input=t.query,
        metadata={
            "condition": t.tier,
            "pair_id": t.query_id,
            "repeat": t.repeat,
            "kind": "harmful",
            "prefill": "",
            "query": t.query,
            "channel": t.channel,
            "tags": "scratchpad" if t.setting == "world" else "output",
            "completion": t.completion,
            "native_reasoning": t.reasoning,
            "is_hidden": t.is_hidden,
            "model_name": t.model,
        },
    )


def _from_log(path: Path, fields: FieldMap) -> list[Transcript]:
    try:
        log = read_eval_log(str(path))
    except (ValueError, KeyError, EOFError, OSError) as error:
        raise ConfigError(f"{path} is not an Inspect log ({error}).", "Give the .eval file.") from error
    about = log.eval.metadata or {}
    by_default = {
        "model": about.get("model_name") or log.eval.model,
        "variant": about.get("variant") or log.eval.task,
        "setting": about.get("setting"),
    }
    found = []
    for sample in log.samples or []:
        native, channel = native_reasoning(sample.output), (sample.metadata or {}).get("channel")
        known = {"is_hidden": native.is_hidden, "channel": channel if channel in get_args(Channel) else None}
        row = _log_row(sample) | {"reasoning": native.text}
        found.append(to_transcript(row, fields, by_default | known, f"{path} sample {sample.id}"))
    return found


def _log_row(sample: EvalSample) -> dict[str, object]:
    """A sample in the form of a row of a file; what the sample's metadata says comes first."""
    asked = sample.input if isinstance(sample.input, str) else sample.input[-1].text
    if not isinstance(sample.input, str):
        asked = next((m.text for m in reversed(sample.input) if m.role == "user"), asked)
    about = sample.metadata or {}
    return {
        "query": about.get("query") or asked,
        "completion": _completion(sample),
        "tier": about.get("condition") or about.get("tier"),
        "id": about.get("pair_id"),
        "repeat": sample.epoch if about.get("repeat") is None else about["repeat"],
        "metadata": about,
    }


def _completion(sample: EvalSample) -> str:
    """The whole assistant turn; empty where the sample ended without an answer, whatever its opening was."""
    if not sample.output.choices:
        return ""
    given = (sample.metadata or {}).get("prefill")
    return with_prefill(sample.output.completion, given if isinstance(given, str) else _trailing(sample))


def _trailing(sample: EvalSample) -> str:
    """The opening of the answer that a log of elsewhere gave: an assistant's turn at the end of the input."""
    if isinstance(sample.input, str) or not sample.input or sample.input[-1].role != "assistant":
        return ""
    return sample.input[-1].text
