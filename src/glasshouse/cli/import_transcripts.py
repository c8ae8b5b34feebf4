"""`glasshouse import transcripts FILE…`: transcripts made elsewhere become graded Inspect logs."""

import json
from pathlib import Path
from typing import Annotated

import typer

from glasshouse.cli.faking_summary import summary_rows, summary_text
from glasshouse.data.alignment_faking.setting import find_setting
from glasshouse.data.alignment_faking.transcripts import parse_map
from glasshouse.evals.faking.choose import DEFAULT_GRADERS, named_graders
from glasshouse.evals.faking.read import run_of
from glasshouse.evals.faking.replay import load_transcripts, replay

app = typer.Typer(add_completion=False, help="Turn what was made elsewhere into Inspect logs.")


@app.callback()
def main() -> None:
    """Turn what was made elsewhere into Inspect logs."""


@app.command()
def transcripts(
    files: Annotated[list[Path], typer.Argument(help="JSON, JSON Lines or .eval files.")],
    field: Annotated[
        list[str] | None, typer.Option("--map", help="PART=FIELD of the rows, for example query=prompt.")
    ] = None,
    constant: Annotated[
        list[str] | None, typer.Option("--set", help="PART=VALUE for all rows, for example tier=free.")
    ] = None,
    graders: Annotated[str, typer.Option(help="What grades compliance and reasoning.")] = DEFAULT_GRADERS,
    judge: Annotated[str | None, typer.Option(help="Model for --graders judge.")] = None,
    log_dir: Annotated[Path, typer.Option(help="Where the logs go.")] = Path("logs"),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Read, grade and write one log per model, setting and variant; print what they say by tier.

    The layout VARIANT__MODEL__True.json (True: free tier) needs no map.
    """
    found = load_transcripts(files, parse_map(field or (), constant or ()))
    runs = []
    for name in sorted({t.setting for t in found}):
        chosen = named_graders(graders, find_setting(name))
        mine = [t for t in found if t.setting == name]
        runs += [run_of(log) for log in replay(mine, chosen, log_dir, judge)]
    rows = summary_rows(runs)
    typer.echo(json.dumps(rows, indent=1) if as_json else "\n".join(summary_text(row) for row in rows))
