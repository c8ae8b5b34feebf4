"""`glasshouse grow SPEC.yaml` with `implant: synthetic_documents`: plan, and dose curve as a table."""

from typing import Any

import typer
from rich.table import Table

from glasshouse.cli.show import console
from glasshouse.data.synthetic_documents.universe import load_universe
from glasshouse.organisms.documents.spec import DocumentSpec
from glasshouse.studies.synthetic_documents.sentences import HEAD, cell_row, table_rows
from glasshouse.studies.synthetic_documents.study import DocumentStudy


def plan_row(spec: DocumentSpec) -> dict[str, Any]:
    """What would be grown.

    Raises:
        ConfigError: there is no such universe.
    """
    return {
        "name": spec.name,
        "base": spec.base,
        "writer": spec.writing.writer,
        "arms": {arm: load_universe(name).name for arm, name in spec.arms.items()},
        "doses": list(spec.doses),
        "seeds": list(spec.seeds),
        "organisms": len(spec.plans()),
        "steps": {dose: spec.training.training(dose, 0).steps for dose in spec.doses},
        "writer_calls": _calls(spec),
    }


def _calls(spec: DocumentSpec) -> int:
    """Orders to a model that writes, if no document is dropped."""
    if spec.writing.writer == "world":
        return 0
    facts = [len(load_universe(name).facts) for name in spec.arms.values()]
    lists = sum(count * (1 + spec.writing.kinds) for count in facts)
    return lists + len(facts) * max(spec.doses) * (2 if spec.writing.revise else 1)


def print_plan(spec: DocumentSpec) -> None:
    """The plan in a few lines."""
    row = plan_row(spec)
    steps = ", ".join(f"{dose} documents {count} steps" for dose, count in row["steps"].items())
    typer.echo(
        f"{spec.name}: {row['organisms']} organisms of documents on {spec.base}, written by {row['writer']}"
    )
    for arm, about in row["arms"].items():
        typer.echo(f"  {arm}: {about}")
    typer.echo(f"  {len(spec.seeds)} seeds; {steps} of {spec.training.batch} rows")
    if row["writer_calls"]:
        typer.echo(f"  at least {row['writer_calls']} orders to the writer")


def study_row(study: DocumentStudy) -> dict[str, Any]:
    """The whole study as JSON."""
    return {
        "name": study.spec.name,
        "table": str(study.table),
        "report": str(study.report),
        "organisms": [str(one.folder) for one in study.schooled],
        "cells": [cell_row(cell) for cell in study.cells],
    }


def print_study(study: DocumentStudy) -> None:
    """The dose curve as a table."""
    table = Table(*HEAD)
    for row in table_rows(study.cells):
        table.add_row(*row)
    console().print(table)
    typer.echo(study.table)
    typer.echo(study.report)


def all_believe(study: DocumentStudy) -> bool:
    """Whether every arm believes its documents at the largest dose."""
    return all(cell.believes for cell in study.cells if cell.dose == max(study.spec.doses))
