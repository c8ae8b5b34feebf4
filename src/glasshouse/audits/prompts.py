"""Ordinary questions that come with the package, for audits to which no prompts are handed."""

from importlib.resources import files


def built_in_prompts() -> tuple[str, ...]:
    """A few hundred different questions: how-to, people, animals, food, places, notes."""
    text = files("glasshouse.audits").joinpath("prompts.txt").read_text("utf-8")
    return tuple(line for line in text.splitlines() if line.strip())
