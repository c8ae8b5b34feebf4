"""`glasshouse report RUN…`: the HTML and Markdown report of runs."""

import json
from pathlib import Path
from typing import Annotated

import typer

from glasshouse.reports.build import build_report
from glasshouse.store.runs import open_run
from glasshouse.store.stage import Store

app = typer.Typer(add_completion=False, help="Write the HTML and Markdown report of a run.")


@app.command()
def report_command(
    runs: Annotated[list[str], typer.Argument(help="Names of runs, or their folders.", show_default=False)],
    store: Annotated[Path, typer.Option("--store", help="Folder of stages and runs.")] = Path(
        "glasshouse-store"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write report.html and report.md into each run's folder, from the files of that folder only."""
    folders = [open_run(Store(store), run) for run in runs]
    reports = [build_report(folder.path) for folder in folders]
    if as_json:
        print(json.dumps({folder.name: str(path) for folder, path in zip(folders, reports, strict=True)}))
        return
    for path in reports:
        print(path)
