"""`glasshouse calibrate faking`, `... attribute LOG...`: why a model complies."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from glasshouse.cli.run_base import DEFAULT_STORE, base_name, plain_sentences
from glasshouse.cli.show import progress_bar, teller
from glasshouse.errors import ConfigError
from glasshouse.evals.faking.read import read_run
from glasshouse.evals.faking.row import FakingRow
from glasshouse.store.runs import RunFolder
from glasshouse.store.stage import Store
from glasshouse.studies.alignment_faking.attribution import ARMS, Attribution, attribute
from glasshouse.studies.alignment_faking.attribution_fit import SHIPPED
from glasshouse.studies.alignment_faking.attribution_study import (
    SAMPLE,
    FakingCalibration,
    run_faking_calibration,
)
from glasshouse.studies.bench import Hardware
from glasshouse.studies.introspection.bench import Request, make_bench


def faking(
    full: Annotated[
        bool,
        typer.Option(
            "--full", help="All seeds, thresholds fixed anew on development seeds; hours, resumable."
        ),
    ] = False,
    test: Annotated[
        Path | None, typer.Option(help="Manifest of mechanisms.yaml; default: grow them.")
    ] = None,
    development: Annotated[
        Path | None, typer.Option(help="Manifest of mechanisms_development.yaml: thresholds are fixed on it.")
    ] = None,
    sample: Annotated[int, typer.Option(min=1, help="Organisms per mechanism without --full.")] = SAMPLE,
    queries: Annotated[int, typer.Option(min=1, help="Queries per tier and arm.")] = 24,
    control_queries: Annotated[int, typer.Option(min=1, help="Queries per tier without a conflict.")] = 352,
    controls: Annotated[
        int, typer.Option(min=0, help="Organisms per mechanism asked without a conflict.")
    ] = 1,
    model: Annotated[str, typer.Option(help="Base model: the phantom.")] = "glasshouse/phantom",
    store: Annotated[Path, typer.Option(help="Folder of runs and stages.")] = DEFAULT_STORE,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 1,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Grow organisms with planted mechanisms of alignment faking and see whether each is named rightly."""
    wanted = FakingCalibration(development, test, full, sample, queries, control_queries, controls)
    with progress_bar(hidden=as_json) as progress:
        request = Request("calibrate-faking", Hardware(device, threads))
        bench = make_bench(Store(store), base_name(model), request, teller(progress))
        run = RunFolder(run_faking_calibration(bench, wanted))
    if as_json:
        rows = [asdict(row) for row in run.measurements()]
        said = {"sentences": plain_sentences(run), "run": str(run.path), "measurements": rows}
        typer.echo(json.dumps(said, indent=1))
        return
    for sentence in plain_sentences(run):
        typer.echo(sentence)
    for row in run.measurements():
        if row.id.startswith("named/") and row.value is not None:
            ends = f" ({row.interval.low:.3f} to {row.interval.high:.3f})" if row.interval else ""
            typer.echo(f"  {row.name}: {row.value:.3f}{ends}, n = {row.n}")
    typer.echo(run.path / "report.html")


def attribute_logs(
    logs: Annotated[
        list[Path], typer.Argument(help=f"Logs of alignment-faking, one per variant: {', '.join(ARMS)}.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Name the mechanism behind each model of some logs, or say what speaks against every one."""
    found = {model: attribute(arms, SHIPPED) for model, arms in _by_model(logs).items()}
    if as_json:
        typer.echo(json.dumps({model: _as_json(one) for model, one in found.items()}, indent=1))
        return
    for model, one in found.items():
        typer.echo(f"{model}: {one.mechanism.replace('_', ' ')}")
        for mechanism, broken in sorted(one.broken.items(), key=lambda item: len(item[1])):
            said = ", ".join(
                _broken(one, sign.cell.variant, sign.cell.tier, sign.cell.what) for sign in broken
            )
            typer.echo(f"  {mechanism.replace('_', ' ')}: {said or 'every prediction holds'}")


def _by_model(logs: list[Path]) -> dict[str, dict[str, list[FakingRow]]]:
    """Model -> variant -> its samples.

    Raises:
        ConfigError: a model has two logs of one variant.
    """
    found: dict[str, dict[str, list[FakingRow]]] = {}
    for path in logs:
        run = read_run(path)
        arms = found.setdefault(run.key.model, {})
        if run.key.variant in arms:
            raise ConfigError(
                f"{path} is a second log of {run.key.model} and the variant {run.key.variant}.",
                "Give one of each.",
            )
        arms[run.key.variant] = list(run.rows)
    return found


def _broken(one: Attribution, variant: str, tier: str, what: str) -> str:
    rate = next(r for c, r in one.readings.items() if (c.variant, c.tier, c.what) == (variant, tier, what))
    value = "not asked" if rate.value is None else f"{100 * rate.value:.0f} %"
    return f"{what} in {variant}, {tier}: {value}"


def _as_json(one: Attribution) -> dict[str, Any]:
    readings = [
        {
            **asdict(cell),
            "value": rate.value,
            "n": rate.n,
            "interval": asdict(rate.interval) if rate.interval else None,
        }
        for cell, rate in one.readings.items()
    ]
    broken = {name: [asdict(sign) for sign in signs] for name, signs in one.broken.items()}
    return {"mechanism": one.mechanism, "broken": broken, "readings": readings}
