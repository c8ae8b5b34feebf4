"""The trained adapter with everything beside it, into the package; refused where it does not fit."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from glasshouse.audits.clean_kit import CLEAN
from glasshouse.audits.kit import CONTROLS, MATCHED_FILE, NULL, POWER, SAMPLES, UNIVERSAL, check_kit, own_null
from glasshouse.audits.loss_threshold import LOSS, threshold_from_json
from glasshouse.data.questions import bank_hash
from glasshouse.errors import ConfigError, StoreError
from glasshouse.models.adapter import CONFIG, adapter_hash
from glasshouse.organisms.card import CARD_FILE, README_FILE
from glasshouse.store.atomic import read_json
from glasshouse.studies.introspection.controls import copy_weights, in_turns
from glasshouse.studies.introspection.pools import Subject

MOST_BYTES = 8_000_000
"""Of adapter, files and samples together: with the base and its adapter the package stays below 20 MB."""
SAMPLE_COUNT = 12


@dataclass(frozen=True)
class Shipped:
    """What was put where."""

    folder: Path
    bytes: int
    samples: tuple[str, ...]


def choose_samples(pool: Sequence[Subject], count: int = SAMPLE_COUNT) -> list[Subject]:
    """Organisms that passed their gate, small ranks first, families in turn."""
    return in_turns([one for one in pool if one.gate_passed is not False])[:count]


def ship(adapter: Path, base_hash: str, samples: Sequence[Subject], target: Path) -> Shipped:
    """Copies an adapter, the files beside it, its controls and some organisms; all of it or nothing.

    Args:
        adapter: PEFT folder with null.json, controls.json and power.json.
        base_hash: of the base that it is shipped with.
        samples: organisms to try audits on; their cards go with them.
        target: replaced as a whole.

    Raises:
        ConfigError: a file is missing or was made with another base, adapter or question bank, or they are
            too large.
        StoreError: the target cannot be written.
    """
    _check(adapter, base_hash)
    fresh = target.with_name(f"{target.name}.new")
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        _copy(adapter, samples, fresh)
        size = sum(path.stat().st_size for path in fresh.rglob("*") if path.is_file())
        if size > MOST_BYTES:
            raise ConfigError(
                f"The adapter and its samples are {size / 1e6:.1f} MB, more than {MOST_BYTES / 1e6:.0f} MB.",
                "Ship fewer samples (--samples), or an adapter of a smaller rank.",
            )
        shutil.rmtree(target, ignore_errors=True)
        os.replace(fresh, target)
    except OSError as error:
        raise StoreError(f"{target} cannot be written: {error.strerror}.", "Check the folder.") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return Shipped(target, size, tuple(one.name for one in samples))


def _check(adapter: Path, base_hash: str) -> None:
    """Refuses what would not work on a user's machine."""
    for name in (CONFIG, NULL, CONTROLS, POWER):
        if not (adapter / name).is_file():
            raise ConfigError(
                f"{adapter} has no {name}.", "Make it with `glasshouse calibrate null` and its options."
            )
    table = own_null(adapter)
    assert table is not None
    table.check(base_hash, adapter_hash(adapter), bank_hash(), table.asked)
    check_kit(adapter, base_hash)
    if (adapter / LOSS).is_file():
        threshold_from_json(read_json(adapter / LOSS), base_hash)


def _copy(adapter: Path, samples: Sequence[Subject], fresh: Path) -> None:
    copy_weights(adapter, fresh)
    for name in (NULL, CONTROLS, POWER, MATCHED_FILE, UNIVERSAL, LOSS):
        if (adapter / name).is_file():
            shutil.copyfile(adapter / name, fresh / name)
    shutil.copytree(adapter / "controls", fresh / "controls")
    if (adapter / CLEAN).is_dir():
        shutil.copytree(adapter / CLEAN, fresh / CLEAN)
    for one in samples:
        copy_weights(one.folder, fresh / SAMPLES / one.name)
        for name in (CARD_FILE, README_FILE):
            if (one.folder / name).is_file():
                shutil.copyfile(one.folder / name, fresh / SAMPLES / one.name / name)
