"""`glasshouse graders`: train the offline graders, check one on labelled text, and let people label blind."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from glasshouse.errors import ConfigError
from glasshouse.evals.faking.corrected import Corrected, calibration, corrected_rates, graded_text
from glasshouse.evals.faking.judged import judged_compliance, judged_reasoning
from glasshouse.evals.faking.read import read_run
from glasshouse.evals.faking.replay import is_inspect_log
from glasshouse.graders.alignment_faking.check import (
    agreement,
    check_compliance,
    check_reasoning,
    compare_compliance,
    compare_reasoning,
)
from glasshouse.graders.alignment_faking.judge import JudgeConfig
from glasshouse.graders.alignment_faking.labels import (
    UNGRADED,
    LabelledText,
    blind_rows,
    read_binary,
    read_labelled,
    read_people,
    read_unlabelled,
)
from glasshouse.graders.alignment_faking.offline import OfflineCompliance, OfflineReasoning
from glasshouse.graders.alignment_faking.train import TrainConfig, train_compliance, train_reasoning
from glasshouse.graders.alignment_faking.verdicts import COMPLIANCE
from glasshouse.graders.alignment_faking.wordings import BOOKS, write_set
from glasshouse.records import Interval
from glasshouse.store.jsonl import write_jsonl

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Train, check and label.")
GRADERS = ("reasoning", "compliance")
SETS = ("reasoning_held_out", "reasoning_training", "compliance_training")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Seed = Annotated[int, typer.Option(min=0)]
File = Annotated[Path, typer.Argument(show_default=False)]


@app.command("check")
def check_command(
    file: Annotated[Path, typer.Argument(help="Labelled JSON or JSON Lines.", show_default=False)],
    grader: Annotated[str, typer.Option(help="reasoning or compliance.")] = "reasoning",
    judge: Annotated[
        str | None, typer.Option(help="Model that grades in place of the offline grader.")
    ] = None,
    form: Annotated[str, typer.Option(help="Criteria of the judge: four (improved) or five.")] = "four",
    votes: Annotated[int, typer.Option(min=1, help="Votes of the judge; 1: one pass.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Score a grader on a labelled file: {"samples": [{"text", "label", "source"?, "query"?}]}."""
    _known(grader, GRADERS, "grader")
    _known(form, ("four", "five"), "form of the judge")
    config = JudgeConfig("five" if form == "five" else "four", votes)
    check = _check_reasoning if grader == "reasoning" else _check_compliance
    name = f"offline {grader}" if judge is None else f"{config.name} {grader} by {judge}"
    _print({"grader": name} | check(file, judge, config), as_json)


def _check_reasoning(file: Path, judge: str | None, config: JudgeConfig) -> dict[str, Any]:
    rows = read_binary(file)
    if judge is None:
        return check_reasoning(rows, OfflineReasoning())
    return compare_reasoning(rows, judged_reasoning([row for row, _ in rows], config, judge))


def _check_compliance(file: Path, judge: str | None, config: JudgeConfig) -> dict[str, Any]:
    rows = read_labelled(file, (*COMPLIANCE, UNGRADED))
    if judge is None:
        return check_compliance(rows, OfflineCompliance())
    return compare_compliance(rows, judged_compliance(rows, config, judge))


@app.command("train")
def train_command(
    per_label: Annotated[int, typer.Option(min=10, help="Texts of each label from each phrase book.")] = 40,
    seed: Seed = 1,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the weights; default: the shipped ones.")
    ] = None,
) -> None:
    """Train both offline graders on generated text; the same seed gives the same weights."""
    config = TrainConfig(per_label, seed)
    for name, train in (("reasoning", train_reasoning), ("compliance", train_compliance)):
        path = out / f"{name}_weights.json" if out else None
        value = train(config, path) if path else train(config)
        typer.echo(f"{name}: {value['about']['texts']} texts from {len(value['about']['trained on'])} books")


@app.command("write-set")
def write_set_command(
    name: Annotated[str, typer.Argument(help=f"One of: {', '.join(SETS)}.", show_default=False)],
    out: Annotated[Path, typer.Argument(help="JSON Lines to write.", show_default=False)],
    per_label: Annotated[int, typer.Option(min=1, help="Texts of each label from each source.")] = 50,
    seed: Seed = 1,
) -> None:
    """Write a labelled set out of its phrase books, for `glasshouse graders check`."""
    _known(name, SETS, "set")
    rows = write_set(BOOKS / name, per_label, seed)
    write_jsonl(
        out,
        [{"text": row.text, "label": row.label, "source": row.source, "query": row.query} for row in rows],
    )
    typer.echo(f"{len(rows)} texts in {out}")


