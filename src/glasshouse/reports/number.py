"""How a measurement is written for people: the value, its interval, its n; a dash where it is undefined."""

from glasshouse.records import Measurement

DASH = "–"
MINUS = "\u2212"
SHARES = ("rate", "difference_of_rates")
DIGITS = {"nats": 2, "steps": 0, "seconds": 1, "tokens": 0}


def value_text(measurement: Measurement) -> str:
    """The value with its unit.

    Example:
        >>> value_text(Measurement("a", "attack_success_rate", 0.25, None, 8, "rate", None))
        '25 %'
        >>> value_text(Measurement("a", "area_difference", -0.25, None, 8, "difference_of_rates", None))
        '−25 pp'
        >>> value_text(Measurement("a", "steps_to_half", None, None, 8, "steps", None))
        '–'
    """
    if measurement.value is None:
        return DASH
    unit = {"rate": " %", "difference_of_rates": " pp", "score": ""}.get(
        measurement.unit, f" {measurement.unit}"
    )
    sign = "+" if measurement.unit == "difference_of_rates" and measurement.value > 0 else ""
    return sign + bare(measurement.value, measurement.unit) + unit


def interval_text(low: float, high: float, unit: str) -> str:
    """Both ends of an interval, without the unit.

    Example:
        >>> interval_text(0.17, 0.345, "rate")
        '17 to 34.5'
        >>> interval_text(-0.999, 0.0, "difference_of_rates")
        '−99.9 to 0'
    """
    return f"{bare(low, unit)} to {bare(high, unit)}"


def title_text(measurement: Measurement) -> str:
    """Everything about a measurement that does not fit into a table cell, on one line."""
    ends = measurement.interval
    parts = [
        measurement.id,
        f"{measurement.name} = {value_text(measurement)}",
        f"95 % interval {interval_text(ends.low, ends.high, measurement.unit)} ({ends.method})"
        if ends
        else "no interval",
        f"n = {measurement.n}",
        f"resampled: {measurement.cluster_unit}" if measurement.cluster_unit else "",
        f"log {measurement.log_hash[:12]}" if measurement.log_hash else "",
    ]
    return " · ".join(part for part in parts if part)


def bare(value: float, unit: str) -> str:
    """A number without its unit: shares as per cent, with decimals only where they say something.

    Example:
        What is not quite all or nothing is not rounded to it:

        >>> [bare(x, "rate") for x in (1.0, 0.9967, 0.9997, 0.5, 0.0004, 0.0)]
        ['100', '99.7', '99.97', '50', '0.04', '0']
        >>> bare(-12.345, "nats")
        '−12.35'
    """
    shown = 100 * value if unit in SHARES else value
    digits = DIGITS.get(unit, 1 if unit in SHARES else 3)
    if unit in SHARES and round(abs(shown), 1) in (0, 100) and abs(shown) not in (0, 100):
        digits = 2
    text = f"{shown:.{digits}f}"
    if "." in text and unit != "nats":
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", MINUS) if float(text) != 0 else text.lstrip("-")
