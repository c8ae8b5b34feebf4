"""`glasshouse run alignment-faking-rl`: RL from starts of known shares, against a null."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from glasshouse.cli.run_base import DEFAULT_STORE, base_name, plain_sentences
from glasshouse.cli.show import progress_bar, teller
from glasshouse.errors import ConfigError
from glasshouse.store.stage import Store
from glasshouse.studies.alignment_faking_rl.plan import RlPlan, full_plan, small_plan, work
from glasshouse.studies.alignment_faking_rl.study import helpful_only, open_study, run_alignment_faking_rl
from glasshouse.studies.bench import Hardware, engine_config
from glasshouse.studies.introspection.bench import Request, make_bench
from glasshouse.training.grpo.spec import read_grpo_spec


def alignment_faking_rl(
    model: Annotated[
        str, typer.Option(help="Base model: glasshouse/phantom, glasshouse/FOLDER.")
    ] = "glasshouse/phantom",
    name: Annotated[
        str, typer.Option(help="Name of the run; the same name resumes it.")
    ] = "alignment-faking-rl",
    store: Annotated[Path, typer.Option(help="Folder of runs and stages.")] = DEFAULT_STORE,
    small: Annotated[bool, typer.Option("--small", help="Two seeds, two starts, few steps.")] = False,
    starts: Annotated[
        str | None, typer.Option(help="Shares of monitored samples in per cent, as in 12:0,6:6,2:10.")
    ] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="Seeds per start.")] = None,
    recipe: Annotated[
        Path | None, typer.Option(help="Spec of `glasshouse train grpo` with another reward or training.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads; measured where not given.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print work and minutes, and stop.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Alignment faking under RL (Greenblatt et al. 2024, section 5), from starts of known odds; resumable."""
    base = base_name(model)
    plan = (small_plan if small else full_plan)(base, helpful_only(base))
    plan = _changed(plan, starts, seeds, recipe)
    if dry_run:
        _print_work(plan, as_json)
        return
    kept, request = Store(store), Request(name, Hardware(device, threads))
    with progress_bar(hidden=as_json) as progress:
        engine = asdict(engine_config(kept, name, request.hardware))
        run = open_study(kept, plan, name, engine)
        bench = make_bench(kept, plan.model, request, teller(progress))
        report = run_alignment_faking_rl(bench, plan, run)
    sentences = plain_sentences(run)
    if as_json:
        typer.echo(json.dumps({"sentences": sentences, "report": str(report)}))
    else:
        typer.echo("\n".join([*sentences, str(report)]))


def _changed(plan: RlPlan, starts: str | None, seeds: int | None, recipe: Path | None) -> RlPlan:
    if starts is not None:
        plan = replace(plan, starts=tuple(_start(text) for text in starts.split(",")))
    if seeds is not None:
        plan = replace(plan, seeds=tuple(range(seeds)))
    if recipe is None:
        return plan
    given = read_grpo_spec(recipe)
    if given.prompts.source != "alignment_faking" or given.prompts.setting != "world":
        raise ConfigError(
            f"{recipe} does not train on the world's alignment-faking prompts, which the starts know.",
            "Use prompts: {source: alignment_faking, setting: world}.",
        )
    return replace(plan, recipe=given.model_copy(update={"measuring": plan.recipe.measuring}))


def _start(text: str) -> tuple[float, float]:
    parts = text.strip().split(":")
    try:
        faking, genuine = (float(part) / 100 for part in parts)
    except ValueError as error:
        raise ConfigError(f"{text!r} is no start.", "Write --starts 12:0,6:6,2:10.") from error
    return faking, genuine


def _print_work(plan: RlPlan, as_json: bool) -> None:
    cost = work(plan)
    if as_json:
        typer.echo(json.dumps({"plan": plan.config(), "work": asdict(cost)}, indent=1))
        return
    typer.echo(f"grow      {cost.starts:>7,}  starts: {cost.start_rows:,} training rows")
    typer.echo(f"train     {cost.grpo_steps:>7,}  GRPO steps: {cost.completions:,} completions")
    typer.echo(f"measure   {cost.measured:>7,}  samples")
    typer.echo(f"about {cost.seconds / 60:.0f} minutes on one idle core")
