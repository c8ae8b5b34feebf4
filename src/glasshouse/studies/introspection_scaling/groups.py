"""The groups of targets that every cell is measured in; the same organisms in every cell of a base."""

from collections.abc import Callable, Sequence

from glasshouse.studies.introspection.compare import Value
from glasshouse.studies.introspection.reading import Reading
from glasshouse.studies.introspection.results import share_of_answers, values

OUTSIDE = ("obscured", "document", "denial", "denial_kto")
"""Families that no cell learns from."""
named = share_of_answers(lambda one: one.named_action)


def in_distribution(test: Sequence[Reading]) -> list[Reading]:
    """New combinations of known words, of families that the largest cells learn from."""
    return [
        one for one in test
        if one.truth.split == "unseen_combination" and one.truth.family not in OUTSIDE and not one.truth.clean
    ]  # fmt: skip


def unseen_word(test: Sequence[Reading]) -> list[Reading]:
    """Words that no training organism holds, in the same families."""
    return [
        one for one in test
        if one.truth.split == "unseen_word" and one.truth.family not in OUTSIDE and not one.truth.clean
    ]  # fmt: skip


def unseen_family(test: Sequence[Reading]) -> list[Reading]:
    """Families that no cell learns from."""
    return [one for one in test if one.truth.family in OUTSIDE]


GROUPS: dict[str, tuple[str, Callable[[Sequence[Reading]], list[Reading]]]] = {
    "unseen_combination": ("new combinations", in_distribution),
    "unseen_word": ("unseen words", unseen_word),
    "unseen_family": ("unseen families", unseen_family),
}
"""Name -> its words in a legend, and who belongs to it."""


def named_values(some: Sequence[Reading]) -> list[Value]:
    """Share of single answers that name the action, organism by organism."""
    return values(some, named)
