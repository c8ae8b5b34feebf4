"""What an introspection adapter learned from, in words: enough for a study where the organisms are gone."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from glasshouse.errors import ConfigError
from glasshouse.models.adapter import CONFIG
from glasshouse.store.atomic import read_json
from glasshouse.store.jsonl import read_rows, write_jsonl
from glasshouse.studies.introspection.adapter import Trained
from glasshouse.training.introspection.manifest import Member
from glasshouse.training.introspection.train import CARD

POPULATION = "population.jsonl"
"""Beside the adapter: one organism a line, without its weights."""


@dataclass(frozen=True)
class Taught:
    """One organism of the training population, its weights aside."""

    family: str
    split: str
    """What it was used for: `train`, `dpo`, `validation`."""
    sentences: tuple[str, ...]
    gate_passed: bool | None


def taught(members: Sequence[Member]) -> list[Taught]:
    """The organisms of a manifest; the bare base is none."""
    return [
        Taught(m.label.family, m.split, m.label.sentences, m.gate_passed)
        for m in members
        if m.folder is not None
    ]


def write_taught(adapter: Path, organisms: Sequence[Taught]) -> None:
    """Beside an adapter.

    Raises:
        StoreError: it cannot be written.
    """
    write_jsonl(adapter / POPULATION, [asdict(one) for one in organisms])


def read_taught(adapter: Path) -> list[Taught]:
    """As it was written.

    Raises:
        ConfigError: it is not there, or malformed.
    """
    rows = read_rows(adapter / POPULATION).rows
    if not rows:
        raise ConfigError(
            f"{adapter / POPULATION} is missing: nothing says what the adapter learned from.",
            "Give the folder of an adapter that `glasshouse run introspection` trained.",
        )
    try:
        return [Taught(**{**row, "sentences": tuple(row["sentences"])}) for row in rows]
    except (KeyError, TypeError) as error:
        raise ConfigError(f"{adapter / POPULATION} is malformed: {error}.", "Copy it again.") from error


def found_adapter(adapter: Path) -> Trained:
    """An adapter that was trained before, with the one before its second stage in `sft/`.

    Raises:
        ConfigError: a part of it is missing.
    """
    for needed in (adapter / CONFIG, adapter / CARD, adapter / "sft" / CONFIG):
        if not needed.is_file():
            raise ConfigError(
                f"{needed} is missing.", "Give the folder of an adapter that was trained in two stages."
            )
    own = [one for one in read_taught(adapter) if one.split == "train"]
    return Trained(adapter, adapter / "sft", len(own), len({one.family for one in own}))


def stages_of(adapter: Path) -> dict[str, Any]:
    """Steps, tokens and seconds of its stages, by name."""
    stages: dict[str, Any] = read_json(adapter / CARD)["stages"]
    return stages
