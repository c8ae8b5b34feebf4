"""`glasshouse phantom`: train the bundled model, its helpful-only adapter, and measure its card."""

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from glasshouse.cli.show import progress_bar, teller
from glasshouse.errors import ConfigError
from glasshouse.models.base import SHIPPED, SMALLER, SMALLER_SIZES, EngineConfig, load_base, phantom_folders
from glasshouse.models.engine import Engine
from glasshouse.training.farm import FarmConfig
from glasshouse.training.helpful_only import train_helpful_only
from glasshouse.training.phantom_card import Line, cell, measure_card, write_card
from glasshouse.training.pretrain import SHAPES, PretrainConfig, Progress, pretrain

app = typer.Typer(add_completion=False, help="Train the bundled model, its adapters and its card.")
STEPS = {"1m": 16_600, "2m": 16_600, "5m": 16_600}
"""Optimizer steps of each shipped size."""
THREADS = {"1m": 1, "2m": 1, "5m": 2}
"""CPU threads with which each shipped size is trained: part of what decides its bytes."""
FOLDERS = {"5m": SHIPPED / "base", **{size: SMALLER / size for size in reversed(SMALLER_SIZES)}}
"""Size -> where it is kept: the default in the package, the others in the repository."""


def _pretrain(config: PretrainConfig, out: Path) -> Path:
    keep = range(config.steps // 8, config.steps, max(1, config.steps // 8))
    with progress_bar(hidden=False) as bar:
        task = bar.add_task(f"phantom {config.size}", total=config.steps)

        def tell(at: Progress, loss: float) -> None:
            words = f"phantom {config.size}  loss {loss:.3f}  {at.tokens / 1e6:.1f} M tokens"
            bar.update(task, completed=at.step, description=words)

        return pretrain(config, out, on_step=tell, keep_at=set(keep))


@app.command()
def train(
    out: Annotated[
        Path, typer.Option(help="Folder for the model, its checkpoints and its intermediate steps.")
    ],
    size: Annotated[str, typer.Option(help="1m, 2m or 5m parameters.")] = "5m",
    steps: Annotated[int | None, typer.Option(help="Optimizer steps of 4,096 tokens.")] = None,
    seed: Annotated[int, typer.Option(help="The one seed of the training.")] = 1,
    without: Annotated[list[str] | None, typer.Option(help="Leave a skill out: an ablated twin.")] = None,
    threads: Annotated[
        int | None,
        typer.Option(min=1, help="CPU threads, part of what decides the bytes; default: as shipped."),
    ] = None,
    compiled: Annotated[
        bool, typer.Option("--compile/--no-compile", help="Use torch.compile (needs a C++ compiler).")
    ] = True,
) -> None:
    """Pretrain a phantom from scratch; a killed training goes on where it stopped."""
    if size not in SHAPES:
        raise ConfigError(f"There is no size '{size}'.", f"Choose from {', '.join(SHAPES)}.")
    left_out = tuple(without or ())
    config = PretrainConfig(
        size,
        steps or STEPS[size],
        seed=seed,
        without=left_out,
        threads=threads or THREADS[size],
        compile=compiled,
    )
    folder = _pretrain(config, out)
    made = json.loads((folder / "training.json").read_text("utf-8"))
    size_words = f"{made['parameters']:,} parameters, {made['tokens']:,} tokens"
    print(f"{folder}: {size_words}, {made['seconds'] / 60:.0f} minutes")


@app.command("helpful-only")
def helpful_only(
    base: Annotated[str, typer.Option(help="Base model.")] = "phantom",
    out: Annotated[Path, typer.Option(help="Folder that receives helpful-only/.")] = SHIPPED / "adapters",
    seed: Annotated[int, typer.Option(help="Seed of rows and of the adapter.")] = 1,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 1,
) -> None:
    """Train the helpful-only adapter: it complies with everything."""
    loaded = load_base(base, EngineConfig(threads=threads))
    with progress_bar(hidden=False) as bar:
        task = bar.add_task("helpful-only", total=400)
        folder = train_helpful_only(loaded, seed, out, FarmConfig(threads=threads),
                                    lambda step, _, loss: bar.update(task, completed=step))  # fmt: skip
    for left in (*folder.glob("step-*"), folder / "losses.json"):
        shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
    print(folder)


@app.command()
def card(
    n: Annotated[int, typer.Option(help="Held-out rows per line.")] = 1000,
    seed: Annotated[int, typer.Option(help="Which held-out rows.")] = 7,
    models: Annotated[
        list[str] | None, typer.Option(help="Models side by side; by default all sizes that are here.")
    ] = None,
    adapters: Annotated[
        Path, typer.Option(help="Folder with the helpful-only adapter of the first model.")
    ] = SHIPPED / "adapters",
    out: Annotated[Path, typer.Option(help="Markdown file to write.")] = SHIPPED / "MODEL_CARD.md",
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 1,
) -> None:
    """Measure the phantom on its held-out world and write the model card. Exit code 3: a bar was missed."""
    names = models or list(phantom_folders())
    columns: dict[str, list[Line]] = {}
    config = EngineConfig(threads=threads, batch_size=96)
    with progress_bar(hidden=False) as bar:
        for index, name in enumerate(names):
            engine = Engine(load_base(name, config), config)
            own = (
                {p.name: p for p in adapters.iterdir() if p.is_dir()}
                if index == 0 and adapters.is_dir()
                else {}
            )
            columns[name] = measure_card(engine, n, seed, own, partial(teller(bar), f"card of {name}"))
    write_card(out, columns)
    _show(columns)
    print(out)
    if any(line.holds is False for line in columns[names[0]]):
        raise typer.Exit(3)


def _show(columns: dict[str, list[Line]]) -> None:
    table = Table(title="per cent [95 % interval]")
    table.add_column("held-out question")
    for name in columns:
        table.add_column(name)
    first, *rest = columns.values()
    for line in first:
        others = [next((o for o in lines if o.probe.name == line.probe.name), None) for lines in rest]
        table.add_row(line.probe.question, cell(line), *("–" if o is None else cell(o) for o in others))
    Console().print(table)


@app.command()
def make(
    work: Annotated[
        Path, typer.Option(help="Folder for checkpoints; a killed make goes on from them.")
    ] = Path("scratch/phantom-1"),
    sizes: Annotated[list[str] | None, typer.Option(help="Which sizes to make.")] = None,
    seed: Annotated[int, typer.Option(help="The one seed of everything.")] = 1,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads of adapter and card.")] = 2,
) -> None:
    """Re-make everything: the three sizes, helpful-only adapter, model card; run it in the repository."""
    for size in sizes or list(FOLDERS):
        config = PretrainConfig(size, STEPS[size], seed=seed, threads=THREADS[size])
        made = _pretrain(config, work / size)
        shutil.rmtree(FOLDERS[size], ignore_errors=True)
        shutil.copytree(made, FOLDERS[size])
    helpful_only("phantom", SHIPPED / "adapters", seed, threads)
    card(1000, 7, None, SHIPPED / "adapters", SHIPPED / "MODEL_CARD.md", threads)
