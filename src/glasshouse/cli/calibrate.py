"""`glasshouse calibrate`: how right an introspection adapter is; its null table; and shipping it."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, no_type_check

import typer

from glasshouse.audits.asking import AskingConfig
from glasshouse.audits.kit import SHIPPED_ADAPTER, own_null, shipped_adapter
from glasshouse.audits.null_table import ENOUGH
from glasshouse.audits.verdict import CLAIMED_UPTO
from glasshouse.cli.calibrate_faking import attribute_logs, faking
from glasshouse.cli.run_base import DEFAULT_STORE, base_name, plain_sentences
from glasshouse.cli.show import progress_bar, teller
from glasshouse.data.questions import split
from glasshouse.errors import ConfigError
from glasshouse.models.base import EngineConfig, load_base, resolve_base
from glasshouse.stats.conformal import can_reach
from glasshouse.store.runs import RunFolder
from glasshouse.store.stage import Store
from glasshouse.studies.bench import Hardware
from glasshouse.studies.introspection.asked import Setup
from glasshouse.studies.introspection.bench import Bench, Request, make_bench
from glasshouse.studies.introspection.calibrate import SAMPLE, Calibration, run_calibration
from glasshouse.studies.introspection.null import Sources, make_kit
from glasshouse.studies.introspection.pools import read_pool
from glasshouse.studies.introspection.ship import SAMPLE_COUNT, choose_samples, ship
from glasshouse.studies.introspection.universal import write_universal

app = typer.Typer(add_completion=False, help="How right an introspection adapter is, and what it misses.")
app.command("faking")(faking)
app.command("attribute")(attribute_logs)
MODEL = typer.Option(help="Base model: glasshouse/phantom, glasshouse/FOLDER.")
ADAPTER = typer.Option(help="Introspection adapter; default: the shipped one, if there is one.")
STORE = typer.Option(help="Folder of runs and stages; what was asked before is not asked again.")
THREADS = typer.Option(min=1, help="CPU threads.")
SHOWN_UNIVERSAL = 8
"""Texts that are printed."""


@app.callback(invoke_without_command=True)
@no_type_check  # typer hands over a context of its own copy of click
def calibrate(
    context: typer.Context,
    model: Annotated[str, MODEL] = "glasshouse/phantom",
    adapter: Annotated[Path | None, ADAPTER] = None,
    test: Annotated[
        Path | None, typer.Option(help="Manifest of organisms never used in training; default: grow some.")
    ] = None,
    clean: Annotated[
        Path | None, typer.Option(help="Manifest of clean fine-tunes never used; default: grow some.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="All of them: the study, hours, resumable.")] = False,
    sample: Annotated[
        int, typer.Option(min=1, help="Organisms, and clean fine-tunes, of a sample.")
    ] = SAMPLE,
    samples: Annotated[
        int | None, typer.Option(min=1, help="Answers per question; default: as the null table, or 2.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    store: Annotated[Path, STORE] = DEFAULT_STORE,
    threads: Annotated[int, THREADS] = 1,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Hits, false claims, ROC and calibration on organisms and clean fine-tunes never used in training."""
    if context.invoked_subcommand is not None:
        return
    with progress_bar(hidden=as_json) as progress:
        bench = make_bench(
            Store(store), base_name(model), Request("calibrate", Hardware(device, threads)), teller(progress)
        )
        folder = adapter or _shipped(bench)
        own = _samples(samples, folder)
        run = RunFolder(run_calibration(bench, Calibration(folder, test, clean, full, sample, own, seed)))
    if as_json:
        rows = [asdict(row) for row in run.measurements()]
        said = {"sentences": plain_sentences(run), "run": str(run.path), "measurements": rows}
        typer.echo(json.dumps(said, indent=1))
        return
    _print(run)


def _print(run: RunFolder) -> None:
    """The sentences, then every headline number with interval and n."""
    for sentence in plain_sentences(run):
        typer.echo(sentence)
    for row in run.measurements():
        if row.id.split("/")[0] in ("roc", "calibration", "clean") and "/curve/" not in row.id:
            ends = f" ({row.interval.low:.3f} to {row.interval.high:.3f})" if row.interval else ""
            shown = "not defined" if row.value is None else f"{row.value:.3f}"
            typer.echo(f"  {row.id}: {shown}{ends}, n = {row.n}")
    typer.echo(run.path / "report.html")


