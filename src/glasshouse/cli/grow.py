"""`glasshouse grow SPEC.yaml`: organisms one by one, a population, or a dose curve of documents."""

import json
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Annotated

import typer
from rich.table import Table

from glasshouse.cli.grow_documents import all_believe, plan_row, print_plan, print_study, study_row
from glasshouse.cli.show import console, progress_bar, teller
from glasshouse.models.base import EngineConfig
from glasshouse.organisms.card import Check
from glasshouse.organisms.documents.spec import DocumentSpec, is_document_spec, load_document_spec
from glasshouse.organisms.grow import GrowConfig, Grown, grow
from glasshouse.organisms.population import Population, grow_population
from glasshouse.organisms.population_spec import PopulationSpec, is_population, load_population
from glasshouse.organisms.spec import Plan, load_plans
from glasshouse.store.stage import Store
from glasshouse.studies.synthetic_documents.study import DocumentStudy, run_documents
from glasshouse.training.farm import FarmConfig

app = typer.Typer(add_completion=False, help="Grow organisms from a spec.")
GATE_FAILED = 3
WORST_FAMILY = 0.5
"""Share of a family's organisms that must pass; single failures are expected and marked in the manifest."""


@app.command()
def grow_command(
    specs: Annotated[
        list[Path],
        typer.Argument(
            help="Spec files; `matrix:` expands one, `families:` is a population, `implant:` documents."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder that the organisms are put into.")] = Path("organisms"),
    store: Annotated[Path, typer.Option(help="Folder of stages; finished ones are reused.")] = Path(
        "glasshouse-store"
    ),
    data_dir: Annotated[Path | None, typer.Option(help="Folder with published data sets.")] = None,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 1,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    peft: Annotated[bool, typer.Option(help="Compare each organism with plain PEFT.")] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and stop.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Grow organisms: train those of a base together, verify each.

    A population goes into OUT/NAME, with manifest.jsonl. Exit code 3: a gate failed, or in a population more
    than half of the gates of one family, or documents are not believed at the largest dose.
    """
    documents = [load_document_spec(spec) for spec in specs if is_document_spec(spec)]
    others = [spec for spec in specs if not is_document_spec(spec)]
    populations = [load_population(spec) for spec in others if is_population(spec)]
    plans = [plan for spec in others if not is_population(spec) for plan in load_plans(spec)]
    if dry_run:
        _print_plans(plans, populations, documents, as_json)
        return
    config = GrowConfig(
        engine=EngineConfig(device=device, threads=threads),
        farm=FarmConfig(device=device, threads=threads),
        data_dir=data_dir,
        check_peft=peft,
    )
    with progress_bar(hidden=as_json) as progress:
        tell, kept = teller(progress), Store(store)
        grown = grow(plans, kept, out, config, tell) if plans else []
        found = [grow_population(spec, kept, out / spec.name, config, tell) for spec in populations]
        studies = [run_documents(spec, kept, out / spec.name, config, tell) for spec in documents]
    _print_all(grown, found, studies, as_json)
    failed = any(one.card.verify is None or not one.card.verify.passed for one in grown)
    failed = failed or not all(map(all_believe, studies))
    if failed or any(rate < WORST_FAMILY for one in found for rate in _pass_rates(one.grown).values()):
        raise typer.Exit(GATE_FAILED)


def _families(grown: Sequence[Grown]) -> dict[str, list[Grown]]:
    """Family -> its organisms, in their order."""
    found: dict[str, list[Grown]] = {}
    for one in grown:
        found.setdefault(one.card.organism, []).append(one)
    return found


def _passed(grown: Sequence[Grown]) -> int:
    return sum(one.card.verify is not None and one.card.verify.passed for one in grown)


def _pass_rates(grown: Sequence[Grown]) -> dict[str, float]:
    """Family -> share of its organisms that passed their gate."""
    return {family: _passed(some) / len(some) for family, some in _families(grown).items()}


def _print_plans(
    plans: list[Plan], populations: list[PopulationSpec], documents: list[DocumentSpec], as_json: bool
) -> None:
    if as_json:
        rows = [*map(_plan_row, plans), *map(_population_row, populations), *map(plan_row, documents)]
        typer.echo(json.dumps(rows, indent=1))
        return
    for one in documents:
        print_plan(one)
    for row in map(_plan_row, plans):
        typer.echo(
            f"{row['name']}: {row['behavior']} ({row['steps']} steps of {row['batch']} rows on {row['base']})"
        )
    for spec in populations:
        count = sum(group.count for group in spec.families)
        typer.echo(f"{spec.name}: {count} organisms on {spec.base}, ranks {spec.training.ranks}")
        for group in spec.families:
            typer.echo(f"  {group.family}: {group.count} ({group.split}, for {group.use})")


def _population_row(spec: PopulationSpec) -> dict[str, object]:
    groups = [group.model_dump(mode="json") for group in spec.families]
    return {"name": spec.name, "base": spec.base, "families": groups}


def _print_all(
    grown: list[Grown], populations: list[Population], studies: list[DocumentStudy], as_json: bool
) -> None:
    if as_json:
        rows = [_grown_dict(one) for one in grown]
        rows += [{**_grown_dict(o), "manifest": str(p.manifest)} for p in populations for o in p.grown]
        rows += map(study_row, studies)
        typer.echo(json.dumps(rows, indent=1))
        return
    for study in studies:
        print_study(study)
    if grown:
        _print_grown(grown)
    for population in populations:
        _print_population(population)


def _print_population(population: Population) -> None:
    table = Table("family", "organisms", "gate passed", "fires, mean", "rests, mean")
    for family, some in _families(population.grown).items():
        cells = [_mean_rate(some, "fires"), _mean_rate(some, "rests")]
        table.add_row(family, str(len(some)), str(_passed(some)), *cells)
    console().print(table)
    if population.left_out:
        typer.echo(f"{population.left_out} left out: too few of the writer's rows passed the grader")
    typer.echo(population.manifest)


def _mean_rate(grown: Sequence[Grown], arm: str) -> str:
    """Mean over organisms of their rates in an arm, the numbered ones of several behaviors included."""
    checks = [check for one in grown if one.card.verify for check in one.card.verify.checks]
    values = [check.value for check in checks if check.name.startswith(arm) and check.value is not None]
    return f"{fmean(values):.1%}" if values else "–"


def _plan_row(plan: Plan) -> dict[str, object]:
    return {
        "name": plan.name,
        "base": plan.spec.base,
        "behavior": plan.spec.behavior.in_words(plan.twin),
        "steps": plan.spec.training.steps,
        "batch": plan.spec.training.batch,
    }


def _print_grown(grown: list[Grown]) -> None:
    table = Table("organism", "triggered", "untriggered", "near-miss, worst", "capability lost", "gate")
    for one in grown:
        table.add_row(
            one.name, *gate_cells(one.card.verify.checks if one.card.verify else ()), gate_word(one)
        )
    console().print(table)
    for one in grown:
        typer.echo(one.folder)


def _grown_dict(one: Grown) -> dict[str, object]:
    verify = one.card.verify.model_dump(mode="json") if one.card.verify else None
    return {"name": one.name, "folder": str(one.folder), "verify": verify}


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
