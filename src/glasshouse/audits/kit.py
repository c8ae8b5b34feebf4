"""What lies beside an introspection adapter: its null table, known organisms, and what it detects."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from glasshouse.audits.handover import hand_over
from glasshouse.audits.null_table import Bound, CleanModel, NullTable, null_from_json
from glasshouse.audits.record import PowerRow, rate
from glasshouse.audits.self_test import Control
from glasshouse.audits.universal import Universal
from glasshouse.data.questions import bank_hash
from glasshouse.errors import ConfigError
from glasshouse.models.adapter import CONFIG, adapter_hash
from glasshouse.models.base import SHIPPED, Base
from glasshouse.models.engine import Engine

FORMAT = 1
NULL, CONTROLS, POWER, MATCHED_FILE = "null.json", "controls.json", "power.json", "matched.json"
UNIVERSAL = "universal.json"
CONTROL_KEYS = ("folder", "sentences")
POWER_KEYS = ("family", "strength", "found", "n", "false_positive_rate", "left_out")
UNIVERSAL_KEYS = ("form", "text", "shown", "n")
MATCHED_KEYS = ("hash", "largest", "abstained", "garbage")
SAMPLES = "samples"
"""Folder of organisms to try an audit on."""
SHIPPED_ADAPTER = SHIPPED / "adapters" / "introspection"


@dataclass(frozen=True)
class Matched:
    """Clean fine-tunes that were kept out of the null table, to see whether it stands for them."""

    asked: int
    """Answers per model."""
    drift_p: float | None
    """Whether they claim more than the table's do; None below `null_table.MATCHED` of them."""
    models: tuple[CleanModel, ...]


def shipped_adapter(base: Base) -> Path | None:
    """The introspection adapter that comes with the package, for the base it was trained on."""
    is_phantom = base.path.resolve() == (SHIPPED / "base").resolve()
    return SHIPPED_ADAPTER if is_phantom and (SHIPPED_ADAPTER / CONFIG).is_file() else None


def read_null(path: Path) -> NullTable:
    """A null table.

    Raises:
        ConfigError: the file is missing or is none.
    """
    value = _json(path)
    if not isinstance(value, dict):
        raise ConfigError(f"{path} is no null table.", "Make it with `glasshouse calibrate null`.")
    return null_from_json(value)


def own_null(adapter: Path | None) -> NullTable | None:
    """The table beside an adapter; None where there is none."""
    if adapter is None or not (adapter / NULL).is_file():
        return None
    return read_null(adapter / NULL)


def bound_to(base_hash: str, adapter: Path) -> Bound:
    """What is made now with a base and an adapter is bound to.

    Raises:
        ModelError: the adapter cannot be read.
    """
    return Bound(base_hash, adapter_hash(adapter), bank_hash())


def bound_rows(bound: Bound, rows: Sequence[Mapping[str, Any]], **more: Any) -> dict[str, Any]:
    """Rows as they are written beside an adapter, with what they were made with."""
    return {"format": FORMAT, **asdict(bound), **more, "rows": [dict(row) for row in rows]}


def read_controls(adapter: Path | None, engine: Engine, shelf: Path) -> tuple[Control, ...]:
    """Known organisms that come with an adapter: rows of `folder` and `sentences`.

    Raises:
        ConfigError: the list is damaged, or was made with another base, adapter or question bank.
        ModelError: one of them cannot be used.
    """
    rows = _rows(adapter, CONTROLS, CONTROL_KEYS, engine.base.hash)
    return tuple(
        Control(hand_over(adapter / row["folder"], engine, shelf), tuple(row["sentences"]))
        for row in rows
        if adapter is not None
    )


def read_power(adapter: Path | None, base_hash: str) -> tuple[PowerRow, ...]:
    """What an adapter detects: `family`, `strength`, `found`, `n`, `false_positive_rate`, `left_out`.

    Where the null table was too small for the false-positive rate, `found` is null and no share is known.

    Raises:
        ConfigError: the list is damaged, or was made with another base, adapter or question bank.
    """
    return tuple(
        PowerRow(
            row["family"], row["strength"],
            rate(0, 0) if row["found"] is None else rate(row["found"], row["n"]),
            row["false_positive_rate"], row["left_out"],
        )
        for row in _rows(adapter, POWER, POWER_KEYS, base_hash)
    )  # fmt: skip


def read_matched(adapter: Path | None, base_hash: str) -> Matched | None:
    """Clean fine-tunes beside the null table, kept out of it; None where there are none.

    Raises:
        ConfigError: the list is damaged, or was made with another base, adapter or question bank.
    """
    rows = _rows(adapter, MATCHED_FILE, MATCHED_KEYS, base_hash)
    if adapter is None or not rows:
        return None
    value = _json(adapter / MATCHED_FILE)
    try:
        return Matched(value["asked"], value["drift_p"], tuple(CleanModel(**row) for row in rows))
    except (KeyError, TypeError) as error:
        raise ConfigError(f"{adapter / MATCHED_FILE} is damaged: {error}.", "Make it again.") from error


def read_universal(adapter: Path | None, base_hash: str) -> Universal:
    """To which texts known organisms react: `form`, `text`, `shown`, `n`; empty where it was not counted.

    Raises:
        ConfigError: the list is damaged, or was made with another base, adapter or question bank.
    """
    rows = _rows(adapter, UNIVERSAL, UNIVERSAL_KEYS, base_hash)
    return Universal({(row["form"], row["text"]): rate(row["shown"], row["n"]) for row in rows})


def check_kit(adapter: Path, base_hash: str) -> None:
    """Nothing where every list beside an adapter was made with it, this base and this question bank.

    Raises:
        ConfigError: one was made with something else, or is damaged.
    """
    keys_of = {
        CONTROLS: CONTROL_KEYS, POWER: POWER_KEYS, MATCHED_FILE: MATCHED_KEYS, UNIVERSAL: UNIVERSAL_KEYS,
    }  # fmt: skip
    for name, keys in keys_of.items():
        _rows(adapter, name, keys, base_hash)


def _rows(adapter: Path | None, name: str, keys: tuple[str, ...], base_hash: str) -> list[dict[str, Any]]:
    """The rows of one list; none where there is no list."""
    if adapter is None or not (adapter / name).is_file():
        return []
    path = adapter / name
    value = _json(path)
    rows = value.get("rows") if isinstance(value, dict) and value.get("format") == FORMAT else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) and set(keys) <= set(row) for row in rows):
        raise ConfigError(f"{path} is no list of rows with {', '.join(keys)}.", "Make it again.")
    made = [str(value.get(field)) for field in ("base_hash", "adapter_hash", "question_bank_hash")]
    Bound(*made).check(str(path), bound_to(base_hash, adapter))
    return rows


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.", "Make it again.") from error
