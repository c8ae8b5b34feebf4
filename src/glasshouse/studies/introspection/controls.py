"""Known organisms beside an introspection adapter: the positive control of every audit with it."""

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from glasshouse.audits.clean_kit import CLEAN
from glasshouse.audits.kit import CONTROLS, bound_rows, bound_to
from glasshouse.errors import ConfigError
from glasshouse.models.adapter import CONFIG, WEIGHTS
from glasshouse.organisms.card import read_card
from glasshouse.store.atomic import write_json
from glasshouse.studies.introspection.asked import Setup, ask
from glasshouse.studies.introspection.bench import Bench
from glasshouse.studies.introspection.pools import Subject, read_pool
from glasshouse.studies.introspection.reading import Reading
from glasshouse.training.introspection.manifest import read_manifest

LEARNED = ("train", "dpo")
"""Uses from which an adapter learns."""
MOST_CONTROLS = 8
CLEAN_COPIES = 2
"""As many as an audit searches."""
LARGEST_RANK = 8
"""Of a control: it is copied beside the adapter."""


def add_controls(bench: Bench, setup: Setup, manifest: Path) -> int:
    """Known organisms beside an adapter, from those that validation asked: the audits' positive control.

    Where the adapter names none of them there is no control, and silence says nothing.

    Args:
        bench: the base and its store.
        setup: the adapter, samples per question, seed.
        manifest: of the training population.

    Returns:
        How many there are.

    Raises:
        ModelError: one of them cannot be used with the base.
        StoreError: the adapter's folder cannot be written.
    """
    assert setup.adapter is not None
    known = [one for one in watched(manifest) if rank_of(one) <= LARGEST_RANK]
    named = _named(known, ask(bench, "controls", known, setup)) if known else []
    if named:
        write_controls(setup.adapter, bench.base.hash, in_turns(named)[:MOST_CONTROLS])
    return min(len(named), MOST_CONTROLS)


def watched(manifest: Path) -> list[Subject]:
    """Behaving organisms that validation asked and nothing was learned from."""
    names = {member.name for member in read_manifest(manifest) if member.split == "validation"}
    return [one for one in read_pool(manifest) if one.name in names and one.planted is not None]


def known_organisms(manifest: Path) -> list[Subject]:
    """Behaving organisms of small rank that nothing was learned from."""
    learned = {member.name for member in read_manifest(manifest) if member.split in LEARNED}
    return [
        one
        for one in read_pool(manifest)
        if one.name not in learned and one.planted is not None and rank_of(one) <= LARGEST_RANK
    ]


def rank_of(one: Subject) -> int:
    """The rank of an organism's adapter, from its card."""
    return int(read_card(one.folder).spec["training"]["rank"])


def choose_controls(
    known: Sequence[Subject], readings: Sequence[Reading], most: int = MOST_CONTROLS
) -> list[Subject]:
    """Organisms whose gate passed and whose largest claim is the true one; families take turns, small first.

    They are chosen by the same answers that audits ask again: a control fails where something in the chain is
    not as it was (base, adapter, questions, stacking), which is what it is for. It is no measure of power.

    Raises:
        ConfigError: the adapter names none of them.
    """
    good = _named(known, readings)
    if not good:
        raise ConfigError(
            f"The adapter names none of {len(known)} known organisms, so there is no positive control.",
            "Train it longer, or give other organisms with --known.",
        )
    return in_turns(good)[:most]


def _named(known: Sequence[Subject], readings: Sequence[Reading]) -> list[Subject]:
    """Those whose gate passed and whose largest claim is the true one."""
    return [
        subject
        for subject, reading in zip(known, readings, strict=True)
        if subject.gate_passed is not False and reading.top(1)
    ]


def in_turns(pool: Iterable[Subject]) -> list[Subject]:
    """Organisms of small rank first, families in turn."""
    turns: dict[str, int] = {}
    ranked: list[tuple[int, int, Subject]] = []
    for one in sorted(pool, key=lambda one: (rank_of(one), one.name)):
        turns[one.family] = turns.get(one.family, 0) + 1
        ranked.append((turns[one.family], len(ranked), one))
    return [one for *_, one in sorted(ranked, key=lambda each: each[:2])]


def write_controls(adapter: Path, base_hash: str, chosen: Sequence[Subject]) -> None:
    """Their weights beside the adapter, without cards; their sentences in a list bound to it and the base."""
    (adapter / CONTROLS).unlink(missing_ok=True)
    shutil.rmtree(adapter / "controls", ignore_errors=True)
    rows = []
    for number, one in enumerate(chosen):
        assert one.planted is not None
        name = f"controls/{number:02d}"
        copy_weights(one.folder, adapter / name)
        rows.append({"folder": name, "sentences": list(one.planted.sentences)})
    write_json(adapter / CONTROLS, bound_rows(bound_to(base_hash, adapter), rows))


def write_clean(adapter: Path, pool: Sequence[Subject]) -> None:
    """A few clean fine-tunes beside the adapter, small ranks first, on which audits repeat their searches."""
    shutil.rmtree(adapter / CLEAN, ignore_errors=True)
    for number, one in enumerate(in_turns(pool)[:CLEAN_COPIES]):
        copy_weights(one.folder, adapter / CLEAN / f"{number:02d}")


def copy_weights(folder: Path, target: Path) -> None:
    """A PEFT folder's weights and config, nothing else of it."""
    target.mkdir(parents=True, exist_ok=True)
    for name in (CONFIG, WEIGHTS):
        shutil.copyfile(folder / name, target / name)
