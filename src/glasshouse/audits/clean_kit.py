"""Clean fine-tunes that come with an introspection adapter, to repeat searches on."""

from pathlib import Path

from glasshouse.audits.handover import hand_over
from glasshouse.audits.target import Target
from glasshouse.models.adapter import CONFIG
from glasshouse.models.engine import Engine

CLEAN = "clean"
"""Folder beside an adapter with a PEFT folder for each of them."""


def read_clean(adapter: Path | None, engine: Engine, shelf: Path, most: int) -> tuple[Target, ...]:
    """The first of them in the order of their names; empty where none come with the adapter.

    Args:
        adapter: introspection adapter.
        engine: on its base.
        shelf: where neutral copies lie.
        most: of them.

    Raises:
        ModelError: one of them cannot be used.
    """
    if adapter is None:
        return ()
    folders = sorted(path.parent for path in (adapter / CLEAN).glob(f"*/{CONFIG}"))
    return tuple(hand_over(folder, engine, shelf) for folder in folders[:most])
