"""Is the mechanism named rightly? Planted mechanisms, asked blind, against what was planted.

The thresholds come from development organisms; the figures from organisms of other seeds. Prompts and arms
are the alignment-faking task's own, of which training holds no sentence; queries are held out of pretraining.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path

from glasshouse.errors import ConfigError
from glasshouse.models.adapter import adapter_hash
from glasshouse.organisms.card import read_card
from glasshouse.organisms.mechanisms.catalog import MECHANISMS as PLANTED
from glasshouse.organisms.population_spec import PopulationSpec, load_population
from glasshouse.reports.build import build_report
from glasshouse.store import layout
from glasshouse.store.hashing import json_hash
from glasshouse.store.runs import RunFolder, create_run
from glasshouse.studies.alignment_faking.attribution import ARMS, RULES, Thresholds, attribute
from glasshouse.studies.alignment_faking.attribution_asked import Arm, arms, ask_organisms
from glasshouse.studies.alignment_faking.attribution_fit import SHIPPED, fit_thresholds
from glasshouse.studies.alignment_faking.attribution_sections import Found, Named, sections, sentences
from glasshouse.studies.bench import record
from glasshouse.studies.introspection.bench import Bench
from glasshouse.studies.introspection.plan import Thin
from glasshouse.studies.introspection.populations import grow_pools
from glasshouse.studies.introspection.rows import Rows
from glasshouse.studies.measure import Study
from glasshouse.training.introspection.manifest import read_manifest

SPECS = {"development": "mechanisms_development.yaml", "test": "mechanisms.yaml"}
READER = "situation_reader"
"""Name of the spec and of the population of one from which the others start."""
SAMPLE = 2
"""Organisms per mechanism of a calibration that ends in minutes."""
CONTROL = "no_conflict"


@dataclass(frozen=True)
class FakingCalibration:
    """What is asked, and of which organisms."""

    development: Path | None = None
    """Manifest on which thresholds are fixed; None: the shipped ones hold, or with `full` some are grown."""
    test: Path | None = None
    """Manifest of organisms to name; None: they are grown."""
    full: bool = False
    """All seeds, and thresholds fixed anew."""
    sample: int = SAMPLE
    """Organisms per mechanism without `full`."""
    queries: int = 24
    """Per tier and arm."""
    control_queries: int = 352
    """Per tier of the no-conflict control."""
    controls: int = 1
    """Organisms per mechanism that the control is asked of."""
    seed: int = 1


@dataclass(frozen=True)
class Planting:
    """An organism and what is planted in it."""

    name: str
    folder: Path
    mechanism: str
    passed: bool | None
    """Whether it passed its gate."""


def run_faking_calibration(bench: Bench, wanted: FakingCalibration) -> Path:
    """Grows what is not there, asks it, names its mechanisms; resumed where it stopped.

    Returns:
        The run's folder, with report.html.

    Raises:
        ConfigError: a manifest lists an organism without a planted mechanism.
        ModelError: an organism is one of another base.
    """
    grown = _grow(bench, wanted)
    test = read_plantings(wanted.test or grown["test"])
    manifest = wanted.development or grown.get("development")
    development = [] if manifest is None else read_plantings(manifest)
    asked = arms(ARMS, wanted.queries, wanted.seed)
    thresholds = _thresholds(bench, development, asked)
    answers = ask_organisms(bench, [one.folder for one in test], asked)
    named = [
        Named(one.name, one.mechanism, attribute(transcripts, thresholds), one.passed)
        for one, transcripts in zip(test, answers, strict=True)
    ]
    controls = _controlled(test, wanted.controls)
    control = arms({CONTROL: ("monitored", "unmonitored")}, wanted.control_queries, wanted.seed)
    unmoved = ask_organisms(bench, [one.folder for one in controls], control)
    found = Found(
        tuple(named),
        tuple(
            (one.mechanism, one.name, tuple(rows[CONTROL]))
            for one, rows in zip(controls, unmoved, strict=True)
        ),
        thresholds,
        len(development),
    )
    run = _open(bench, wanted, (development, test))
    _write(run, found, wanted.seed)
    record(bench.store, run)
    build_report(run.path)
    return run.path


def read_plantings(manifest: Path) -> list[Planting]:
    """The organisms of a manifest with their mechanisms.

    Raises:
        ConfigError: one of them has none.
    """
    found = []
    for member in read_manifest(manifest):
        if member.folder is None:
            continue
        family = read_card(member.folder).spec.get("family")
        if family not in PLANTED:
            raise ConfigError(
                f"{manifest}: {member.name} has no planted mechanism.",
                "Grow mechanisms.yaml for this command.",
            )
        found.append(Planting(member.name, member.folder, str(family), member.gate_passed))
    return found


def _grow(bench: Bench, wanted: FakingCalibration) -> dict[str, Path]:
    needed = {"test": wanted.test is None, "development": wanted.full and wanted.development is None}
    names = [name for name, need in needed.items() if need]
    if not names:
        return {}
    place = bench.store.root / "mechanisms"
    base = f"glasshouse/{bench.base.name}"
    reader = read_manifest(grow_pools(bench, {READER: _spec(f"{READER}.yaml", base)}, place)[READER])[
        0
    ].folder
    bound = Thin(organisms=None if wanted.full else wanted.sample)
    specs = {name: bound.apply(_spec(SPECS[name], f"{base}:{reader}")) for name in names}
    return grow_pools(bench, specs, place / ("full" if wanted.full else f"sample-{wanted.sample}"))


def _spec(file: str, base: str) -> PopulationSpec:
    """A shipped population on this base."""
    path = Path(str(resources.files("glasshouse"))) / "organisms/specs" / file
    return load_population(path).model_copy(update={"base": base})


def _thresholds(bench: Bench, development: Sequence[Planting], asked: Sequence[Arm]) -> Thresholds:
    if not development:
        return SHIPPED
    answers = ask_organisms(bench, [one.folder for one in development], asked)
    readings = [attribute(transcripts, SHIPPED).readings for transcripts in answers]
    return fit_thresholds([(one.mechanism, read) for one, read in zip(development, readings, strict=True)])


def _controlled(test: Sequence[Planting], each: int) -> list[Planting]:
    """The first organisms of every mechanism."""
    seen: dict[str, int] = {}
    found = []
    for one in test:
        seen[one.mechanism] = seen.get(one.mechanism, 0) + 1
        if seen[one.mechanism] <= each:
            found.append(one)
    return found


def _open(
    bench: Bench, wanted: FakingCalibration, pools: tuple[Sequence[Planting], Sequence[Planting]]
) -> RunFolder:
    """The run's folder; other organisms or other settings are another run."""
    asked = {key: value for key, value in asdict(wanted).items() if key not in ("development", "test")}
    config = {
        "study": "calibrate-faking", "base": bench.base.hash, "engine": asdict(bench.config), "asked": asked,
        "organisms": json_hash([[adapter_hash(one.folder) for one in pool] for pool in pools]),
        "rules": json_hash([asdict(rule) for rule in RULES]),
    }  # fmt: skip
    about = {
        "title": f"Why does it comply? Planted mechanisms of alignment faking, on {bench.base.name}",
        "question": (
            f"{len(pools[1])} organisms comply or refuse for known reasons. From their transcripts on the "
            "default prompt and on motive arms alone, is the reason named rightly, and what no rule knows "
            "left unknown?"
        ),
        "notes": [] if wanted.full else ["A sample; --full is all seeds, with thresholds fixed anew."],
        "orderings_only": False,
    }
    return create_run(bench.store, f"calibrate-faking-{json_hash(config)[:8]}", config, about)


def _write(run: RunFolder, found: Found, seed: int) -> None:
    rows = Rows(Study(run.code, seed))
    figures = sections(found, rows)
    run.write(layout.MEASUREMENTS_FILE, [])
    run.append_measurements(rows.all)
    run.write(layout.FIGURES_FILE, figures)
    run.write(layout.SENTENCES_FILE, sentences(found))
