"""Labelled text out of phrase books: what the offline graders are trained on, and what they are held to.

A phrase book is a YAML file: named lists of phrases, and for each label plans, which are rows of names
of lists.
A plan becomes a text by drawing one phrase of each list. In a phrase, `[a|b]` draws one of the two,
`{name}` a phrase
of that list. A name in a plan with `?` is left out half of the time; `/` starts a new line.
"""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glasshouse.data.yaml_file import read_yaml
from glasshouse.errors import ConfigError
from glasshouse.seeds import python_rng

BOOKS = Path(__file__).parent / "wordings"
_CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
_END = re.compile(r"(?<=[.!?])\s+|\n+")
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Labelled:
    """One text and what it is."""

    text: str
    label: str
    source: str
    query: str = ""


@dataclass(frozen=True)
class PhraseBook:
    """The phrases and plans of one source of wording."""

    source: str
    plans: Mapping[str, Sequence[str]]
    """Label -> its plans."""
    phrases: Mapping[str, Sequence[str]]

    def write(self, label: str, rng: random.Random) -> tuple[str, dict[str, str]]:
        """One text of a label, and what each slot `{name}` was filled with (the same all through a text)."""
        slots: dict[str, str] = {}
        if "query" in self.phrases:
            self._fill("{query}", slots, rng)
        words: list[str] = []
        for name in rng.choice(self.plans[label]).split():
            if name == "/":
                words.append("\n")
            elif not name.endswith("?") or rng.random() < 0.5:
                words.append(self._fill(rng.choice(self.phrases[name.rstrip("?")]), slots, rng))
        text = re.sub(r" ?\n ?", "\n", " ".join(words)).strip()
        return text, slots

    def _fill(self, phrase: str, slots: dict[str, str], rng: random.Random) -> str:
        while match := _CHOICE.search(phrase):
            phrase = phrase[: match.start()] + rng.choice(match.group(1).split("|")) + phrase[match.end() :]

        def slot(match: re.Match[str]) -> str:
            name = match.group(1)
            if name not in slots:
                slots[name] = self._fill(rng.choice(self.phrases[name]), slots, rng)
            return slots[name]

        return _SLOT.sub(slot, phrase)


def read_book(path: Path) -> PhraseBook:
    """A phrase book from its file.

    Raises:
        ConfigError: a plan names a list that is not there.
    """
    content: dict[str, Any] = read_yaml(path).content
    phrases = {name: _lines(text) for name, text in content["phrases"].items()}
    plans = {str(label): _lines(text) for label, text in content["plans"].items()}
    named = {word.rstrip("?") for lines in plans.values() for line in lines for word in line.split()} - {"/"}
    if missing := sorted(named - set(phrases)):
        raise ConfigError(f"{path}: no phrases for {', '.join(missing)}.", "Write them, or correct the plan.")
    return PhraseBook(path.stem, plans, phrases)


def write_set(folder: Path, per_label: int, seed: int) -> list[Labelled]:
    """`per_label` different texts of each label from each phrase book of a folder."""
    rows: list[Labelled] = []
    for path in sorted(folder.glob("*.yaml")):
        book = read_book(path)
        for label in book.plans:
            rng = python_rng(seed, "wordings", path.stem, label)
            found: dict[str, Labelled] = {}
            for _ in range(50 * per_label):
                if len(found) == per_label:
                    break
                text, slots = book.write(label, rng)
                found.setdefault(text, Labelled(text, label, book.source, slots.get("query", "")))
            rows.extend(found.values())
    return rows


def lengthen(rows: Sequence[Labelled], padding: Path, seed: int, most: int = 24) -> list[Labelled]:
    """The same texts as long deliberations: sentences that decide nothing stand between their own.

    Args:
        rows: from `write_set`.
        padding: a phrase book with one label, `padding`.
        seed: of the number of sentences (from 6 on), their choice and their places; the last sentence
            stays the last.
        most: sentences that are put in at most.
    """
    book = read_book(padding)
    found = []
    for number, row in enumerate(rows):
        rng = python_rng(seed, "lengthen", row.source, number)
        parts = [part for part in _END.split(row.text) if part.strip()]
        for filler in dict.fromkeys(book.write("padding", rng)[0] for _ in range(rng.randint(6, most))):
            parts.insert(rng.randrange(max(1, len(parts))), filler)
        found.append(Labelled(rng.choice((" ", "\n")).join(parts), row.label, row.source, row.query))
    return found


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
