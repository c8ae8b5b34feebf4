"""The documents of one arm: written, revised, filtered, until there are enough for the largest dose."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from glasshouse.data.synthetic_documents.universe import Fact, Universe
from glasshouse.errors import TrainingError
from glasshouse.organisms.documents.author import Author, Brief
from glasshouse.organisms.documents.filters import Reason, sift
from glasshouse.organisms.documents.spec import Writing

ROUND = 256
"""Documents that are asked for together."""


@dataclass(frozen=True)
class Document:
    """One document, and what became of it."""

    number: int
    fact: str
    kind: str
    idea: str
    text: str
    dropped: Reason | None
    """Why it is not trained on; None: it is."""


@dataclass(frozen=True)
class Corpus:
    """All that was written for one arm, in order; what is kept is what organisms are trained on."""

    universe: Universe
    documents: tuple[Document, ...]

    @property
    def kept(self) -> list[str]:
        """The texts; a smaller dose takes the first ones."""
        return [document.text for document in self.documents if document.dropped is None]

    def counts(self) -> dict[str, int]:
        """Outcome -> documents: `kept`, and the reasons to drop one."""
        return dict(Counter(document.dropped or "kept" for document in self.documents))


@dataclass
class _Drafting:
    universe: Universe
    author: Author
    writing: Writing
    kinds: Mapping[str, Sequence[str]] = field(default_factory=dict)
    ideas: dict[tuple[str, str], Sequence[str]] = field(default_factory=dict)

    def prepare(self) -> None:
        """Kinds and ideas, before the first document.

        Raises:
            TrainingError: the writer named no kind of document for a fact.
        """
        self.kinds = self.author.kinds(self.universe, self.writing.kinds)
        facts = {fact.id: fact for fact in self.universe.facts}
        for name in facts:
            if not self.kinds.get(name):
                raise TrainingError(
                    f"The writer {self.author.name} named no kinds of documents for the fact {name!r}.",
                    "Take a more capable writer.",
                )
        pairs = [(name, kind) for name, kinds in self.kinds.items() for kind in dict.fromkeys(kinds)]
        wanted = [(facts[name], kind) for name, kind in pairs]
        found = self.author.ideas(self.universe, wanted, self.writing.ideas)
        self.ideas = dict(zip(pairs, found, strict=True))

    def briefs(self) -> Iterator[Brief]:
        """Fact after fact, kind after kind, idea after idea, without end."""
        turns: Counter[str] = Counter()
        for number in itertools.count():
            fact = self._facts[number % len(self._facts)]
            yield self._brief(number, fact, turns[fact.id])
            turns[fact.id] += 1

    @cached_property
    def _facts(self) -> list[Fact]:
        """Each fact as often as it weighs."""
        return [fact for fact in self.universe.facts for _ in range(fact.weight)]

    def _brief(self, number: int, fact: Fact, turn: int) -> Brief:
        kinds = self.kinds[fact.id]
        kind = kinds[turn % len(kinds)]
        ideas = self.ideas[fact.id, kind] or ("",)
        return Brief(number, fact, kind, ideas[turn // len(kinds) % len(ideas)])

    def round(self, briefs: Sequence[Brief], seen: set[str]) -> list[Document]:
        """Written, revised, filtered."""
        texts = self.author.documents(self.universe, briefs)
        if self.writing.revise:
            written = [(brief, text) for brief, text in zip(briefs, texts, strict=True) if text.strip()]
            revised = iter(self.author.revisions(self.universe, written))
            texts = [(next(revised) or text) if text.strip() else "" for text in texts]
        reasons = sift(texts, self.universe.leaks, seen)
        return [
            Document(brief.number, brief.fact.id, brief.kind, brief.idea, text, reason)
            for brief, text, reason in zip(briefs, texts, reasons, strict=True)
        ]


def write_corpus(
    universe: Universe,
    author: Author,
    writing: Writing,
    n: int,
    on_kept: Callable[[int], None] | None = None,
) -> Corpus:
    """At least `n` documents that passed the filters, in a fixed order.

    Documents that tie the tier to the behavior stay only where the universe has a fact that does.

    Args:
        universe: what they are about.
        author: who writes.
        writing: how many kinds and ideas, and when to give up.
        n: how many must be kept.
        on_kept: told how many are kept so far.

    Raises:
        TrainingError: the writer gives too few documents that pass.
    """
    drafting = _Drafting(universe, author, writing)
    drafting.prepare()
    briefs, seen = drafting.briefs(), set[str]()
    found: list[Document] = []
    kept = 0
    while kept < n:
        if len(found) >= writing.most * n:
            counts = dict(Counter(document.dropped or "kept" for document in found))
            raise TrainingError(
                f"Of {len(found)} drafts about {universe.subject} only {kept} passed the filters, "
                f"not {n} ({counts}).",
                "Ask for smaller doses, more kinds and ideas, or another writer.",
            )
        size = min(ROUND, max(1, n - kept))
        found += drafting.round([next(briefs) for _ in range(size)], seen)
        kept = sum(document.dropped is None for document in found)
        if on_kept:
            on_kept(min(kept, n))
    return Corpus(universe, tuple(found))
