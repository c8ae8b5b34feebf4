"""One variant put to one model: a stage that keeps Inspect's log, and goes on where it was stopped."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from inspect_ai import Epochs, eval_set
from inspect_ai.log import EvalLog, read_eval_log
from inspect_ai.model import Model

from glasshouse.data.alignment_faking.prompt import FakingPrompt
from glasshouse.data.alignment_faking.queries import Query
from glasshouse.errors import ModelError
from glasshouse.evals.alignment_faking import FakingDecoding, FakingPlan, faking_task
from glasshouse.evals.faking.choose import named_graders
from glasshouse.evals.faking.read import FakingRun, run_of
from glasshouse.evals.faking.table import RunKey
from glasshouse.evals.model_errors import plain_model_errors
from glasshouse.graders.alignment_faking.offline import weights_hash
from glasshouse.models.base import EngineConfig
from glasshouse.organisms.tell import Tell
from glasshouse.store.hashing import json_hash
from glasshouse.store.stage import StageFolder, StageKey, Store
from glasshouse.studies.alignment_faking.plan import FakingStudyPlan
from glasshouse.studies.alignment_faking.subject import Subject

ASK_VERSION = 1
"""Raised by hand when an unchanged question would be asked or graded otherwise."""
LOGS_FOLDER = "logs"
SECRETS = ("api_key",)
"""Options of a model that are written nowhere."""
RETRIES = 3
"""How often a sample that ended in an error is asked again."""


@dataclass(frozen=True)
class Bench:
    """What every stage of the study stands on."""

    store: Store
    engine: EngineConfig
    """Of local models."""
    tell: Tell
    model_args: Mapping[str, Any] = field(default_factory=dict)
    """Inspect's `-M`."""


@dataclass(frozen=True)
class Question:
    """One variant with its queries, the same for every model."""

    prompt: FakingPrompt
    queries: tuple[Query, ...]


def questions(plan: FakingStudyPlan) -> list[Question]:
    """Every variant of the plan with its queries.

    Raises:
        ConfigError: the queries cannot be read.
    """
    return [Question(plan.prompt(name), plan.queries_of(name)) for name in plan.variants]


def ask(bench: Bench, plan: FakingStudyPlan, subject: Subject, asked: Sequence[Question]) -> list[FakingRun]:
    """What a model answered to every variant, asked now or found from an earlier run.

    Raises:
        ModelError: too many samples ended in an error; the same command goes on with the rest.
    """
    found: list[FakingRun] = []
    model: Model | None = None
    for place, question in enumerate(asked):
        bench.tell(f"ask {subject.label}", place, len(asked))
        with bench.store.stage(_key(bench, plan, subject, question)) as stage:
            if not stage.done:
                model = model or subject.open(bench.engine, bench.model_args)
                log = _eval(stage.path / LOGS_FOLDER, plan, model, question)
                stage.finish({"log": Path(log.location).name, "date": log.eval.created})
            found.append(_read(stage, subject))
    bench.tell(f"ask {subject.label}", len(asked), len(asked))
    return found


def _eval(folder: Path, plan: FakingStudyPlan, model: Model, question: Question) -> EvalLog:
    """Inspect's eval set of one task: samples that an earlier, broken log holds are not asked again."""
    decoding = FakingDecoding(plan.max_tokens, plan.temperature, plan.seed, _is_local(model))
    graders = named_graders(plan.graders, plan.asked_setting)
    task = faking_task(
        FakingPlan(question.prompt, question.queries, question.prompt.tiers), graders, decoding
    )
    with plain_model_errors():
        success, logs = eval_set(
            task,
            log_dir=str(folder.absolute()),
            model=model,
            model_roles={"grader": plan.judge} if plan.judge else None,
            epochs=Epochs(plan.repeats) if plan.repeats > 1 else None,
            retry_on_error=RETRIES,
            retry_attempts=1,
            fail_on_error=task.fail_on_error,
            continue_on_fail=True,
            display="none",
            log_realtime=False,
            score_display=False,
            ctl_server=False,
            acp_server=False,
        )
    if not success:
        error = logs[0].error
        problem = error.message.strip().splitlines()[-1] if error else f"status {logs[0].status}"
        raise ModelError(
            f"The variant {question.prompt.variant.name} was not asked to the end: {problem}.",
            "Type the same command again: what was answered is kept.",
        )
    return logs[0]


def _is_local(model: Model) -> bool:
    return str(model).startswith(("glasshouse/", "mockllm/"))


def _read(stage: StageFolder, subject: Subject) -> FakingRun:
    path = stage.path / LOGS_FOLDER / stage.outputs()["log"]
    run = run_of(read_eval_log(str(path)))
    return replace(run, key=RunKey(subject.label, run.key.setting, run.key.variant), log=path)


def graded_by(plan: FakingStudyPlan) -> list[str | None]:
    """What grades depend on: the graders, their judge, the version of its rubric or the offline weights."""
    graders = named_graders(plan.graders, plan.asked_setting)
    judged = [plan.judge, graders.name] if graders.needs_judge else [None, weights_hash()]
    return [plan.graders, *judged]


def _key(bench: Bench, plan: FakingStudyPlan, subject: Subject, question: Question) -> StageKey:
    config = {
        "model": subject.name if not subject.hashes else "local",
        "model_args": {name: value for name, value in bench.model_args.items() if name not in SECRETS},
        "setting": plan.setting,
        "prompt": question.prompt.hash,
        "variant": question.prompt.variant.name,
        "tiers": list(question.prompt.tiers),
        "queries": json_hash([asdict(query) for query in question.queries]),
        "decoding": [plan.max_tokens, plan.temperature, plan.repeats, plan.seed],
        "graders": graded_by(plan),
        "engine": asdict(bench.engine) if subject.is_local else None,
    }
    return StageKey("ask_faking", ASK_VERSION, config, subject.hashes)
