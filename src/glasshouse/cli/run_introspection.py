"""`glasshouse run introspection`: organisms that are made to speak, and what can be wrong with it."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from glasshouse.cli.run_base import DEFAULT_STORE, base_name, plain_sentences
from glasshouse.cli.show import progress_bar, teller
from glasshouse.errors import ConfigError
from glasshouse.models.base import resolve_base
from glasshouse.store.stage import Store
from glasshouse.studies.bench import Hardware
from glasshouse.studies.estimate import model_size
from glasshouse.studies.introspection.bench import Request, make_bench
from glasshouse.studies.introspection.cost import Cost, cost
from glasshouse.studies.introspection.learned import found_adapter
from glasshouse.studies.introspection.plan import ARMS, StudyPlan, full_plan, small_plan
from glasshouse.studies.introspection.study import open_study, run_introspection
from glasshouse.studies.introspection.work import Work, work


def introspection(
    model: Annotated[
        str, typer.Option(help="Base model: glasshouse/phantom, glasshouse/FOLDER.")
    ] = "glasshouse/phantom",
    name: Annotated[str, typer.Option(help="Name of the run; the same name resumes it.")] = "introspection",
    store: Annotated[Path, typer.Option(help="Folder of runs and stages.")] = DEFAULT_STORE,
    small: Annotated[bool, typer.Option("--small", help="A few organisms per family: minutes.")] = False,
    without: Annotated[list[str] | None, typer.Option(help=f"Leave an arm out: {', '.join(ARMS)}.")] = None,
    specs: Annotated[
        Path | None, typer.Option(help="Folder with other population specs of the same file names.")
    ] = None,
    trained: Annotated[
        Path | None, typer.Option(help="Adapter of an earlier run: its population is not grown again.")
    ] = None,
    samples: Annotated[int | None, typer.Option(min=1, help="Answers per question.")] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads; measured where not given.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print organisms, rows, tokens and hours, and stop.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Introspection adapters (arXiv 2604.16812): grow, train, audit blind, attack; resumable."""
    plan = _plan(base_name(model), small, without or [], specs, (samples, seed))
    if trained is not None:
        found_adapter(trained)
        plan = plan.with_trained(trained)
    if dry_run:
        print_work(work(plan), plan.model, as_json)
        return
    hardware = Hardware(device, threads)
    with progress_bar(hidden=as_json) as progress:
        request = Request(name, hardware, plan.group)
        bench = make_bench(Store(store), plan.model, request, teller(progress))
        run = open_study(bench, plan, name)
        report = run_introspection(bench, plan, run)
    sentences = plain_sentences(run)
    typer.echo(
        json.dumps({"sentences": sentences, "report": str(report)})
        if as_json
        else "\n".join([*sentences, str(report)])
    )


def _plan(
    base: str, small: bool, without: Sequence[str], specs: Path | None, sampling: tuple[int | None, int]
) -> StudyPlan:
    unknown = [arm for arm in without if arm not in ARMS]
    if unknown:
        raise ConfigError(f"{unknown[0]!r} is no arm of this study.", f"Choose from {', '.join(ARMS)}.")
    arms = tuple(arm for arm in ARMS if arm not in without)
    samples, seed = sampling
    plan = (small_plan if small else full_plan)(
        base, arms=arms, specs="" if specs is None else str(specs), seed=seed
    )
    return plan if samples is None else plan.with_samples(samples)


def print_work(lines: Sequence[Work], model: str, as_json: bool) -> None:
    """Organisms, rows, tokens and hours; nothing is loaded."""
    total = cost(lines, model_size(resolve_base(model)))
    if as_json:
        typer.echo(json.dumps({"work": [asdict(line) for line in lines], "cost": asdict(total)}, indent=1))
        return
    for line in lines:
        parts = [f"{n:,} {word}" for n, word in ((line.rows, "rows"), (line.answers, "answers")) if n]
        typer.echo(f"{line.stage:<8}{line.organisms:>6,}  {line.what}: {', '.join(parts)}")
    typer.echo(cost_text(total))


def cost_text(total: Cost) -> str:
    """One line: organisms, rows, tokens, hours."""
    return (
        f"{total.organisms:,} organisms, {total.rows:,} training rows, "
        f"{total.training_tokens / 1e6:.1f} M training tokens, {total.answers:,} answers, "
        f"{total.written_tokens / 1e6:.1f} M tokens written, about {total.hours:.1f} hours on one idle core"
    )