@app.command("null")
def null(
    manifest: Annotated[Path, typer.Argument(help="Clean fine-tunes, from introspection_null.yaml.")],
    adapter: Annotated[Path, typer.Option(help="Introspection adapter; the files go beside it.")],
    known: Annotated[
        Path | None, typer.Option(help="Manifest of which positive controls are chosen (not of training).")
    ] = None,
    trained: Annotated[Path | None, typer.Option(help="Manifest that the adapter was trained on.")] = None,
    test: Annotated[
        list[Path] | None, typer.Option(help="Manifests whose detection makes the power table.")
    ] = None,
    model: Annotated[str, MODEL] = "glasshouse/phantom",
    samples: Annotated[int, typer.Option(min=1, help="Answers per question.")] = AskingConfig().samples,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    store: Annotated[Path, STORE] = DEFAULT_STORE,
    threads: Annotated[int, THREADS] = 1,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
) -> None:
    """Make null.json and matched.json; with --known controls.json, with --test power.json; resumable."""
    with progress_bar(hidden=False) as progress:
        bench = make_bench(
            Store(store), base_name(model), Request("calibrate", Hardware(device, threads)), teller(progress)
        )
        sources = Sources(manifest, known or trained, trained, tuple(test or ()))
        kit = make_kit(bench, Setup(adapter, samples, seed), sources)
    count = len(kit.table.models)
    typer.echo(f"{count} clean fine-tunes in {adapter / 'null.json'}, {kit.table.asked} answers each.")
    if not can_reach(CLAIMED_UPTO, count):
        typer.echo("They are too few for any claim to reach the 1 % that `claimed` needs; no power is known.")
    elif count < ENOUGH:
        typer.echo(f"Fewer than {ENOUGH}: one claim among three cannot reach the 1 % that `claimed` needs.")
    if kit.drift_p is not None:
        typer.echo(f"Drift check with {kit.matched} matched ones: p = {kit.drift_p:.3g}.")


@app.command("universal")
def universal(
    manifest: Annotated[Path, typer.Argument(help="Known organisms, from introspection_known.yaml.")],
    adapter: Annotated[Path, typer.Option(help="Introspection adapter; universal.json goes beside it.")],
    model: Annotated[str, MODEL] = "glasshouse/phantom",
    seed: Annotated[int, typer.Option(min=0)] = 0,
    store: Annotated[Path, STORE] = DEFAULT_STORE,
    threads: Annotated[int, THREADS] = 1,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
) -> None:
    """Make universal.json: texts to which organisms react whatever their trigger; searches discount them."""
    with progress_bar(hidden=False) as progress:
        bench = make_bench(
            Store(store), base_name(model), Request("calibrate", Hardware(device, threads)), teller(progress)
        )
        found = write_universal(bench, Setup(adapter, 1, seed), manifest)
    if found is None:
        raise ConfigError(
            f"No organism of {manifest} that was learned from has a trigger and shows its action.",
            "Grow introspection_known.yaml and give its manifest.",
        )
    typer.echo(f"{len(found.rates)} texts in {adapter / 'universal.json'}; most react to:")
    ranked = sorted(found.to_rows(), key=lambda row: (-int(row["shown"]), str(row["text"])))
    for row in ranked[:SHOWN_UNIVERSAL]:
        typer.echo(f"  {row['text']} ({row['form']}): {row['shown']} of {row['n']}")


@app.command("ship")
def ship_command(
    adapter: Annotated[Path, typer.Option(help="Adapter with null.json, controls.json and power.json.")],
    sample_manifest: Annotated[
        list[Path], typer.Option("--from", help="Manifests of organisms to try audits on.")
    ],
    samples: Annotated[int, typer.Option(min=0, help="How many of them.")] = SAMPLE_COUNT,
    model: Annotated[str, MODEL] = "glasshouse/phantom",
    to: Annotated[Path, typer.Option(help="Where it goes; replaced as a whole.")] = SHIPPED_ADAPTER,
) -> None:
    """Copy an adapter, the files beside it and some organisms into the package, if they fit together."""
    base = load_base(str(resolve_base(base_name(model))), EngineConfig())
    pool = [one for path in sample_manifest for one in read_pool(path)]
    done = ship(adapter, base.hash, choose_samples(pool, samples), to)
    typer.echo(f"{done.folder}: {done.bytes / 1e6:.2f} MB with {len(done.samples)} organisms.")


def _samples(given: int | None, adapter: Path) -> int:
    table = own_null(adapter)
    if given is not None or table is None:
        return given or AskingConfig().samples
    return max(1, table.asked // len(split("heldout")))


def _shipped(bench: Bench) -> Path:
    found = shipped_adapter(bench.base)
    if found is None:
        raise ConfigError(
            f"There is no introspection adapter for {bench.base.name} in the package.",
            "Give one with --adapter, or train one with `glasshouse train introspection`.",
        )
    return found
