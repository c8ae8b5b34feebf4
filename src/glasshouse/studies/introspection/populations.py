"""The study's populations, grown one after the other; what is there is found again."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from glasshouse.organisms.grow import GrowConfig
from glasshouse.organisms.population import MANIFEST, grow_population
from glasshouse.organisms.population_spec import PopulationSpec
from glasshouse.organisms.tell import Tell
from glasshouse.store.jsonl import append_rows, read_rows
from glasshouse.studies.introspection.bench import Bench

GROWING = "growing.jsonl"
"""Beside the populations: seconds of every growing that trained something."""


def grow_pools(bench: Bench, specs: Mapping[str, PopulationSpec], out: Path) -> dict[str, Path]:
    """Every population below `out`, by its name.

    Returns:
        Name -> manifest.

    Raises:
        ModelError: the base cannot be used.
        TrainingError: a loss became NaN.
        StoreError: the store or `out` cannot be written.
    """
    config = GrowConfig(engine=bench.config, farm=bench.farm)
    for name, spec in specs.items():
        with _timed(out / GROWING, name, bench.tell) as tell:
            grow_population(spec, bench.store, out / name, config, tell)
    return {name: out / name / MANIFEST for name in specs}


def growing_seconds(out: Path, name: str) -> float | None:
    """How long a population took to grow, interruptions left out; None where it was found ready.

    What a killed process had done since it began is not in it.
    """
    rows = [row for row in read_rows(out / GROWING).rows if row["population"] == name]
    return sum(float(row["seconds"]) for row in rows) if rows else None


@contextmanager
def _timed(path: Path, name: str, tell: Tell) -> Iterator[Tell]:
    """Inside the block work is told under the population's name; its time is noted if it trained."""
    began, trained = time.monotonic(), False

    def named(what: str, done: int, total: int) -> None:
        nonlocal trained
        trained = trained or what == "train"
        tell(f"{name}: {what}", done, total)

    try:
        yield named
    finally:
        if trained:
            append_rows(path, [{"population": name, "seconds": time.monotonic() - began}])
