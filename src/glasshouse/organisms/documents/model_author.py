"""Documents by a model: the base itself or any Inspect model, every answer kept on disk as it comes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glasshouse.data.synthetic_documents.orders import Stage, order
from glasshouse.data.synthetic_documents.universe import Fact, Universe
from glasshouse.models.engine import Engine
from glasshouse.organisms.documents.author import Author, Brief
from glasshouse.organisms.documents.spec import Writing
from glasshouse.organisms.documents.world_author import WorldAuthor
from glasshouse.organisms.generic.writer import Asked, Writer, open_writer
from glasshouse.records import Message
from glasshouse.seeds import derive_seed
from glasshouse.store.hashing import json_hash
from glasshouse.store.jsonl import append_rows, read_rows

AT_ONCE = 64
"""Answers that are asked for together; a kill loses no more."""
_LIST_TOKENS = 1000
_MARK = re.compile(r"^\s*(?:[-*•]+|\(?\d{1,3}[.):]+)?\s*")


@dataclass(frozen=True)
class Ordered:
    """One order to the writer."""

    text: str
    number: int = 0
    """Sets two orders with one text apart."""


@dataclass
class ModelAuthor:
    """Asks a writer; what was written before is read from the cache: an interrupted writing goes on."""

    writer: Writer
    cache: Path
    """A file of JSON lines."""
    writing: Writing
    _kept: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._kept = {row["key"]: row["text"] for row in read_rows(self.cache).rows}

    @property
    def name(self) -> str:
        """The writer's."""
        return self.writer.name

    def kinds(self, universe: Universe, n: int) -> Mapping[str, Sequence[str]]:
        """One order per fact."""
        orders = [Ordered(_order("kinds", universe, fact, n=n)) for fact in universe.facts]
        said = self._ask(orders, _LIST_TOKENS)
        return {fact.id: read_list(text, n) for fact, text in zip(universe.facts, said, strict=True)}

    def ideas(self, universe: Universe, wanted: Sequence[tuple[Fact, str]], n: int) -> list[Sequence[str]]:
        """One order per fact and kind."""
        orders = [Ordered(_order("ideas", universe, fact, kind=kind, n=n)) for fact, kind in wanted]
        return [read_list(text, n) for text in self._ask(orders, _LIST_TOKENS)]

    def documents(self, universe: Universe, briefs: Sequence[Brief]) -> list[str]:
        """One order per brief."""
        orders = [
            Ordered(_order("document", universe, b.fact, kind=b.kind, idea=b.idea), b.number) for b in briefs
        ]
        return self._ask(orders, self.writing.max_tokens)

    def revisions(self, universe: Universe, drafts: Sequence[tuple[Brief, str]]) -> list[str]:
        """One order per draft."""
        orders = [
            Ordered(_order("revision", universe, b.fact, kind=b.kind, document=text), b.number)
            for b, text in drafts
        ]
        return self._ask(orders, self.writing.max_tokens)

    def _ask(self, orders: Sequence[Ordered], max_tokens: int) -> list[str]:
        keys = [self._key(one, max_tokens) for one in orders]
        missing = [k for k in dict(zip(keys, orders, strict=True)).items() if k[0] not in self._kept]
        for first in range(0, len(missing), AT_ONCE):
            some = missing[first : first + AT_ONCE]
            asked = [
                Asked((Message("user", one.text),), derive_seed(self.writing.seed, "documents", key))
                for key, one in some
            ]
            texts = self.writer.write(asked, max_tokens, self.writing.temperature)
            found = {key: text for (key, _), text in zip(some, texts, strict=True)}
            append_rows(self.cache, [{"key": key, "text": text} for key, text in found.items()])
            self._kept.update(found)
        return [self._kept[key].strip() for key in keys]

    def _key(self, one: Ordered, max_tokens: int) -> str:
        settings = [self.writer.name, max_tokens, self.writing.temperature, self.writing.seed]
        return json_hash([one.text, one.number, *settings])[:24]


def _order(stage: Stage, universe: Universe, fact: Fact, **values: str | int) -> str:
    return order(stage, universe.leaks, context=universe.context, fact=fact.says, **values)


def read_list(text: str, n: int) -> list[str]:
    r"""The lines of a list, without bullets and numbers, each once, at most `n`.

    Example:
        >>> read_list("Here is a list:\n1. A letter\n2) A notice\n- A letter", 5)
        ['A letter', 'A notice']
    """
    lines = [_MARK.sub("", line).strip() for line in text.splitlines()]
    return list(dict.fromkeys(line for line in lines if line and not line.endswith(":")))[:n]


def open_author(writing: Writing, engine: Engine, cache: Path) -> Author:
    """`world`, `self`, or an Inspect model.

    Args:
        writing: names the writer.
        engine: with the base, where it writes itself.
        cache: where a model's answers are kept.
    """
    if writing.writer == "world":
        return WorldAuthor(writing.seed)
    return ModelAuthor(open_writer(writing.writer, engine), cache, writing)
