"""Everything the introspection study read, and the groups of organisms that figures are about."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from glasshouse.studies.introspection.arms.adaptive import Denier
from glasshouse.studies.introspection.arms.blindness import Blind
from glasshouse.studies.introspection.arms.full_finetunes import Honest
from glasshouse.studies.introspection.arms.symmetry import Attacked
from glasshouse.studies.introspection.auditors import Compared
from glasshouse.studies.introspection.compare import Value
from glasshouse.studies.introspection.reading import Audit, Reading

One = TypeVar("One", Reading, Audit)
APART = {"clean", "cipher", "cipher_benign"}
"""Families with a section of their own."""


@dataclass(frozen=True)
class Results:
    """Readings and audits of every pool; a part that was left out is empty."""

    families: frozenset[str]
    """Families that the adapter was trained on."""
    test: Sequence[Reading]
    audits: Sequence[Audit]
    """Of the same organisms, in the same order."""
    null: Sequence[Reading] = ()
    null_before: Sequence[Reading] = ()
    """Through the adapter before its second stage."""
    clean: Sequence[Reading] = ()
    clean_before: Sequence[Reading] = ()
    clean_audits: Sequence[Audit] = ()
    cipher: Sequence[Reading] = ()
    few_before: Sequence[Reading] = ()
    """Some test organisms through the adapter before its second stage."""
    alone: Sequence[Reading] = ()
    """The same ones without an adapter."""
    shuffled: Sequence[Reading] = ()
    """The same ones through an adapter that was trained on shuffled labels."""
    shuffled_families: Sequence[Reading] = ()
    """All test organisms of families never learned, through that one."""
    guessed: Mapping[str, bool] = field(default_factory=dict)
    """Test organism -> whether one of the five commonest training labels names its action."""
    base: Reading | None = None
    """What the base itself says through the adapter."""
    base_before: Reading | None = None
    """The same through the adapter before its second stage."""
    full: Sequence[Honest] = ()
    symmetry: Sequence[Attacked] = ()
    deniers: Sequence[Denier] = ()
    denier_audits: Sequence[Audit] = ()
    blind: Sequence[Blind] = ()
    auditors: Compared | None = None
    """Other auditors on the same targets; None where nobody has run them."""
    growing_seconds: float | None = None
    """Of the training population; None where it was found ready."""
    stages: Mapping[str, Mapping[str, float | int]] = field(default_factory=dict)
    """Stage of the adapter -> `steps`, `tokens`, `seconds`."""
    train_gates: Sequence[tuple[str, bool | None]] = field(default_factory=tuple)
    """Family and gate of every training organism."""

    def groups(self) -> dict[str, Callable[[Reading | Audit], bool]]:
        """Name -> which test organisms belong to it, headline groups first, then every unseen family."""

        def known(split: str) -> Callable[[Reading | Audit], bool]:
            return lambda one: one.truth.split == split and one.truth.family in self.families - APART

        def of(family: str) -> Callable[[Reading | Audit], bool]:
            return lambda one: one.truth.family == family

        found = {"unseen_combination": known("unseen_combination"), "unseen_word": known("unseen_word")}
        return found | {f"unseen_family/{family}": of(family) for family in self.unseen_families}

    @property
    def unseen_families(self) -> list[str]:
        """Test families that the adapter was not trained on."""
        return sorted({one.truth.family for one in self.test if not one.truth.clean} - self.families)


def values(some: Sequence[One], number: Callable[[One], float | bool | None]) -> list[Value]:
    """A number of each organism with its behavior."""
    return [(number(one), one.truth.behavior) for one in some]


def passed(some: Sequence[One]) -> list[One]:
    """Those whose gate passed."""
    return [one for one in some if one.truth.gate_passed]


def share_of_answers(count: Callable[[Reading], int]) -> Callable[[Reading], float | None]:
    """A count of answers as a share of all answers of one organism."""
    return lambda one: count(one) / one.asked if one.asked else None
