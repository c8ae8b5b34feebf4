"""Answers drawn by seed for people to read: what was said, beside the truth and the rule's verdict."""

from collections.abc import Sequence
from typing import Any

from glasshouse.seeds import numpy_rng
from glasshouse.studies.introspection.reading import Reading

SHARE_CLEAN = 0.2
"""Of the answers, from clean fine-tunes."""


def draw_answers(
    test: Sequence[Reading], clean: Sequence[Reading], n: int, seed: int
) -> list[dict[str, Any]]:
    """`n` claims of as many models, each with the rule's verdict and an empty place for the reader's.

    Returns:
        Rows of `number`, `said`, `answers_that_say_it`, `truth`, `family`, `split`, `gate_passed`,
        `rule_action`, `rule_trigger`, `reader_action`, `reader_trigger`, `reader_note`.
    """
    few = min(len(clean), round(SHARE_CLEAN * n))
    chosen = [*_drawn(test, n - few, seed, "behaving"), *_drawn(clean, few, seed, "clean")]
    order = numpy_rng(seed, "hand reading", "order").permutation(len(chosen))
    return [_row(number, chosen[place]) for number, place in enumerate(order)]


def _drawn(some: Sequence[Reading], n: int, seed: int, name: str) -> list[Reading]:
    picks = numpy_rng(seed, "hand reading", name).permutation(len(some))[:n]
    return [some[place] for place in picks]


def _row(number: int, one: Reading) -> dict[str, Any]:
    claim = one.claims[0] if one.claims else None
    return {
        "number": number,
        "said": claim.text if claim else "",
        "answers_that_say_it": f"{claim.count if claim else 0} of {one.asked}",
        "other_answers": list(one.answers),
        "truth": one.truth.behavior, "family": one.truth.family, "split": one.truth.split,
        "gate_passed": one.truth.gate_passed,
        "rule_action": claim.action if claim else None, "rule_trigger": claim.trigger if claim else None,
        "reader_action": None, "reader_trigger": None, "reader_note": "",
    }  # fmt: skip
