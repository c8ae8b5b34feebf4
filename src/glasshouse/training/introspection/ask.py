"""Organisms asked with the shared adapter stacked on them: both as one ordinary adapter."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from glasshouse.models.adapter import Adapter, concat_adapters, read_adapter, write_adapter
from glasshouse.models.chat import render_prompt
from glasshouse.models.engine import Engine, GenerateRequest
from glasshouse.records import Message
from glasshouse.training.farm_state import writing

AT_ONCE = 32
"""Stacked adapters that lie on the disk together."""


@dataclass(frozen=True)
class Asked:
    """One question to one organism."""

    folder: Path | None
    """The organism's adapter; None: the bare base."""
    question: str
    seed: int = 0
    """Of the sample; of no meaning at temperature 0."""


class StackedAsker:
    """Asks organisms of one base through a shared adapter.

    Args:
        engine: of the base.
        shared: the adapter that is stacked on every organism.
        shelf: a folder for the stacked adapters, emptied as it goes on.
        max_tokens: of an answer.
        temperature: 0 for the likeliest answer.
    """

    def __init__(
        self, engine: Engine, shared: Adapter, shelf: Path, max_tokens: int, temperature: float = 0.0
    ) -> None:
        self.engine, self.shared, self.shelf = engine, shared, shelf
        self.max_tokens, self.temperature = max_tokens, temperature

    def ask(self, asked: Sequence[Asked]) -> list[str]:
        """One answer for each question, in order."""
        folders = list(dict.fromkeys(one.folder for one in asked))
        answers: dict[int, str] = {}
        for first in range(0, len(folders), AT_ONCE):
            chunk = folders[first : first + AT_ONCE]
            numbers = [number for number, one in enumerate(asked) if one.folder in chunk]
            said = self._ask(chunk, [asked[number] for number in numbers])
            answers.update(zip(numbers, said, strict=True))
        return [answers[number] for number in range(len(asked))]

    def _ask(self, folders: Sequence[Path | None], asked: Sequence[Asked]) -> list[str]:
        stacked = {folder: self._stack(folder, number) for number, folder in enumerate(folders)}
        tokenizer = self.engine.base.tokenizer
        requests = []
        for one in asked:
            ids = tuple(render_prompt(tokenizer, (Message("user", one.question),)))
            adapter = stacked[one.folder]
            requests.append(GenerateRequest(ids, adapter, self.max_tokens, self.temperature, seed=one.seed))
        try:
            return [generation.text.strip() for generation in self.engine.generate(requests)]
        finally:
            shutil.rmtree(self.shelf, ignore_errors=True)

    def _stack(self, folder: Path | None, number: int) -> Path:
        own = self.shared if folder is None else concat_adapters(read_adapter(folder), self.shared)
        place = self.shelf / f"{number:04d}"
        with writing(place):
            write_adapter(place, own, self.engine.base.name)
        return place
