"""Numbers that a user types as options of a task (`-T n=20`)."""

from glasshouse.errors import ConfigError


def number(name: str, value: object, least: float = 0.0) -> float:
    """An option that is a number, as `whole`.

    Raises:
        ConfigError: it is none, or too small.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= least:
        raise ConfigError(f"The option {name} is {value!r}, not a number from {least:g}.")
    return float(value)


def whole(name: str, value: object, least: int = 1) -> int:
    """An option that is a whole number.

    Args:
        name: of the option.
        value: as it came from the command line.
        least: the smallest that makes sense.

    Raises:
        ConfigError: it is none, or too small.

    Example:
        >>> whole("n", 20)
        20
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ConfigError(f"The option {name} is {value!r}, not a whole number from {least}.")
    return value