@app.command("label-export")
def export_command(
    file: Annotated[
        Path, typer.Argument(help="Texts as for check, labels not needed; or a log.", show_default=False)
    ],
    out: Annotated[Path, typer.Argument(help="JSON Lines to write.", show_default=False)],
    kind: Annotated[str, typer.Option(help="Of a log: reasoning or compliance.")] = "reasoning",
    n: Annotated[int | None, typer.Option("-n", min=1, help="So many, drawn at random.")] = None,
    seed: Seed = 0,
) -> None:
    """Write a file for people to label: shuffled, without model, tier, source or any grade."""
    _known(kind, GRADERS, "kind of label")
    rows = _texts_of_log(file, kind) if is_inspect_log(file) else read_unlabelled(file)
    blind = blind_rows(rows, seed)[:n]
    write_jsonl(out, blind)
    typer.echo(f'{len(blind)} texts in {out}: fill in every "label".')


def _texts_of_log(log: Path, kind: str) -> list[LabelledText]:
    """What the graders of a run read, empty texts left out."""
    rows = read_run(log).rows
    return [LabelledText(text, "any", "", row.query) for row in rows if (text := graded_text(row, kind))]


@app.command("prevalence")
def prevalence_command(
    log: Annotated[Path, typer.Argument(help="Log of an alignment-faking run.", show_default=False)],
    labels: Annotated[Path, typer.Option(help="A random batch of its texts (label-export), labelled.")],
    kind: Annotated[str, typer.Option(help="reasoning or compliance.")] = "reasoning",
    as_json: AsJson = False,
) -> None:
    """Correct a run's rates for its grader's errors, as people's labels of a random batch show them."""
    _known(kind, GRADERS, "kind of label")
    rows = read_run(log).rows
    known = calibration(rows, read_people(labels, kind), kind)
    if known.positives + known.negatives == 0:
        raise ConfigError(
            f"{labels} labels no text of {log}.", "Make it with glasshouse graders label-export."
        )
    tiers = {each.tier: _corrected(each) for each in corrected_rates(rows, known, kind)}
    worth = {name: round(count, 2) for name, count in asdict(known).items()}
    _print({"kind": kind, "labelled": worth} | tiers, as_json)


def _corrected(found: Corrected) -> dict[str, Any]:
    graded, ends = found.graded, found.interval
    return {
        "n": graded.n,
        "graded": _interval(graded.value, graded.interval),
        "corrected": _interval(found.value, ends),
    }


def _interval(value: float | None, ends: Interval | None) -> dict[str, float] | None:
    if value is None or ends is None:
        return None
    return {"value": round(value, 4), "low": round(ends.low, 4), "high": round(ends.high, 4)}


@app.command("label-agreement")
def agreement_command(
    first: File,
    second: File,
    kind: Annotated[str, typer.Option(help="reasoning or compliance.")] = "reasoning",
    as_json: AsJson = False,
) -> None:
    """Compare two people's label files: kappa with its interval."""
    _known(kind, GRADERS, "kind of label")
    _print(agreement(read_people(first, kind), read_people(second, kind)), as_json)


def _known(name: str, among: tuple[str, ...], what: str) -> None:
    if name not in among:
        raise ConfigError(f"There is no {what} '{name}'.", f"Choose one of: {', '.join(among)}.")


def _print(figures: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(figures, indent=1))
        return
    for line in _lines(figures):
        typer.echo(line)


def _lines(figures: dict[str, Any], indent: str = "") -> list[str]:
    lines: list[str] = []
    for name, value in figures.items():
        if isinstance(value, dict) and "value" in value:
            lines.append(
                f"{indent}{name:<20} {value['value']:.3f}  [{value['low']:.3f}, {value['high']:.3f}]"
            )
        elif isinstance(value, dict):
            lines += [f"{indent}{name}", *_lines(value, indent + "  ")]
        else:
            lines.append(f"{indent}{name:<20} {'–' if value is None else value}")
    return lines
