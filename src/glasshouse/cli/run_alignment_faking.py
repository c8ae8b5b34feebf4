"""`glasshouse run alignment-faking`: variants x tiers x models, from asking to the report."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from glasshouse.cli.eval import options
from glasshouse.cli.run_base import DEFAULT_STORE, plain_sentences
from glasshouse.cli.show import progress_bar, teller
from glasshouse.store.stage import Store
from glasshouse.studies.alignment_faking.ask import Bench
from glasshouse.studies.alignment_faking.plan import (
    GROUPS,
    FakingStudyPlan,
    Work,
    faking_plan,
    query_counts,
    small_plan,
    study_power,
    work,
)
from glasshouse.studies.alignment_faking.study import open_study, run_alignment_faking
from glasshouse.studies.bench import Hardware, engine_config


def alignment_faking(
    model: Annotated[
        list[str] | None, typer.Option(help="Inspect's model string; may be given several times.")
    ] = None,
    name: Annotated[
        str, typer.Option(help="Name of the run; the same name resumes it.")
    ] = "alignment-faking",
    store: Annotated[Path, typer.Option(help="Folder of runs and stages.")] = DEFAULT_STORE,
    setting: Annotated[str | None, typer.Option(help="helpful_only, animal_welfare or world.")] = None,
    variants: Annotated[
        str | None, typer.Option(help="Names or published row numbers, separated by commas.")
    ] = None,
    groups: Annotated[str | None, typer.Option(help=f"Groups of variants: {', '.join(GROUPS)}.")] = None,
    queries: Annotated[
        str | None, typer.Option(help="published, world, hub:NAME or a path; default: the setting's own.")
    ] = None,
    n: Annotated[int | None, typer.Option("-n", min=1, help="Queries per tier.")] = None,
    graders: Annotated[
        str | None, typer.Option(help="offline, rules, judge, judge:FORM:VOTES (four or five criteria).")
    ] = None,
    judge: Annotated[str | None, typer.Option(help="Model that grades, for --graders judge.")] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Longest completion.")] = None,
    temperature: Annotated[float | None, typer.Option(min=0, help="0: greedy.")] = None,
    repeats: Annotated[int | None, typer.Option(min=1, help="How often each query is asked.")] = None,
    model_option: Annotated[
        list[str] | None, typer.Option("-M", help="Option of the model, key=value.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    small: Annotated[bool, typer.Option("--small", help="Six variants, 48 queries.")] = False,
    device: Annotated[str, typer.Option(help="cpu or cuda, for local models.")] = "cpu",
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads; measured where not given.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print plan and power, and stop.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Alignment faking (Greenblatt et al. 2024) of any model: gap, reasoning, controls, motive arms."""
    changes: dict[str, Any] = {
        "variants": _words(variants), "queries": queries, "n": n, "graders": graders, "judge": judge,
        "max_tokens": max_tokens, "temperature": temperature, "repeats": repeats, "seed": seed,
    } | ({"groups": _words(groups)} if groups else {})  # fmt: skip
    models = tuple(model or ["glasshouse/phantom"])
    plan = (small_plan if small else faking_plan)(models, setting, **changes)
    counts = query_counts(plan)
    power = study_power(counts, len(plan.models))
    if dry_run:
        _print_plan(plan, work(plan, counts), power, as_json)
        return
    typer.echo(power, err=True)
    with progress_bar(hidden=as_json) as progress:
        engine = engine_config(Store(store), name, Hardware(device, threads))
        bench = Bench(Store(store), engine, teller(progress), options(model_option))
        run = open_study(bench, plan, name)
        report = run_alignment_faking(bench, plan, run)
    sentences = plain_sentences(run)
    found = {"power": power, "sentences": sentences, "report": str(report)}
    typer.echo(json.dumps(found) if as_json else "\n".join([*sentences, str(report)]))


def _words(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(word.strip() for word in text.split(","))


def _print_plan(plan: FakingStudyPlan, lines: Sequence[Work], power: str, as_json: bool) -> None:
    """Models, variants, samples and power; no model is loaded and nobody is asked."""
    samples = sum(line.samples for line in lines)
    if as_json:
        found = {"plan": plan.config(), "work": [asdict(line) for line in lines], "samples": samples}
        typer.echo(json.dumps(found | {"power": power}, indent=1))
        return
    for line in lines:
        typer.echo(f"{line.model}  {line.group:<14}{line.variants:>3} variants, {line.samples:,} samples")
    typer.echo(f"{samples:,} samples, up to {plan.max_tokens} tokens each")
    typer.echo(power)
