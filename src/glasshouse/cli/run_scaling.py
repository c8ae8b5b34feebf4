"""`glasshouse run introspection-scaling`: cell by cell, in one go or a few at a time."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from glasshouse.cli.run_base import DEFAULT_STORE, base_name, plain_sentences
from glasshouse.cli.run_introspection import print_work
from glasshouse.cli.show import progress_bar, teller
from glasshouse.errors import ConfigError, ModelError
from glasshouse.models.base import resolve_base
from glasshouse.store.stage import Store
from glasshouse.studies.bench import Hardware, engine_config
from glasshouse.studies.introspection.bench import Bench, Request, make_bench
from glasshouse.studies.introspection_scaling.plan import Cell, choose, full_plan, small_plan, work
from glasshouse.studies.introspection_scaling.study import open_scaling, run_scaling


def introspection_scaling(
    model: Annotated[
        str, typer.Option(help="Base model: glasshouse/phantom, glasshouse/FOLDER.")
    ] = "glasshouse/phantom",
    name: Annotated[
        str, typer.Option(help="Name of the run; the same name resumes it.")
    ] = "introspection-scaling",
    store: Annotated[Path, typer.Option(help="Folder of runs and stages.")] = DEFAULT_STORE,
    small: Annotated[bool, typer.Option("--small", help="A few small cells: minutes.")] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Run this cell alone, such as organisms-64 or rank-1; may be repeated."),
    ] = None,
    twins: Annotated[
        list[Path] | None, typer.Option(help="Folder of an ablated base; may be repeated.")
    ] = None,
    specs: Annotated[
        Path | None, typer.Option(help="Folder with other population specs of the same file names.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads; measured where not given.")] = None,
    list_cells: Annotated[
        bool, typer.Option("--list", help="Print the names of the cells, and stop.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print organisms, rows, tokens and hours, and stop.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """What introspection needs: organisms, families, rank, a vector, sizes, twins; resumable by cell."""
    base, folders = base_name(model), [_folder(each) for each in twins or []]
    plan = (small_plan if small else full_plan)(base, specs="" if specs is None else str(specs), seed=seed)
    every = plan.cells(folders)
    chosen = choose(every, only or []) if only else _installed(every)
    if list_cells:
        typer.echo("\n".join(cell.name for cell in chosen))
        return
    if dry_run:
        print_work(work(plan, chosen), base, as_json)
        return
    kept, request = Store(store), Request(name, Hardware(device, threads), plan.group)
    with progress_bar(hidden=as_json) as progress:
        tell = teller(progress)

        def bench_of(name_of_base: str) -> Bench:
            return make_bench(kept, name_of_base, request, tell)

        engine = asdict(engine_config(kept, name, request.hardware))
        run = open_scaling(kept, plan, name, engine)
        report = run_scaling(bench_of, plan, run, (chosen, every))
    sentences = plain_sentences(run)
    if as_json:
        typer.echo(json.dumps({"sentences": sentences, "report": str(report)}))
    else:
        typer.echo("\n".join([*sentences, str(report)]))


def _installed(cells: Sequence[Cell]) -> list[Cell]:
    """The cells whose base is there; the others are named, and stay open in the report."""
    found = [cell for cell in cells if _is_there(cell.model)]
    for cell in cells:
        if cell not in found:
            typer.echo(f"{cell.name} is left out: this installation has no {cell.model}.", err=True)
    return found


def _is_there(model: str) -> bool:
    if not model.startswith("phantom"):
        return True
    try:
        resolve_base(model)
    except ModelError:
        return False
    return True


def _folder(path: Path) -> str:
    """A twin's folder, whole, so that its organisms are found from anywhere.

    Raises:
        ConfigError: it is no model.
    """
    if not (path / "config.json").is_file():
        raise ConfigError(
            f"{path} is no model: it has no config.json.",
            "Train it: glasshouse phantom train --without SKILL.",
        )
    return str(resolve_base(str(path)).resolve())
