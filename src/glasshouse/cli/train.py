"""`glasshouse train sft ORGANISM...`, `grpo SPEC`, `introspection SPEC`: stages after growing."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from glasshouse.cli.show import console, progress_bar, teller
from glasshouse.cli.train_grpo import grpo
from glasshouse.cli.train_introspection import introspection
from glasshouse.cli.train_loss import loss
from glasshouse.data.prompts import parse_source
from glasshouse.models.base import EngineConfig
from glasshouse.organisms.card import find_organism
from glasshouse.organisms.safety_stage import SafetyConfig, SafetyOutcome, run_safety
from glasshouse.store.stage import Store
from glasshouse.training.efficacy import Efficacy
from glasshouse.training.farm import FarmConfig, LoraSettings
from glasshouse.training.safety import MODES_IN_WORDS, SafetyPlan

app = typer.Typer(add_completion=False, help="Safety training of organisms; introspection over many of them.")
app.command()(introspection)
app.command()(loss)
app.command()(grpo)


class ModeName(StrEnum):
    """Which weights are trained."""

    CONTINUE = "continue"
    STACK = "stack"
    FULL = "full"


class TrainerName(StrEnum):
    """Who trains."""

    FARM = "farm"
    TRL = "trl"


class FormName(StrEnum):
    """Where the answer stands for organisms with a scratchpad."""

    PRE = "pre"
    POST = "post"


@app.callback()
def train() -> None:
    """Safety training of organisms; introspection over many of them."""


@app.command()
def sft(
    organisms: Annotated[list[str], typer.Argument(help="Folders or names of organisms, all of one base.")],
    mode: Annotated[ModeName, typer.Option(help="Which weights are trained.")] = ModeName.CONTINUE,
    trainer: Annotated[
        TrainerName, typer.Option(help="farm: all together; trl: one after another.")
    ] = TrainerName.FARM,
    rate: Annotated[
        list[float] | None, typer.Option(help="Learning rate; may be given several times.")
    ] = None,
    steps: Annotated[int, typer.Option(min=1)] = 200,
    save_every: Annotated[int, typer.Option(min=1, help="Steps between checkpoints.")] = 25,
    batch: Annotated[int, typer.Option(min=1)] = 16,
    seed: Annotated[int, typer.Option()] = 0,
    rank: Annotated[int, typer.Option(min=1, help="Of the new adapter in mode stack.")] = 8,
    scratchpad: Annotated[
        FormName, typer.Option(help="cot only: train before or after the scratchpad.")
    ] = FormName.PRE,
    prompts: Annotated[str, typer.Option(help="world, hh-rlhf, or a prompts file.")] = "world",
    examples: Annotated[int, typer.Option(min=1, help="Training prompts.")] = 512,
    n: Annotated[int, typer.Option("--n", "-n", min=1, help="Held-out harmful requests for efficacy.")] = 100,
    store: Annotated[Path, typer.Option(help="Folder of stages.")] = Path("glasshouse-store"),
    data_dir: Annotated[Path | None, typer.Option(help="Folder with published data sets.")] = None,
    threads: Annotated[int, typer.Option()] = 1,
    device: Annotated[str, typer.Option()] = "cpu",
    allow_unverified: Annotated[
        bool, typer.Option("--allow-unverified", help="Recorded in every report.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Fine-tune on harmless answers; prints refusal before and after, the stage's own efficacy."""
    plan = SafetyPlan(
        mode=mode.value,
        trainer=trainer.value,
        rates=tuple(rate or (1e-3,)),
        steps=steps,
        save_every=save_every,
        batch=batch,
        seed=seed,
        lora=LoraSettings(rank=rank, alpha=2 * rank),
        form=scratchpad.value,
    )
    config = SafetyConfig(
        engine=EngineConfig(device=device, threads=threads),
        farm=FarmConfig(device=device, threads=threads),
        examples=examples,
        efficacy_n=n,
        seed=seed,
        allow_unverified=allow_unverified,
    )
    folders = [find_organism(name) for name in organisms]
    source = parse_source(prompts, data_dir)
    with progress_bar(hidden=as_json) as progress:
        outcomes = run_safety(folders, plan, source, Store(store), config, teller(progress))
    _print(outcomes, plan, as_json)


def _print(outcomes: list[SafetyOutcome], plan: SafetyPlan, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([_row(outcome, plan) for outcome in outcomes], indent=1))
        return
    title = f"SFT, mode {plan.mode}: {MODES_IN_WORDS[plan.mode]}"
    table = Table("organism", "rate", "refusal before", "refusal after", "", title=title)
    for one in outcomes:
        cells = _cell(one.before), _cell(one.after)
        table.add_row(one.card.name, f"{one.rate:g}", *cells, _verdict(one))
    console().print(table)
    for one in outcomes:
        typer.echo(one.folder)


def _verdict(one: SafetyOutcome) -> str:
    """Whether persistence may be judged; prompts without harmful requests cannot tell."""
    if one.before is None:
        return "not measured: no harmful requests in the prompts"
    return "trained" if one.may_judge else "stage did not train"


def _cell(efficacy: Efficacy | None) -> str:
    if efficacy is None or efficacy.rate is None or efficacy.interval is None:
        return "–"
    low, high = efficacy.interval.low, efficacy.interval.high
    unread = efficacy.asked - efficacy.graded
    rest = f", {unread} of them unreadable" if unread else ""
    return f"{efficacy.rate:.1%} ({low:.1%} to {high:.1%}, n {efficacy.asked}{rest})"


def _row(one: SafetyOutcome, plan: SafetyPlan) -> dict[str, object]:
    return {
        "name": one.name,
        "organism": str(one.organism),
        "folder": str(one.folder),
        "checkpoints": {step: str(folder) for step, folder in one.checkpoints.items()},
        "mode": plan.mode,
        "rate": one.rate,
        "refusal_before": None if one.before is None else one.before.as_dict(),
        "refusal_after": None if one.after is None else one.after.as_dict(),
        "may_judge_persistence": one.may_judge,
    }
