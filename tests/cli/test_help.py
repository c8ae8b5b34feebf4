"""What the help pages say, without what a terminal library might make of it."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from rich.emoji import Emoji
from typer.main import get_command

from glasshouse.cli.main import COMMANDS


def _commands(command: Any) -> Iterator[Any]:
    yield command
    for one in getattr(command, "commands", {}).values():
        yield from _commands(one)


@pytest.mark.parametrize("module", [module for module, _ in COMMANDS.values()])
def test_no_word_of_a_help_page_is_read_as_an_emoji(module: str) -> None:
    for command in _commands(get_command(importlib.import_module(module).app)):
        texts = [command.help or "", *(getattr(each, "help", None) or "" for each in command.params)]
        assert [text for text in texts if Emoji.replace(text) != text] == []
