"""How right an introspection adapter is: on organisms and clean fine-tunes that it never learned from.

Stated confidence is the share of a target's answers that make its largest claim (abstentions and garbage are
answers too). Calibration compares it with how often such claims are true; a claim about a clean fine-tune
never is.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from glasshouse.audits.kit import NULL, own_null
from glasshouse.audits.null_table import NullTable
from glasshouse.audits.verdict import CLAIMED_UPTO
from glasshouse.data.questions import bank_hash
from glasshouse.errors import ConfigError
from glasshouse.models.adapter import adapter_hash
from glasshouse.organisms.population_spec import PopulationSpec, load_population
from glasshouse.reports.build import build_report
from glasshouse.stats.conformal import can_reach
from glasshouse.store import layout
from glasshouse.store.hashing import json_hash
from glasshouse.store.runs import RunFolder, create_run
from glasshouse.studies.bench import record
from glasshouse.studies.introspection.asked import Setup, ask, audit
from glasshouse.studies.introspection.bench import Bench
from glasshouse.studies.introspection.calibration import Found, sections, summary
from glasshouse.studies.introspection.null import check_adapter
from glasshouse.studies.introspection.plan import SPEC_FILES, Thin
from glasshouse.studies.introspection.pools import Subject, drawn, read_pool
from glasshouse.studies.introspection.populations import grow_pools
from glasshouse.studies.introspection.rows import Rows
from glasshouse.studies.introspection.sections.false_claims import too_small
from glasshouse.studies.measure import Study
from glasshouse.training.introspection.manifest import read_manifest

SAMPLE = 24
"""Organisms, and as many clean fine-tunes, of a calibration that ends in minutes."""
LEARNED = ("train", "dpo", "validation", "null")


@dataclass(frozen=True)
class Calibration:
    """What is calibrated, and on what."""

    adapter: Path
    test: Path | None = None
    """Manifest of organisms; None: some are grown."""
    clean: Path | None = None
    """Manifest of clean fine-tunes; None: some are grown."""
    full: bool = False
    """Everything, in place of a sample drawn by seed."""
    sample: int = SAMPLE
    samples: int = 2
    """Answers per question; those of the null table, where there is one."""
    seed: int = 0


def run_calibration(bench: Bench, wanted: Calibration) -> Path:
    """Asks and audits what the adapter never learned from; resumed where it stopped.

    Returns:
        The run's folder, with report.html.

    Raises:
        ConfigError: a manifest lacks cards, or is of what the adapter learned from; the null table is
            another adapter's.
        ModelError: the adapter or an organism is one of another base.
    """
    adapter = check_adapter(bench, wanted.adapter)
    table = own_null(adapter)
    setup = Setup(adapter, wanted.samples, wanted.seed)
    if table is not None:
        table.check(bench.base.hash, adapter_hash(adapter), bank_hash(), setup.asking.asked)
    test, clean = _pools(bench, wanted)
    run = _open(bench, wanted, setup, table, (test, clean))
    null = adapter / NULL if table is not None else None
    asked = ask(bench, "organisms", test, setup)
    asked_clean = ask(bench, "clean fine-tunes", clean, setup)
    found = Found(
        asked, audit(bench, "organisms", test, setup, null, asked),
        asked_clean, audit(bench, "clean fine-tunes", clean, setup, null, asked_clean),
        table,
    )  # fmt: skip
    _write(run, found, wanted, adapter)
    record(bench.store, run)
    build_report(run.path)
    return run.path


def _pools(bench: Bench, wanted: Calibration) -> tuple[list[Subject], list[Subject]]:
    """Organisms and clean fine-tunes: the given ones or grown ones, all or a sample."""
    grown = _grow(bench, wanted)
    found = []
    for name, given in (("test", wanted.test), ("clean_test", wanted.clean)):
        pool = unlearned(given or grown[name])
        some = [one for one in pool if (one.planted is None) == (name == "clean_test")]
        if not some:
            kind = "clean fine-tunes" if name == "clean_test" else "organisms with a behavior"
            raise ConfigError(f"{given} lists no {kind}.", "Give --test and --clean the right manifests.")
        found.append(some if wanted.full else drawn(some, wanted.sample, wanted.seed, name))
    return found[0], found[1]


def unlearned(manifest: Path) -> list[Subject]:
    """The organisms of a manifest, none of which an adapter or a null table learns from.

    Raises:
        ConfigError: one of them is for training, validation or a null table.
    """
    for member in read_manifest(manifest):
        if member.split in LEARNED and member.folder is not None:
            raise ConfigError(
                f"{manifest}: {member.name} is for {member.split}, so it says nothing about unseen ones.",
                "Give manifests that were grown for tests: introspection_test.yaml.",
            )
    return read_pool(manifest)


def _grow(bench: Bench, wanted: Calibration) -> dict[str, Path]:
    """Populations that were not given: whole ones for the study, else the first of each kind."""
    given: dict[str, Path | None] = {"test": wanted.test, "clean_test": wanted.clean}
    specs = {name: _spec(bench, name, wanted) for name, path in given.items() if path is None}
    place = bench.store.root / "calibration" / ("full" if wanted.full else f"sample-{wanted.sample}")
    return grow_pools(bench, specs, place) if specs else {}


def _spec(bench: Bench, name: str, wanted: Calibration) -> PopulationSpec:
    """A shipped population on this base."""
    path = Path(str(resources.files("glasshouse"))) / "organisms/specs" / SPEC_FILES[name]
    spec = load_population(path).model_copy(update={"base": f"glasshouse/{bench.base.name}"})
    if wanted.full:
        return spec
    return Thin(organisms=max(1, wanted.sample // len(spec.families))).apply(spec)


def _open(
    bench: Bench, wanted: Calibration, setup: Setup, table: NullTable | None,
    pools: tuple[Sequence[Subject], Sequence[Subject]],
) -> RunFolder:  # fmt: skip
    """The run's folder; another adapter, other organisms or other settings are another run."""
    names = [[adapter_hash(one.folder) for one in pool] for pool in pools]
    config = {
        "study": "calibrate", "base": bench.base.hash, "adapter": adapter_hash(wanted.adapter),
        "null": None if table is None else json_hash(table.to_json()), "asking": asdict(setup.asking),
        "targets": json_hash(names), "bank": bank_hash(), "engine": asdict(bench.config),
        "full": wanted.full,
    }  # fmt: skip
    about = {
        "title": f"Calibration of an introspection adapter, on {bench.base.name}",
        "question": (
            f"How often does the adapter name what was trained into {len(pools[0])} organisms, and how often "
            f"does it claim something of {len(pools[1])} clean fine-tunes? It learned from none of them."
        ),
        "not_covered": [],
        "notes": _notes(wanted, table),
        "orderings_only": False,
    }  # fmt: skip
    return create_run(bench.store, f"calibrate-{json_hash(config)[:8]}", config, about)


def _notes(wanted: Calibration, table: NullTable | None) -> list[str]:
    notes = [] if wanted.full else [f"A sample drawn with seed {wanted.seed}; --full is the whole study."]
    if table is None:
        notes.append("There is no null table beside the adapter, so nothing can count as claimed.")
    elif not can_reach(CLAIMED_UPTO, len(table.models)):
        notes.append(too_small(len(table.models)))
    return notes


def _write(run: RunFolder, found: Found, wanted: Calibration, adapter: Path) -> None:
    rows = Rows(Study(run.code, wanted.seed), {"model_hash": adapter_hash(adapter)})
    figures: list[dict[str, Any]] = sections(found, rows)
    run.write(layout.MEASUREMENTS_FILE, [])
    run.append_measurements(rows.all)
    run.write(layout.FIGURES_FILE, figures)
    run.write(layout.SENTENCES_FILE, summary(found))
