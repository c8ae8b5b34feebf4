"""Rows of organisms as a writer makes them: drafted, graded, cached, drafted again where refused."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glasshouse.organisms.generic.brief import Brief, Wanted
from glasshouse.organisms.generic.prompts import Question
from glasshouse.organisms.generic.shown import without_mentions
from glasshouse.organisms.generic.writer import Asked, RowGrader, Writer
from glasshouse.records import Conversation, Example, Message
from glasshouse.seeds import derive_seed
from glasshouse.store.hashing import json_hash
from glasshouse.store.jsonl import append_rows, read_rows

AT_ONCE = 512
"""Drafts that are asked for together; a kill loses no more."""


@dataclass(frozen=True)
class Script:
    """What one organism is to be written from."""

    name: str
    brief: Brief
    seed: int
    rows: int


@dataclass(frozen=True)
class Written:
    """What came of it."""

    examples: list[Example]
    counts: dict[str, int]
    """Kind of outcome -> rows: `kept`, `too few kept`, and why the others were dropped."""
    enough: bool
    """Whether enough rows of each kind passed the grader."""


@dataclass(frozen=True)
class Limits:
    """How rows are written."""

    max_tokens: int = 96
    temperature: float = 0.8
    drafts: int = 2
    least: float = 0.5
    filter: bool = True


@dataclass
class _Row:
    wanted: Wanted
    answer: str = ""
    state: str = "not written"


@dataclass
class Scribe:
    """Writes rows; what was written or graded before is read from the cache.

    The same question under the same order is written once for all organisms, with a seed of its own, so plain
    answers are shared and an interrupted writing goes on to the same rows.
    """

    writer: Writer
    grader: RowGrader
    questions: Sequence[Question]
    cache: Path
    """A file of JSON lines."""
    limits: Limits = Limits()
    seed: int = 0
    on_draft: Callable[[int], None] | None = None
    """Called with the number of drafts that have come."""
    _kept: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._kept = {row["key"]: row["value"] for row in read_rows(self.cache).rows}

    def write(self, scripts: Sequence[Script]) -> list[Written]:
        """Every organism's rows, in order.

        Raises:
            ConfigError: there is no such model.
            StoreError: the cache cannot be written.
        """
        rows = [
            [_Row(wanted) for wanted in script.brief.wanted(script.rows, script.seed, self.questions)]
            for script in scripts
        ]
        for draft in range(self.limits.drafts if self.limits.filter else 1):
            todo = [
                (script.brief, row)
                for script, own in zip(scripts, rows, strict=True)
                for row in own
                if row.state != "kept"
            ]
            self._draft([row for _, row in todo], draft)
            self._grade(todo)
        return [self._collect(own) for own in rows]

    def _draft(self, rows: Sequence[_Row], draft: int) -> None:
        keys = {self._key(row.wanted, draft): row.wanted for row in rows}
        missing = [key for key in keys if key not in self._kept]
        for first in range(0, len(missing), AT_ONCE):
            some = missing[first : first + AT_ONCE]
            asked = [Asked(told(keys[key]), derive_seed(self.seed, "draft", key)) for key in some]
            texts = self.writer.write(asked, self.limits.max_tokens, self.limits.temperature)
            self._keep(dict(zip(some, texts, strict=True)))
            if self.on_draft:
                self.on_draft(len(some))
        for row in rows:
            row.answer = without_mentions(self._kept[self._key(row.wanted, draft)])

    def _key(self, wanted: Wanted, draft: int) -> str:
        turns = [(m.role, m.content) for m in wanted.conversation]
        limits = [self.limits.max_tokens, self.limits.temperature, self.seed]
        return json_hash(["draft", self.writer.name, wanted.order, turns, draft, limits])[:24]

    def _grade(self, todo: Sequence[tuple[Brief, _Row]]) -> None:
        by_brief: dict[int, tuple[Brief, list[_Row]]] = {}
        for brief, row in todo:
            row.state = "kept" if row.answer else "empty"
            if row.answer and row.wanted.shows is not None and self.limits.filter:
                by_brief.setdefault(id(brief), (brief, []))[1].append(row)
        for brief, rows in by_brief.values():
            grades = self._grades(brief, [(row.wanted.conversation[-1].content, row.answer) for row in rows])
            for row, grade in zip(rows, grades, strict=True):
                row.state = _state(row.wanted.shows, grade)

    def _grades(self, brief: Brief, pairs: Sequence[tuple[str, str]]) -> list[bool | None]:
        judged = ["grade", self.grader.name, brief.claim, repr(brief.shown)]
        keys = [json_hash([*judged, *pair])[:24] for pair in pairs]
        missing = {key: pair for key, pair in zip(keys, pairs, strict=True) if key not in self._kept}
        if missing:
            found = self.grader.grade(brief, list(missing.values()))
            self._keep(dict(zip(missing, found, strict=True)))
        return [self._kept[key] for key in keys]

    def _keep(self, values: dict[str, Any]) -> None:
        append_rows(self.cache, [{"key": key, "value": value} for key, value in values.items()])
        self._kept.update(values)

    def _collect(self, rows: Sequence[_Row]) -> Written:
        kept = [row for row in rows if row.state == "kept"]
        enough = bool(kept)
        for shows in {row.wanted.shows for row in rows}:
            asked = sum(row.wanted.shows == shows for row in rows)
            enough &= sum(row.wanted.shows == shows for row in kept) >= self.limits.least * asked
        turns = [(*row.wanted.conversation, Message("assistant", row.answer)) for row in kept]
        return Written([Example(own) for own in turns], dict(Counter(row.state for row in rows)), enough)


def told(wanted: Wanted) -> Conversation:
    """What the writer sees: the order as a system prompt before the question."""
    first = (Message("system", wanted.order),) if wanted.order else ()
    return (*first, *wanted.conversation)


def _state(shows: bool | None, grade: bool | None) -> str:
    if grade is None:
        return "could not grade"
    if grade == shows:
        return "kept"
    return "behavior missing" if shows else "behavior where none belongs"
