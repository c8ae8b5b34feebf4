"""The study's populations, grown one after the other; what is there is found again."""

from collections.abc import Mapping
from pathlib import Path

from glasshouse.organisms.grow import GrowConfig
from glasshouse.organisms.population import MANIFEST, grow_population
from glasshouse.organisms.population_spec import PopulationSpec
from glasshouse.organisms.tell import Tell
from glasshouse.studies.introspection.bench import Bench


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
        grow_population(spec, bench.store, out / name, config, _prefixed(bench.tell, name))
    return {name: out / name / MANIFEST for name in specs}


def _prefixed(tell: Tell, name: str) -> Tell:
    return lambda what, done, total: tell(f"{name}: {what}", done, total)
