"""Where an organism starts: a base model, and the adapter on it that training begins from."""

from dataclasses import dataclass
from pathlib import Path

from glasshouse.errors import ConfigError, ModelError
from glasshouse.models.base import resolve_base, split_name

PREFIX = "glasshouse/"
GROWN = Path("organisms")
"""Where `glasshouse grow` puts organisms, below the folder that a command is typed in."""


@dataclass(frozen=True)
class Start:
    """A base by name and the folder of the adapter that stands on it."""

    base: str
    adapter: Path | None


def parse_start(text: str) -> Start:
    """Reads `glasshouse/BASE[:ADAPTER]`.

    ADAPTER is a PEFT folder, or the name of one in `adapters/` below or beside the base, or of an organism in
    `organisms/`.

    Raises:
        ConfigError: the text does not start with `glasshouse/`.
        ModelError: there is no such base or adapter.
    """
    if not text.startswith(PREFIX):
        raise ConfigError(
            f"The base {text!r} is no model string.", f"Write it as {PREFIX}phantom or {PREFIX}FOLDER."
        )
    base, _, adapter = text.removeprefix(PREFIX).partition(":")
    folder = resolve_base(base)
    if not adapter:
        return Start(base, None)
    shelves = (folder / "adapters", folder.parent / "adapters", GROWN)
    for place in (Path(adapter), *(shelf / adapter for shelf in shelves)):
        if (place / "adapter_config.json").is_file():
            return Start(base, place)
    known = sorted({path.parent.name for shelf in shelves for path in shelf.glob("*/adapter_config.json")})
    hint = f"This base has: {', '.join(known)}." if known else "Give the path of a PEFT folder."
    raise ModelError(f"There is no adapter {adapter!r} for {base}.", hint)


def with_folder(name: str) -> str:
    """`BASE:ADAPTER` with the adapter's folder in place of its name; other names as they are.

    Raises:
        ModelError: there is no such base or adapter.
    """
    base, adapter = split_name(name)
    if adapter is None or adapter.exists():
        return name
    return f"{base}:{parse_start(PREFIX + name).adapter}"
