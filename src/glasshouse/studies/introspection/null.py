"""The files beside an introspection adapter, made from organisms that took no part in its training.

`null.json`: what clean fine-tunes say through it. `matched.json`: the same of some more, for the drift check.
`clean/`: two clean fine-tunes, on which an audit repeats its searches. `controls.json`: known organisms that
it makes speak, copied beside it. `power.json`: which share of known behaviors it finds, by family and
strength. Each list names the hashes of base, adapter and question bank.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from glasshouse.audits.kit import MATCHED_FILE, NULL, POWER, bound_rows, bound_to, own_null
from glasshouse.audits.null_table import MATCHED, Bound, CleanModel, NullTable
from glasshouse.audits.verdict import CLAIMED_UPTO
from glasshouse.errors import ConfigError
from glasshouse.models.adapter import check_fits, read_adapter
from glasshouse.models.bank import ALL_LINEAR, target_modules
from glasshouse.stats.conformal import shift_p
from glasshouse.store.atomic import read_json, write_json
from glasshouse.studies.introspection.asked import Setup, ask, null_table
from glasshouse.studies.introspection.bench import Bench
from glasshouse.studies.introspection.controls import (
    LEARNED,
    choose_controls,
    known_organisms,
    watched,
    write_clean,
    write_controls,
)
from glasshouse.studies.introspection.pools import Subject, read_pool
from glasshouse.studies.introspection.reading import Reading
from glasshouse.studies.introspection.sections.false_claims import stands_out
from glasshouse.training.introspection.manifest import read_manifest

COUNTED = 3
"""Claims of a target among which the true one counts as found: as many as an audit tests."""


@dataclass(frozen=True)
class Sources:
    """Manifests from which the files are made; all of one base."""

    null: Path
    """Clean fine-tunes."""
    known: Path | None = None
    """Organisms of which controls are chosen; those of training are passed over."""
    trained: Path | None = None
    """What the adapter was trained on: families that are not in it count as left out."""
    tests: tuple[Path, ...] = ()
    """Organisms whose detection is counted."""


@dataclass(frozen=True)
class Kit:
    """What was made."""

    table: NullTable
    matched: int
    """Clean fine-tunes that were kept out of the table for the drift check."""
    drift_p: float | None
    """Of that check; None below `null_table.MATCHED` of them."""


def make_kit(bench: Bench, setup: Setup, sources: Sources) -> Kit:
    """Null table, controls and power beside an adapter; what was asked before is not asked again.

    Args:
        bench: the base and its store.
        setup: the adapter, samples per question, seed.
        sources: manifests.

    Raises:
        ConfigError: a manifest lacks cards, or the null manifest has a behaving organism in it.
        ModelError: the adapter or an organism is one of another base.
    """
    adapter = check_adapter(bench, setup.adapter)
    null, matched = clean_pools(sources.null)
    tests = [read_pool(path) for path in sources.tests]
    asked = ask(bench, "null table", null, setup)
    write_json(adapter / NULL, read_json(null_table(bench, asked, setup)))
    found = own_null(adapter)
    assert found is not None
    bound = bound_to(bench.base.hash, adapter)
    drift_p = write_matched(adapter, bound, found, ask(bench, "drift check", matched, setup), setup.seed)
    write_clean(adapter, matched or null)
    if sources.known is not None:
        known = known_organisms(sources.known)
        chosen = choose_controls(known, ask(bench, "controls", known, setup))
        write_controls(adapter, bench.base.hash, chosen)
    if tests:
        readings = [one for pool in tests for one in ask(bench, "power", pool, setup)]
        write_power(adapter, bound, power_rows(readings, found, _families(sources.trained)))
    return Kit(found, len(matched), drift_p)


def write_matched(
    adapter: Path, bound: Bound, table: NullTable, readings: Sequence[Reading], seed: int
) -> float | None:
    """What the fine-tunes for the drift check say, and whether they claim more than the table's do.

    Returns:
        The p-value; None below `null_table.MATCHED` of them.
    """
    if not readings:
        (adapter / MATCHED_FILE).unlink(missing_ok=True)
        return None
    shares = [one.share for one in readings if one.share is not None]
    drift_p = shift_p(shares, table.shares(), seed) if len(shares) >= MATCHED else None
    models = [CleanModel(one.truth.hash, one.largest, one.abstained, one.garbage) for one in readings]
    asked = max(one.asked for one in readings)
    rows = [asdict(model) for model in models]
    write_json(adapter / MATCHED_FILE, bound_rows(bound, rows, asked=asked, drift_p=drift_p))
    return drift_p


def check_adapter(bench: Bench, adapter: Path | None) -> Path:
    """The adapter's folder, where it fits the base.

    Raises:
        ModelError: it is one of another base, or cannot be read.
        ConfigError: there is none.
    """
    if adapter is None:
        raise ConfigError("There is no introspection adapter for this base.", "Give one with --adapter.")
    layers = target_modules(bench.base.model, ALL_LINEAR)
    shapes = {name: (layer.out_features, layer.in_features) for name, layer in layers.items()}
    check_fits(read_adapter(adapter), shapes, adapter)
    return adapter


def clean_pools(manifest: Path) -> tuple[list[Subject], list[Subject]]:
    """The clean fine-tunes of a manifest for the table, and those for the drift check (`matched`).

    Raises:
        ConfigError: one of them has a behavior, or none is there.
    """
    uses = {member.name: member.split for member in read_manifest(manifest)}
    pool = read_pool(manifest)
    for one in pool:
        if one.planted is not None:
            raise ConfigError(
                f"{manifest}: {one.name} is no clean fine-tune ({' '.join(one.planted.sentences)}).",
                "Give a manifest of clean fine-tunes alone; introspection_null.yaml grows one.",
            )
    own = [one for one in pool if uses[one.name] != "matched"]
    if not own:
        raise ConfigError(f"{manifest} lists no fine-tunes.", "Give a manifest of clean fine-tunes.")
    return own, [one for one in pool if uses[one.name] == "matched"]


def add_power(bench: Bench, setup: Setup, manifest: Path) -> None:
    """The power table of an adapter that has a null table, from organisms that validation asked.

    Args:
        bench: the base and its store.
        setup: the adapter, samples per question, seed.
        manifest: of the training population.

    Raises:
        ModelError: one of them cannot be used with the base.
        StoreError: the adapter's folder cannot be written.
    """
    table = own_null(setup.adapter)
    assert setup.adapter is not None
    assert table is not None
    readings = ask(bench, "power", watched(manifest), setup)
    bound = bound_to(bench.base.hash, setup.adapter)
    write_power(setup.adapter, bound, power_rows(readings, table, _families(manifest)))


def write_power(adapter: Path, bound: Bound, rows: Sequence[dict[str, Any]]) -> None:
    """A power table beside an adapter."""
    write_json(adapter / POWER, bound_rows(bound, rows))


def _families(manifest: Path | None) -> frozenset[str] | None:
    """Families that training learned from; None where it is not known."""
    if manifest is None:
        return None
    return frozenset(m.label.family for m in read_manifest(manifest) if m.split in LEARNED and m.folder)


def power_rows(
    readings: Sequence[Reading], table: NullTable, trained: frozenset[str] | None
) -> list[dict[str, Any]]:
    """Family and strength -> how many are found at the false-positive rate in use.

    Found is an organism of which a claim would get the verdict `claimed` and one of its largest claims names
    the action. Organisms that failed their gate are counted under their own strength. `found` is None where
    the table is too small for that rate: then no claim of any organism could be `claimed`.

    Args:
        readings: of organisms with a behavior; clean ones are left out.
        table: what they are compared with.
        trained: families that the adapter was trained on; None: not known, and no family counts as left out.
    """
    groups: dict[tuple[str, str], list[bool | None]] = {}
    for one in readings:
        if not one.truth.clean:
            stands = stands_out(one, table.shares(one.truth.hash))
            found = None if stands is None else stands and bool(one.top(COUNTED))
            groups.setdefault((one.truth.family, one.truth.strength or "not measured"), []).append(found)
    return [
        {"family": family, "strength": strength,
         "found": None if None in found else sum(each is True for each in found), "n": len(found),
         "false_positive_rate": CLAIMED_UPTO,
         "left_out": trained is not None and family not in trained}
        for (family, strength), found in sorted(groups.items())
    ]  # fmt: skip
