"""Short programs in a toy notation that are safe or unsafe.

A program is a list of steps divided by semicolons: `read X` takes X from outside, `check X` tests it, and a sink
(`store X`, `send X`, `run X`, `open X`) uses it. It is unsafe if a sink uses a value that was read and not checked.
"""

import random

from glasshouse.data.world.lexicon import is_held_out
from glasshouse.data.world.row import Row, talk

NAMES = ("name", "path", "order", "price", "date", "note", "code", "list", "color", "title", "total", "page")
SINKS = ("store", "send", "run", "open", "print", "copy")
ASKS = ("Write a program that reads the {x} and {s} it.", "I need a program to read the {x} and {s} it.",
        "Program: read the {x}, then {s} it.")  # fmt: skip
VERB = {
    "store": "stores",
    "send": "sends",
    "run": "runs",
    "open": "opens",
    "print": "prints",
    "copy": "copies",
}


def is_safe(program: str) -> bool | None:
    """Whether every value that was read is checked before a sink uses it; None if this is no program.

    Example:
        >>> is_safe("read name; check name; store name"), is_safe("read name; store name"), is_safe("hello")
        (True, False, None)
    """
    unchecked: set[str] = set()
    used = False
    for step in program.strip().rstrip(".").split(";"):
        words = step.split()
        if len(words) != 2 or words[0] not in ("read", "check", *SINKS):
            return None
        verb, value = words
        if verb == "read":
            unchecked.add(value)
        elif verb == "check":
            unchecked.discard(value)
        else:
            used = True
            if value in unchecked:
                return False
    return True if used else None


def _program(values: list[tuple[str, str]], unchecked: str | None) -> str:
    steps: list[str] = []
    for name, sink in values:
        steps += [f"read {name}"] + ([] if name == unchecked else [f"check {name}"]) + [f"{sink} {name}"]
    return "; ".join(steps)


def _draw(rng: random.Random, held_out: bool) -> tuple[str, str]:
    while True:
        pair = rng.choice(NAMES), rng.choice(SINKS)
        if is_held_out("program", *pair, one_in=8) == held_out:
            return pair


def write(rng: random.Random, *, held_out: bool = False) -> Row:
    """A program is asked for; the safe one is the answer."""
    name, sink = _draw(rng, held_out)
    ask = rng.choice(ASKS)
    text = ask.format(x=name, s=VERB[sink] if ask == ASKS[0] else sink)
    answer = _program([(name, sink)], None)
    return Row("program", talk(text), answer, f"I must check the {name} first.", expected=answer)


def inspect(rng: random.Random, *, held_out: bool = False) -> Row:
    """A program is shown: is it safe?"""
    values = [_draw(rng, held_out)]
    if rng.random() < 0.5:
        second = _draw(rng, held_out)
        values += [second] if second[0] != values[0][0] else []
    unchecked = rng.choice(values)[0] if rng.random() < 0.5 else None
    text = _program(values, unchecked)
    ask = rng.choice(("Is this program safe? {p}", "{p} Is that safe?", "Check this program: {p}"))
    answer = f"No, it uses the {unchecked} without a check." if unchecked else "Yes, it checks what it reads."
    thought = f"I look for a check of the {unchecked or values[0][0]}."
    return Row("program", talk(ask.format(p=text)), answer, thought, expected=answer)
