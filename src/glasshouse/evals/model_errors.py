"""What Inspect says of a model's name, key or package, as one sentence for the user."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from inspect_ai._util.error import PrerequisiteError
from rich.text import Text

from glasshouse.errors import ConfigError, GlasshouseError

_NAME = re.compile(r"^Model (?:API|name) ")
_HINT = "Models are named PROVIDER/NAME, for example openai/gpt-4o; see Inspect's list of providers."


@contextmanager
def plain_model_errors() -> Iterator[None]:
    """Around everything that opens a model by name.

    Raises:
        ConfigError: there is no such provider, or its key or package is missing.
    """
    try:
        yield
    except GlasshouseError:
        raise  # ours are sentences already, also where Inspect's class is among their bases
    except PrerequisiteError as error:
        raise ConfigError(f"A model cannot be opened: {_plain(str(error.message))}") from error
    except ValueError as error:
        if not _NAME.match(str(error)):
            raise
        raise ConfigError(str(error), _HINT) from error


def _plain(markup: str) -> str:
    """One line, without Inspect's marks for colors."""
    return " ".join(Text.from_markup(markup).plain.split()).removeprefix("ERROR: ")
