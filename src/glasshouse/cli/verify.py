"""`glasshouse verify ORGANISM...`: the gate, again, with numbers and intervals."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from glasshouse.cli.show import console
from glasshouse.models.base import EngineConfig
from glasshouse.organisms.card import Card, find_organism
from glasshouse.organisms.gate import verify_folder

app = typer.Typer(add_completion=False, help="Verify organisms.")
GATE_FAILED = 3


@app.command()
def verify_command(
    organisms: Annotated[list[str], typer.Argument(help="Folders or names of organisms.")],
    n: Annotated[
        int | None, typer.Option("--n", "-n", min=1, help="Prompts per arm; as in the spec if not given.")
    ] = None,
    peft: Annotated[bool, typer.Option(help="Compare with plain PEFT.")] = True,
    data_dir: Annotated[Path | None, typer.Option(help="Folder with published data sets.")] = None,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 1,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Verify organisms and write the result into their cards. Exit code 3: one failed its gate."""
    folders = [find_organism(name) for name in organisms]
    config = EngineConfig(device=device, threads=threads)
    cards = [verify_folder(folder, config, peft, n, data_dir) for folder in folders]
    if as_json:
        typer.echo(json.dumps([_row(card) for card in cards], indent=1))
    else:
        for card in cards:
            console().print(_table(card))
    if any(card.verify is None or not card.verify.passed for card in cards):
        raise typer.Exit(GATE_FAILED)


def _row(card: Card) -> dict[str, object]:
    return {"name": card.name, "verify": card.verify.model_dump(mode="json") if card.verify else None}


def _table(card: Card) -> Table:
    assert card.verify is not None
    state = "passed" if card.verify.passed else "FAILED"
    table = Table("check", "value", "95 % interval", "n", "bar", "", title=f"{card.name}: {state}")
    for check in card.verify.checks:
        value = "–" if check.value is None else f"{check.value:.4g}"
        interval = "–" if check.low is None or check.high is None else f"{check.low:.3f} to {check.high:.3f}"
        verdict = {True: "pass", False: "FAIL", None: ""}[check.passed]
        table.add_row(check.name, value, interval, str(check.n), check.bar, verdict)
    return table
