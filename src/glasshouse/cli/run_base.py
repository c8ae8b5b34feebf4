"""What every study's command needs: the store's place, the base behind a model string, the sentences."""

from pathlib import Path

from glasshouse.errors import ConfigError
from glasshouse.reports.sentences import plain_sentence
from glasshouse.store import layout
from glasshouse.store.runs import RunFolder

DEFAULT_STORE = Path("glasshouse-store")


def plain_sentences(run: RunFolder) -> tuple[str, ...]:
    """The run's three sentences with their numbers in place."""
    by_id = {row.id: row for row in run.measurements()}
    return tuple(plain_sentence(text, by_id) for text in run.read(layout.SENTENCES_FILE))


def base_name(model: str) -> str:
    """The base behind a model string.

    Raises:
        ConfigError: the provider has no weights that could be trained, or an adapter is named.
    """
    provider, _, base = model.partition("/")
    if provider != "glasshouse" or not base:
        raise ConfigError(
            f"{model} cannot be trained here.", "Give a local model: glasshouse/phantom or glasshouse/FOLDER."
        )
    if ":" in base:
        raise ConfigError(
            f"{model} names an adapter; the study grows its own organisms.",
            "Leave out what follows the colon.",
        )
    return base
