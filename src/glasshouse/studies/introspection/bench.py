"""What every stage of an introspection study stands on: the store, the base in memory, and how it runs."""

from dataclasses import dataclass

from glasshouse.models.base import Base, EngineConfig, load_base
from glasshouse.models.engine import Engine
from glasshouse.organisms.tell import Tell
from glasshouse.store.stage import Store
from glasshouse.studies.bench import Hardware, engine_config
from glasshouse.training.farm import FarmConfig


@dataclass(frozen=True)
class Bench:
    """The base is loaded once and shared by farm, engine and audits."""

    store: Store
    base: Base
    engine: Engine
    config: EngineConfig
    farm: FarmConfig
    tell: Tell
    """Told what is being done, how much is done, of how much."""


@dataclass(frozen=True)
class Request:
    """A run that is asked for: its name, and where it runs."""

    name: str
    hardware: Hardware
    group: int = 64
    """Organisms trained together."""


def make_bench(store: Store, model: str, request: Request, tell: Tell) -> Bench:
    """Loads the base; a run that exists already keeps the engine it was made with.

    Raises:
        ModelError: the base cannot be loaded.
    """
    config = engine_config(store, request.name, request.hardware)
    base = load_base(model, config)
    farm = FarmConfig(threads=config.threads, device=config.device, adapters_per_group=request.group)
    return Bench(store, base, Engine(base, config), config, farm, tell)
