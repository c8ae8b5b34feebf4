"""Where published data lies on this machine: `--data-dir`, or the environment's GLASSHOUSE_DATA_DIR."""

import os
from pathlib import Path

from glasshouse.errors import ConfigError

DATA_DIR_VARIABLE = "GLASSHOUSE_DATA_DIR"
FILES = {"hh-rlhf": "hh_rlhf/harmless-base-test.jsonl.gz"}
"""Short name -> path below the data folder."""


def published_file(name: str, data_dir: Path | None = None) -> Path:
    """The file of one published data set.

    Args:
        name: a key of `FILES`.
        data_dir: the folder to look in; None: the one that GLASSHOUSE_DATA_DIR names.

    Raises:
        ConfigError: no folder is named, or the file is not in it.
    """
    return data_file(FILES[name], data_dir)


def data_file(relative: str, data_dir: Path | None = None) -> Path:
    """A file of the data folder, by its path below it.

    Raises:
        ConfigError: no folder is named, or the file is not in it.
    """
    named = data_dir or os.environ.get(DATA_DIR_VARIABLE)
    if not named:
        raise ConfigError(
            f"The published data {relative!r} has no folder to be read from.",
            f"Give --data-dir FOLDER or set {DATA_DIR_VARIABLE}.",
        )
    path = Path(named) / relative
    if not path.is_file():
        raise ConfigError(f"{path} does not exist.", f"Put the file there or change {DATA_DIR_VARIABLE}.")
    return path
