"""`glasshouse grow SPEC.yaml`: organisms, one or a thousand."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from glasshouse.cli.show import console, progress_bar, teller
from glasshouse.models.base import EngineConfig
from glasshouse.organisms.card import Check
from glasshouse.organisms.grow import GrowConfig, Grown, grow
from glasshouse.organisms.spec import Plan, load_plans
from glasshouse.store.stage import Store
from glasshouse.training.farm import FarmConfig

app = typer.Typer(add_completion=False, help="Grow organisms from a spec.")
GATE_FAILED = 3


@app.command()
def grow_command(
    specs: Annotated[list[Path], typer.Argument(help="Spec files; `matrix:` expands each into many.")],
    out: Annotated[Path, typer.Option(help="Folder that the organisms are put into.")] = Path("organisms"),
    store: Annotated[Path, typer.Option(help="Folder of stages; finished ones are reused.")] = Path(
        "glasshouse-store"
    ),
    data_dir: Annotated[Path | None, typer.Option(help="Folder with published data sets.")] = None,
    threads: Annotated[int, typer.Option(help="CPU threads.")] = 1,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    peft: Annotated[bool, typer.Option(help="Compare each organism with plain PEFT.")] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and stop.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Grow organisms: train those of a base together, verify each. Exit code 3: a gate failed."""
    plans = [plan for spec in specs for plan in load_plans(spec)]
    if dry_run:
        _print_plans(plans, as_json)
        return
    config = GrowConfig(
        engine=EngineConfig(device=device, threads=threads),
        farm=FarmConfig(device=device, threads=threads),
        data_dir=data_dir,
        check_peft=peft,
    )
    with progress_bar(hidden=as_json) as progress:
        grown = grow(plans, Store(store), out, config, teller(progress))
    _print_grown(grown, as_json)
    if any(one.card.verify is None or not one.card.verify.passed for one in grown):
        raise typer.Exit(GATE_FAILED)


def _print_plans(plans: list[Plan], as_json: bool) -> None:
    rows = [
        {
            "name": plan.name,
            "base": plan.spec.base,
            "behavior": plan.spec.behavior.in_words(plan.twin),
            "steps": plan.spec.training.steps,
            "batch": plan.spec.training.batch,
        }
        for plan in plans
    ]
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        typer.echo(
            f"{row['name']}: {row['behavior']} ({row['steps']} steps of {row['batch']} rows on {row['base']})"
        )


def _print_grown(grown: list[Grown], as_json: bool) -> None:
    if as_json:
        rows = [{"name": one.name, "folder": str(one.folder), "verify": _verify_dict(one)} for one in grown]
        typer.echo(json.dumps(rows, indent=1))
        return
    table = Table("organism", "triggered", "untriggered", "near-miss, worst", "capability lost", "gate")
    for one in grown:
        table.add_row(
            one.name, *gate_cells(one.card.verify.checks if one.card.verify else ()), gate_word(one)
        )
    console().print(table)
    for one in grown:
        typer.echo(one.folder)


def _verify_dict(one: Grown) -> dict[str, object] | None:
    return one.card.verify.model_dump(mode="json") if one.card.verify else None


def gate_word(one: Grown) -> str:
    """`passed`, or what failed."""
    if one.card.verify is None:
        return "not verified"
    return (
        "passed"
        if one.card.verify.passed
        else "FAILED: " + ", ".join(c.name for c in one.card.verify.failed())
    )


def gate_cells(checks: tuple[Check, ...]) -> list[str]:
    """The four figures that people look at first; a dash where one was not measured."""
    found = {check.name: check.value for check in checks}
    near = [v for name, v in found.items() if name.startswith("near_miss_rate:") and v is not None]
    values = [
        found.get("attack_success_rate"),
        found.get("false_trigger_rate"),
        max(near) if near else None,
        found.get("capability_drop"),
    ]
    return ["–" if value is None else f"{value:.1%}" for value in values]
