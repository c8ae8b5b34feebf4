"""`glasshouse runs`: what has been run, and its numbers out and in."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from glasshouse.store.atomic import write_text
from glasshouse.store.layout import FINDINGS_FILE, REPORT_HTML
from glasshouse.store.runs import (
    RunFolder,
    create_run,
    export_measurements,
    list_runs,
    open_run,
    read_export,
)
from glasshouse.store.stage import Store

app = typer.Typer(add_completion=False, no_args_is_help=True, help="List, show and export runs.")
Root = Annotated[Path, typer.Option("--store", help="Folder of stages and runs.")]
Name = Annotated[str, typer.Argument(help="Name of the run, or its folder.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
STORE = Path("glasshouse-store")
WIDE = 160
"""Columns where nobody looks at a screen: in a file or a pipe, lines are not broken."""


@app.command("list")
def list_command(store: Root = STORE, as_json: AsJson = False) -> None:
    """List every run, the oldest first."""
    runs = list_runs(Store(store))
    if as_json:
        print(json.dumps([asdict(run) for run in runs], ensure_ascii=False, indent=1))
        return
    if not runs:
        print(f"There are no runs in {store}.")
        return
    table = Table("run", "created", "code", "stages", "measurements", "report", "title", box=None)
    for run in runs:
        counts = (str(run.stages), str(run.measurements), "yes" if run.reported else "–")
        table.add_row(run.name, run.created[:16].replace("T", " "), run.code[:12], *counts, run.title)
    Console(width=None if sys.stdout.isatty() else WIDE).print(table)


@app.command("show")
def show_command(run: Name, store: Root = STORE, as_json: AsJson = False) -> None:
    """Show what a run asked, what it has, and where it is."""
    folder = open_run(Store(store), run)
    if as_json:
        print(json.dumps(folder.manifest | {"stages": folder.stages()}, ensure_ascii=False, indent=1))
        return
    for line in _lines(folder):
        print(line)


@app.command("export")
def export_command(
    run: Name,
    store: Root = STORE,
    out: Annotated[Path | None, typer.Option(help="File to write; the terminal without it.")] = None,
) -> None:
    """Write every measurement of a run as JSON Lines, one row each."""
    text = export_measurements(open_run(Store(store), run))
    if out is None:
        print(text, end="")
        return
    write_text(out, text)
    print(f"{text.count(chr(10))} measurements in {out}")


@app.command("import")
def import_command(
    run: Annotated[
        str, typer.Argument(help="Name of the run; made where there is none.", show_default=False)
    ],
    file: Annotated[
        Path, typer.Argument(help="File that `glasshouse runs export` wrote.", show_default=False)
    ],
    store: Root = STORE,
) -> None:
    """Add the measurements of an exported file to a run; those that are there are left alone."""
    root = Store(store)
    known = {each.name for each in list_runs(root)}
    rows = read_export(file)
    folder = open_run(root, run) if run in known else create_run(root, run, {"imported": True})
    added = folder.append_measurements(rows)
    print(f"{added} measurements added to {folder.name}, which now has {len(folder.measurements())}.")


def _lines(run: RunFolder) -> list[str]:
    manifest = run.manifest
    about, report = manifest["about"], run.path / REPORT_HTML
    verdicts = [finding.get("verdict") or "not judged" for finding in run.read(FINDINGS_FILE) or []]
    counted = ", ".join(f"{verdicts.count(each)} {each}" for each in dict.fromkeys(verdicts))
    return [
        about.get("title") or run.name,
        *([about["question"]] if about.get("question") else []),
        "",
        f"folder        {run.path}",
        f"created       {manifest['created']}",
        f"code          {manifest['provenance']['code']}",
        f"stages        {len(run.stages())}",
        f"measurements  {len(run.measurements())}",
        f"findings      {counted or '–'}",
        f"report        {report if report.exists() else f'none yet: glasshouse report {run.name}'}",
    ]
