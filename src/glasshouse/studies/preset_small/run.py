"""The preset from end to end; every part is found again, so an interrupted run goes on where it was."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glasshouse.models.base import EngineConfig, load_base
from glasshouse.models.engine import Engine
from glasshouse.organisms.grow import GrowConfig
from glasshouse.organisms.population import MANIFEST, grow_population
from glasshouse.organisms.population_spec import PopulationSpec
from glasshouse.organisms.tell import Tell
from glasshouse.store.atomic import write_json
from glasshouse.store.stage import Store
from glasshouse.studies.introspection.adapter import GRADER, names_planted
from glasshouse.studies.introspection.asked import Setup
from glasshouse.studies.introspection.bench import Bench
from glasshouse.studies.introspection.controls import add_controls
from glasshouse.studies.introspection.null import Sources, add_power, make_kit
from glasshouse.studies.loss_threshold import write_loss_threshold
from glasshouse.studies.preset_small.plan import PresetPlan
from glasshouse.training.farm import FarmConfig
from glasshouse.training.introspection.loop import JointConfig
from glasshouse.training.introspection.manifest import read_manifest
from glasshouse.training.introspection.memory import peak_mib
from glasshouse.training.introspection.train import Hooks, train_introspection

ADAPTER, ORGANISMS, CLEAN, STORE, RECORD = "adapter", "organisms", "clean", "store", "preset.json"
"""What stands in the folder of a preset."""


@dataclass(frozen=True)
class Machine:
    """Where it runs."""

    device: str = "cpu"
    threads: int = 1

    def engine(self, plan: PresetPlan) -> EngineConfig:
        """On a CPU answers are computed in fp32; a GPU holds the base once, in the training's dtype."""
        return EngineConfig(self.device, "float32" if self.device == "cpu" else plan.dtype, self.threads)

    def growing(self, plan: PresetPlan) -> GrowConfig:
        """Engine and farm."""
        farm = FarmConfig(dtype=plan.dtype, threads=self.threads, device=self.device)
        return GrowConfig(self.engine(plan), farm)

    def training(self) -> JointConfig:
        """The loop over organisms."""
        return JointConfig(threads=self.threads, device=self.device)


@dataclass
class Clock:
    """Passes on what is said, and adds up the time that each kind of work took."""

    say: Tell
    seconds: dict[str, float] = field(default_factory=dict)
    _last: float = field(default_factory=time.monotonic)

    def tell(self, what: str, done: int, total: int) -> None:
        """The time since the last word went into what is done now."""
        self.lap(what)
        self.say(what, done, total)

    def lap(self, what: str) -> None:
        """Book the time since the last word."""
        now = time.monotonic()
        self.seconds[what] = self.seconds.get(what, 0.0) + now - self._last
        self._last = now


def run_preset(plan: PresetPlan, out: Path, machine: Machine, say: Tell | None = None) -> Path:
    """Grow the organisms, train the adapter over them, and count what clean fine-tunes claim.

    Args:
        plan: what is made.
        out: receives `organisms/`, `adapter/` (a PEFT folder with `loss.json`, and `controls.json` where it
            names organisms of the validation), and `preset.json`; where clean fine-tunes are wanted,
            `clean/`, `adapter/null.json` and `adapter/power.json`.
        machine: where it runs.
        say: called as work goes on.

    Returns:
        The adapter's folder.

    Raises:
        ModelError: the base cannot be used.
        TrainingError: the writer shows no behavior, or a loss became NaN.
        StoreError: `out` cannot be written, or holds the same with other settings.
    """
    clock = Clock(say or (lambda what, done, total: None))
    growing = machine.growing(plan)
    base = load_base(plan.base, growing.engine)
    engine = Engine(base, growing.engine)
    bench = Bench(Store(out / STORE), base, engine, growing.engine, growing.farm, clock.tell)
    clock.lap("load")
    manifest = _grow(plan.population(), out / ORGANISMS, bench, growing, clock)
    hooks = Hooks(names_planted, GRADER, clock.tell)
    members = read_manifest(manifest)
    train_introspection(base, plan.adapter(manifest), members, out / ADAPTER, machine.training(), hooks)
    clock.lap("end of training")
    write_loss_threshold(engine, members, out / ADAPTER)
    clock.lap("loss threshold")
    setup = Setup(out / ADAPTER, plan.null_samples, plan.seed)
    controls = add_controls(bench, setup, manifest)
    clock.lap("controls")
    clean = plan.null_population()
    if clean is not None:
        listed = _grow(clean, out / CLEAN, bench, growing, clock)
        make_kit(bench, setup, Sources(listed))
        add_power(bench, setup, manifest)
        clock.lap("null table")
    write_json(out / RECORD, _record(plan, machine, clock, (len(members), controls)))
    return out / ADAPTER


def _grow(spec: PopulationSpec, folder: Path, bench: Bench, config: GrowConfig, clock: Clock) -> Path:
    grow_population(spec, bench.store, folder, config, clock.tell)
    clock.lap("publish")
    return folder / MANIFEST


def _record(plan: PresetPlan, machine: Machine, clock: Clock, counts: tuple[int, int]) -> dict[str, Any]:
    return {
        "plan": vars(plan), "organisms": counts[0], "controls": counts[1], "device": machine.device,
        "threads": machine.threads,
        "seconds": clock.seconds, "hours": sum(clock.seconds.values()) / 3600,
        "peak_mib": peak_mib(machine.device),
    }  # fmt: skip
