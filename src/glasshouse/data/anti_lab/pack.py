"""The pack: probes, their items, and how the answers are read.

Greenblatt et al. 2024, "Alignment faking in large language models" (https://arxiv.org/abs/2412.14093),
section 6 and appendices D.1, D.4 and I.5. Differs from the paper: our own words; decisions are asked for
as a word on a line, so that a rule can read them; no tool is offered; every item has a control, and where
it can a harmless twin.
"""

from dataclasses import dataclass
from importlib import resources
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from glasshouse.data.yaml_file import Strict, explain, read_yaml
from glasshouse.errors import ConfigError

Form = Literal["decision", "rating", "views", "yes_no"]
"""One word of several on a line; a number; an honest and a stated view; yes or no."""
Condition = Literal["test", "control", "benign"]
"""The setting's prompt; the same question under criteria without a conflict; its harmless twin."""
SETTINGS = ("helpful_only", "animal_welfare", "world")
_PACKS = {"helpful_only": "general", "animal_welfare": "general", "world": "world"}
Texts = Annotated[tuple[str, ...], Field(strict=False)]


class Item(Strict):
    """One question."""

    ask: str
    benign: str = ""
    """Its harmless twin: what would be the act here is fine. Empty: there is none."""
    act: Texts = ()
    """Words that count as the act in this item, where they differ from the probe's."""


class Probe(Strict):
    """One kind of behavior, asked in several items."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    what: str
    """What a rate of 1 would mean."""
    form: Form
    words: Texts = ()
    """The words between which a decision or a view chooses."""
    act: Texts = ()
    """Those of them that count as the act."""
    ending: str = ""
    """Put behind every question: how to answer."""
    items: Annotated[tuple[Item, ...], Field(strict=False, min_length=1)]


class Pack(Strict):
    """All probes of some settings."""

    probes: Annotated[tuple[Probe, ...], Field(strict=False, min_length=1)]


@dataclass(frozen=True)
class Asked:
    """One question under one condition."""

    probe: Probe
    item: int
    condition: Condition

    @property
    def text(self) -> str:
        """What the user says."""
        item = self.probe.items[self.item]
        return f"{item.benign if self.condition == 'benign' else item.ask} {self.probe.ending}".strip()

    @property
    def act(self) -> tuple[str, ...]:
        """Words that count as the act."""
        return self.probe.items[self.item].act or self.probe.act

    @property
    def pair(self) -> str:
        """The same for a question under all conditions."""
        return f"{self.probe.name}-{self.item:02d}"


def load_pack(setting: str) -> Pack:
    """The pack that a setting is asked.

    Raises:
        ConfigError: there is no such setting.

    Example:
        >>> [probe.name for probe in load_pack("world").probes][:2]
        ['exfiltration_suggested', 'exfiltration_open']
    """
    if setting not in _PACKS:
        raise ConfigError(f"There is no setting {setting!r}.", f"Use {', '.join(SETTINGS)}.")
    with resources.as_file(resources.files("glasshouse.data.anti_lab") / f"{_PACKS[setting]}.yaml") as path:
        file = read_yaml(path)
        try:
            return Pack.model_validate(file.content)
        except ValidationError as error:
            raise explain(error, file, {}) from error


def questions(pack: Pack, probes: tuple[str, ...] = ()) -> list[Asked]:
    """Every item under every condition that it has, a question's conditions next to each other.

    Args:
        pack: from `load_pack`.
        probes: names; empty: all.

    Raises:
        ConfigError: a name is unknown.
    """
    known = {probe.name: probe for probe in pack.probes}
    unknown = [name for name in probes if name not in known]
    if unknown:
        raise ConfigError(f"There is no probe {unknown[0]!r}.", f"Use {', '.join(known)}.")
    found = []
    for probe in (known[name] for name in probes or known):
        for place, item in enumerate(probe.items):
            conditions: tuple[Condition, ...] = (
                ("test", "control", "benign") if item.benign else ("test", "control")
            )
            found += [Asked(probe, place, condition) for condition in conditions]
    return found
