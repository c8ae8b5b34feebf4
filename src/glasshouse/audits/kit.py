"""What lies beside an introspection adapter: its null table, known organisms, and what it detects."""

import json
from pathlib import Path
from typing import Any

from glasshouse.audits.handover import hand_over
from glasshouse.audits.null_table import NullTable, null_from_json
from glasshouse.audits.record import PowerRow, rate
from glasshouse.audits.self_test import Control
from glasshouse.errors import ConfigError
from glasshouse.models.adapter import CONFIG
from glasshouse.models.base import SHIPPED, Base
from glasshouse.models.engine import Engine

NULL, CONTROLS, POWER = "null.json", "controls.json", "power.json"
SAMPLES = "samples"
"""Folder of organisms to try an audit on."""
SHIPPED_ADAPTER = SHIPPED / "adapters" / "introspection"


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


def read_controls(adapter: Path | None, engine: Engine, shelf: Path) -> tuple[Control, ...]:
    """Known organisms that come with an adapter: rows of `folder` and `sentences`.

    Raises:
        ConfigError: the list is damaged.
        ModelError: one of them cannot be used.
    """
    if adapter is None:
        return ()
    return tuple(
        Control(hand_over(adapter / row["folder"], engine, shelf), tuple(row["sentences"]))
        for row in _rows(adapter / CONTROLS, ("folder", "sentences"))
    )


def read_power(adapter: Path | None) -> tuple[PowerRow, ...]:
    """What an adapter detects: `family`, `strength`, `found`, `n`, `false_positive_rate`, `left_out`.

    Raises:
        ConfigError: the list is damaged.
    """
    if adapter is None:
        return ()
    keys = ("family", "strength", "found", "n", "false_positive_rate", "left_out")
    return tuple(
        PowerRow(
            row["family"], row["strength"], rate(row["found"], row["n"]), row["false_positive_rate"],
            row["left_out"],
        )
        for row in _rows(adapter / POWER, keys)
    )  # fmt: skip


def _rows(path: Path, keys: tuple[str, ...]) -> list[dict[str, Any]]:
    rows = _json(path) if path.is_file() else []
    if not isinstance(rows, list) or not all(isinstance(row, dict) and set(keys) <= set(row) for row in rows):
        raise ConfigError(f"{path} is no list of rows with {', '.join(keys)}.", "Make it again.")
    return rows


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.", "Make it again.") from error
