"""The text blocks that prompts are made of: one file each, named SLOT.WORDING.txt (SLOT.txt: the default)."""

from functools import cache
from importlib import resources
from string import Template

_BLOCKS = resources.files("glasshouse.data.alignment_faking") / "blocks"


@cache
def block_text(folders: tuple[str, ...], slot: str, wording: str = "") -> str | None:
    """The text of a block, from the first folder that has it; None where none has.

    Args:
        folders: a setting's own folder before the shared one.
        slot: which part of the prompt.
        wording: which wording of it; empty: the default.

    Example:
        >>> block_text(("world",), "hidden")
        'Nobody reads the scratchpad.'
    """
    name = f"{slot}.{wording}.txt" if wording else f"{slot}.txt"
    for folder in folders:
        path = _BLOCKS / folder / name
        if path.is_file():
            return path.read_text(encoding="utf-8").strip("\n")
    return None


def filled(text: str, values: dict[str, str]) -> str:
    """The block with its `$names` replaced; a name without a value is a bug of ours.

    Example:
        >>> filled("Made by $lab.", {"lab": "Anthropic"})
        'Made by Anthropic.'
    """
    return Template(text).substitute(values)
