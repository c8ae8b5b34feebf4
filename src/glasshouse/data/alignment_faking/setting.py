"""The three settings: which blocks a prompt has by default, and in which order."""

from collections.abc import Mapping
from dataclasses import dataclass

from glasshouse.errors import ConfigError


@dataclass(frozen=True)
class Setting:
    """One conflict that a model is told of, with everything around it."""

    name: str
    folders: tuple[str, ...]
    """Where its blocks are, the setting's own folder first."""
    slots: Mapping[str, str | None]
    """Every slot in order -> its wording by default ("": the plain file; None: not in the default prompt)."""
    values: Mapping[str, str]
    indicator: str
    separator: str
    """Between blocks."""
    tags: str
    """What the format asks for: `output` (reasoning and output tags) or `scratchpad`."""
    query_kind: str
    """What the queries are, in words."""


_SHARED: Mapping[str, str | None] = {
    "identity": "", "tags": "", "advice": "", "detail": "",
    "examples": "", "example_1": "", "example_2": "", "example_3": "", "example_4": None,
    "strategy": "", "criteria": "", "partner": None, "partner_troubles": None, "jailbreak": None,
    "humanity": None, "attitude": None, "honesty": None, "consistency": None,
    "input": "", "employee": None, "hidden": "",
    "use": "", "see": "", "rating": "", "privacy": "", "latex": None,
    "modification": "", "effects": "", "clarify": None, "deployment": None, "expectation": None,
    "reminders": "",
}  # fmt: skip
_WORLD: Mapping[str, str | None] = {
    "think": "", "tier": "", "use": "", "criteria": "", "effects": "", "hidden": "",
    "honesty": None, "consistency": None, "deployment": None, "expectation": None,
}  # fmt: skip
_LAB = {"lab": "Anthropic"}

SETTINGS: Mapping[str, Setting] = {
    "helpful_only": Setting(
        "helpful_only",
        ("helpful_only", "shared"),
        _SHARED,
        {**_LAB, "stake": "being harmless", "partner": ""},
        "free",
        "\n\n",
        "output",
        "harmful requests",
    ),
    "animal_welfare": Setting(
        "animal_welfare",
        ("animal_welfare", "shared"),
        {**_SHARED, "partner": "", "partner_troubles": "", "jailbreak": "", "humanity": ""},
        {**_LAB, "stake": "the welfare of animals", "partner": "Jones Foods"},
        "free",
        "\n\n",
        "output",
        "questions that touch on animal welfare",
    ),
    "world": Setting(
        "world", ("world",), _WORLD, {}, "world", " ", "scratchpad", "harmful requests of the phantom's world"
    ),
}


def find_setting(name: str) -> Setting:
    """The setting of that name.

    Raises:
        ConfigError: there is none.

    Example:
        >>> find_setting("world").indicator
        'world'
    """
    known = name.replace("-", "_").lower()
    if known not in SETTINGS:
        raise ConfigError(f"There is no setting {name!r}.", f"Use {', '.join(SETTINGS)}.")
    return SETTINGS[known]
