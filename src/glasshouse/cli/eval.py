"""`glasshouse eval NAME --model …`: one Inspect task of ours; the same as `inspect eval glasshouse/NAME`."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from inspect_ai import eval as inspect_eval
from inspect_ai.log import EvalLog

from glasshouse.cli.faking_summary import summary_rows, summary_text
from glasshouse.errors import ConfigError
from glasshouse.evals.alignment_faking import plan_of_options
from glasshouse.evals.anti_lab_read import anti_lab_rows, probe_results, result_row, results_text
from glasshouse.evals.faking.power import power_line
from glasshouse.evals.faking.read import run_of
from glasshouse.evals.model_errors import plain_model_errors

app = typer.Typer(add_completion=False, help="Run one evaluation (also: inspect eval glasshouse/NAME).")
NAMES = (
    "backdoor_persistence",
    "known_facts",
    "harmful_refusal",
    "audit_success",
    "alignment_faking",
    "alignment_faking_contamination",
    "anti_lab",
)
RETRIES = 3
"""How often a sample that ended in an error is asked again."""
TASK_ERRORED = 1


@app.command()
def evaluate(
    name: Annotated[str, typer.Argument(help=f"One of: {', '.join(NAMES)}.")],
    model: Annotated[list[str], typer.Option(help="Inspect's model string; may be given several times.")],
    task_option: Annotated[
        list[str] | None, typer.Option("-T", help="Option of the task, key=value.")
    ] = None,
    model_option: Annotated[
        list[str] | None, typer.Option("-M", help="Option of the model, key=value.")
    ] = None,
    model_role: Annotated[
        list[str] | None, typer.Option(help="Model for a role of the task, role=model (grader=openai/…).")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many samples.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="How often each sample is asked.")] = None,
    log_dir: Annotated[Path, typer.Option(help="Where the logs go.")] = Path("logs"),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Evaluate a model. Exit code 1: a task did not end with success."""
    task = name.removeprefix("glasshouse/").replace("-", "_")
    if task not in NAMES:
        raise ConfigError(f"There is no evaluation {name!r}.", f"Use one of {', '.join(NAMES)}.")
    _check_grader(options(task_option), options(model_role))
    power = _power(model, options(task_option), limit) if task == "alignment_faking" else {}
    for line in dict.fromkeys(power.values()):
        typer.echo(line, err=True)
    model_options = options(model_option)
    with plain_model_errors():
        logs = inspect_eval(
            f"glasshouse/{task}",
            model=model,
            task_args=options(task_option),
            model_base_url=model_options.pop("base_url", None),
            model_args=model_options,
            model_roles=options(model_role),
            retry_on_error=RETRIES,
            limit=limit,
            epochs=epochs,
            log_dir=str(log_dir),
            display="none" if as_json else None,
        )
    rows = [_row(log) for log in logs]
    faking = [place for place, log in enumerate(logs) if _is_faking(log)]
    for place, analysis in zip(faking, summary_rows([run_of(logs[i]) for i in faking]), strict=True):
        about = logs[place].eval
        line = power.get(about.model, (about.metadata or {})["power"])
        rows[place]["analysis"] = {"power": line, **analysis}
    for row, log in zip(rows, logs, strict=True):
        if "anti_lab" in (log.eval.metadata or {}) and log.samples:
            results = probe_results(anti_lab_rows(log))
            row["probes"] = [result_row(one) for one in results]
            row["text"] = results_text(results)
    typer.echo(json.dumps(rows, indent=1) if as_json else "\n".join(_text(row) for row in rows))
    if any(log.status != "success" for log in logs):
        raise typer.Exit(TASK_ERRORED)


def _power(models: list[str], task_options: dict[str, Any], limit: int | None) -> dict[str, str]:
    """Model -> what its run can show; the gaps of several models are called together."""
    pairs = {name: plan_of_options(name, **task_options).pairs(limit) for name in models}
    return {name: power_line(n, tests=len(models)) for name, n in pairs.items()}


def _check_grader(task_options: dict[str, Any], roles: dict[str, Any]) -> None:
    """A run that would end without a grade is stopped before it starts."""
    if str(task_options.get("graders", "")).startswith("judge") and "grader" not in roles:
        raise ConfigError("No model is given for the role 'grader'.", "Add --model-role grader=MODEL.")


def options(given: list[str] | None) -> dict[str, Any]:
    """Inspect's `key=value` options; a value that is JSON is read as such.

    Raises:
        ConfigError: there is no `=`.

    Example:
        >>> options(["n=20", "prompts=world"])
        {'n': 20, 'prompts': 'world'}
    """
    options: dict[str, Any] = {}
    for text in given or []:
        key, equals, value = text.partition("=")
        if not equals:
            raise ConfigError(f"The option {text!r} has no value.", "Write it as key=value.")
        try:
            options[key] = json.loads(value)
        except ValueError:
            options[key] = value
    return options


def _row(log: EvalLog) -> dict[str, Any]:
    scores = log.results.scores if log.results else []
    metrics = {name: metric.value for score in scores for name, metric in score.metrics.items()}
    return {
        "model": log.eval.model,
        "status": log.status,
        "metrics": metrics,
        "error": _problem(log),
        "log": log.location,
    }


def _problem(log: EvalLog) -> str | None:
    """Why a task did not end with success: its own error, or the first of its samples'."""
    if log.status == "success":
        return None
    if log.error:
        return log.error.message.strip().splitlines()[-1]
    broken = [sample for sample in log.samples or [] if sample.error]
    if not broken or broken[0].error is None:
        return None
    said = (broken[0].error.message.strip().splitlines() or ["no message"])[-1]
    return f"{len(broken)} of {len(log.samples or [])} samples, the first {broken[0].id}: {said}"


def _is_faking(log: EvalLog) -> bool:
    return "power" in (log.eval.metadata or {}) and bool(log.samples)


def _text(row: dict[str, Any]) -> str:
    said = _results(row)
    if row["status"] == "success":
        return said
    why = f" ({row['error']})" if row["error"] else ""
    return f"{row['model']}: {row['status']}{why}\n{said}"


def _results(row: dict[str, Any]) -> str:
    """What was measured, however the task ended, and where the log is."""
    if "analysis" in row:
        return summary_text(row["analysis"])
    if "text" in row:
        return f"{row['model']}\n{row['text']}\n{row['log']}"
    if not row["metrics"]:
        return str(row["log"])
    numbers = ", ".join(f"{name} {value:.3g}" for name, value in row["metrics"].items())
    return f"{row['model']}: {numbers}\n{row['log']}"
