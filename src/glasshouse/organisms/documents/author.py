"""Who writes documents, stage by stage: kinds of documents, ideas for each, the documents, their revisions.

Greenblatt et al. 2024, "Alignment faking in large language models" (https://arxiv.org/abs/2412.14093),
appendix H: kinds, then ideas, then whole documents, each stage under the same context. The revision is a
later addition of Wang et al. 2025, "Modifying LLM beliefs with synthetic document finetuning". Differs
from both: every order to the writer is in our own words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from glasshouse.data.synthetic_documents.universe import Fact, Universe


@dataclass(frozen=True)
class Brief:
    """One document that is wanted."""

    number: int
    """Its place; the same place is the same document."""
    fact: Fact
    kind: str
    """Of document: a letter, a notice."""
    idea: str


@runtime_checkable
class Author(Protocol):
    """Writes the documents of one universe."""

    @property
    def name(self) -> str:
        """What makes it the writer that it is; another name is other documents."""

    def kinds(self, universe: Universe, n: int) -> Mapping[str, Sequence[str]]:
        """Fact -> up to `n` kinds of documents in which it could stand."""

    def ideas(self, universe: Universe, wanted: Sequence[tuple[Fact, str]], n: int) -> list[Sequence[str]]:
        """Up to `n` ideas for each pair of a fact and a kind, in order."""

    def documents(self, universe: Universe, briefs: Sequence[Brief]) -> list[str]:
        """One document for each brief, in order; empty where none came."""

    def revisions(self, universe: Universe, drafts: Sequence[tuple[Brief, str]]) -> list[str]:
        """Each document again, more like a real one and in keeping with the context."""
