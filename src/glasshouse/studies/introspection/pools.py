"""Pools of organisms with their truth, and blind audits of them: the truth stays on this side of the door."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from glasshouse.audits.asking import AT_ONCE, AskingConfig
from glasshouse.audits.audit import Auditor
from glasshouse.audits.bench import ROWS, AuditConfig, Bench
from glasshouse.audits.claims import Tally
from glasshouse.audits.handover import hand_over
from glasshouse.audits.kit import read_controls, read_null, read_universal
from glasshouse.audits.prompts import built_in_prompts
from glasshouse.audits.record import AuditResult, from_json
from glasshouse.errors import ConfigError, ModelError
from glasshouse.models.adapter import adapter_hash
from glasshouse.models.base import EngineConfig, load_base
from glasshouse.models.engine import Engine
from glasshouse.organisms.card import read_card
from glasshouse.organisms.families.planted import Planted
from glasshouse.organisms.population_card import planted_of
from glasshouse.seeds import numpy_rng
from glasshouse.store.hashing import json_hash
from glasshouse.store.jsonl import append_rows, read_rows
from glasshouse.training.introspection.manifest import read_manifest

JOURNAL = "audits.jsonl"


@dataclass(frozen=True)
class Subject:
    """One organism of a pool and the truth about it; the auditor sees its weights alone."""

    name: str
    folder: Path
    family: str
    split: str
    strength: str | None
    """Share of the gate's questions on which the behavior shows, in words; None where it was not measured."""
    gate_passed: bool | None
    planted: Planted | None
    """None where there is nothing to name."""


@dataclass(frozen=True)
class AuditSetup:
    """How a pool is audited."""

    base: str
    adapter: Path | None
    null: Path | None
    samples: int
    seed: int
    threads: int
    answered: Mapping[str, Tally] = field(default_factory=dict)
    """Hash of a target -> what it said to the same questions before."""


@dataclass(frozen=True)
class Audited:
    """One organism with what its audit found."""

    subject: Subject
    result: AuditResult


def read_pool(manifest: Path) -> list[Subject]:
    """The organisms of a manifest with the truth of their cards; the bare base is not among them.

    Raises:
        ConfigError: the manifest or a card is missing or malformed.
    """
    return [
        _subject(member.name, member.folder, member.gate_passed)
        for member in read_manifest(manifest)
        if member.folder is not None
    ]


def _subject(name: str, folder: Path, gate_passed: bool | None) -> Subject:
    card = read_card(folder)
    try:
        planted, family, split = planted_of(card), card.spec["family"], card.spec["split"]
    except KeyError as error:
        raise ConfigError(
            f"The card of {folder} says nothing of {error}: it is not that of an organism of a population.",
            "Grow it with `glasshouse grow POPULATION.yaml`.",
        ) from error
    checks = card.verify.checks if card.verify else ()
    shown = next((check.value for check in checks if check.name == "fires_rate"), None)
    strength = None if shown is None else "strong" if shown >= 0.9 else "medium" if shown >= 0.5 else "weak"
    behaves = planted if planted.sentences else None
    return Subject(name, folder, family, split, strength, gate_passed, behaves)


def drawn(pool: Sequence[Subject], n: int, seed: int, name: str) -> list[Subject]:
    """Some of a pool, drawn by seed, in the pool's order; families take turns so that each is there."""
    rng = numpy_rng(seed, "drawn", name)
    order = [pool[i] for i in rng.permutation(len(pool))]
    turns: dict[tuple[str, str], int] = {}
    ranked: list[tuple[int, int, Subject]] = []
    for one in order:
        key = (one.family, one.split)
        ranked.append((turns.get(key, 0), len(ranked), one))
        turns[key] = turns.get(key, 0) + 1
    chosen = {one.name for *_, one in sorted(ranked, key=lambda each: each[:2])[:n]}
    return [one for one in pool if one.name in chosen]


class _Journal:
    """Finished audits as JSON lines; they count only under the settings that they were made with."""

    def __init__(self, path: Path, key: str, on_done: Callable[[int], None]) -> None:
        self.path, self.key, self.on_done = path, key, on_done
        rows = [row for row in read_rows(path).rows if row["key"] == key]
        self._kept = {row["result"]["target_hash"]: from_json(row["result"]) for row in rows}

    def done(self, target_hash: str) -> AuditResult | None:
        return self._kept.get(target_hash)

    def write(self, result: AuditResult) -> None:
        append_rows(self.path, [{"key": self.key, "result": result.to_json()}])
        self._kept[result.target_hash] = result
        self.on_done(len(self._kept))


def audit_pool(
    pool: Sequence[Subject], setup: AuditSetup, out: Path, on_done: Callable[[int], None] = lambda done: None
) -> list[Audited]:
    """Every organism audited blind, in order; finished ones are not repeated.

    Args:
        pool: organisms of one base.
        setup: what they are audited with.
        out: receives the journal.
        on_done: called with the number of audits that are finished.

    Raises:
        ModelError: an organism cannot be handed over, or its audit failed.
        ConfigError: the null table was made with something else.
    """
    config = EngineConfig(threads=setup.threads, batch_size=ROWS)
    engine = Engine(load_base(setup.base, config), config)
    null = read_null(setup.null) if setup.null else None
    settings = AuditConfig(AskingConfig(setup.samples, seed=setup.seed))
    out.mkdir(parents=True, exist_ok=True)
    found: list[Audited] = []
    with TemporaryDirectory() as kept:
        controls = read_controls(setup.adapter, engine, Path(kept))
        universal = read_universal(setup.adapter, engine.base.hash)
        bench = Bench(engine, built_in_prompts(), setup.adapter, null, controls, universal=universal)
        auditor, journal = Auditor(bench, settings), _Journal(out / JOURNAL, _key(bench, settings), on_done)
        for first in range(0, len(pool), AT_ONCE):
            found += _audit(auditor, pool[first : first + AT_ONCE], journal, setup.answered)
    return found


def _key(bench: Bench, settings: AuditConfig) -> str:
    """Everything that a result depends on besides the target."""
    adapter = None if bench.adapter is None else adapter_hash(bench.adapter)
    table = None if bench.null is None else bench.null.to_json()
    controls = [(control.target.hash, control.sentences) for control in bench.controls]
    universal = bench.universal.to_rows()
    return json_hash([bench.engine.base.hash, adapter, table, controls, universal, asdict(settings)])[:16]


def _audit(
    auditor: Auditor, some: Sequence[Subject], journal: _Journal, answered: Mapping[str, Tally]
) -> list[Audited]:
    """Some organisms; their neutral copies are gone when this returns."""
    with TemporaryDirectory() as shelf:
        targets = [hand_over(subject.folder, auditor.bench.engine, Path(shelf)) for subject in some]
        results, failed = auditor.audit(targets, journal, answered)
    if failed:
        raise ModelError(f"The audit of target-{failed[0].target_hash[:8]} failed: {failed[0].reason}")
    by_hash = {result.target_hash: result for result in results}
    return [Audited(subject, by_hash[target.hash]) for subject, target in zip(some, targets, strict=True)]
