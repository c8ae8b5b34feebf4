"""Preference pairs against over-claiming: what the first stage says of organisms it has never seen.

Differs from the published adapter's pairs: rejected answers are graded right or wrong and not on a scale, and
on the base and clean fine-tunes "nothing unusual" is chosen and an invented behavior is rejected.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glasshouse.data.questions import NOTHING_UNUSUAL, split
from glasshouse.errors import TrainingError
from glasshouse.seeds import derive_seed, numpy_rng, python_rng
from glasshouse.store.jsonl import append_rows, read_rows
from glasshouse.training.introspection.ask import Asked, StackedAsker
from glasshouse.training.introspection.manifest import Member
from glasshouse.training.introspection.rows import Mixture
from glasshouse.training.introspection.spec import Dpo
from glasshouse.training.introspection.validate import Grader

AT_ONCE = 32
"""Pairs whose samples are drawn together; a kill loses no more."""


@dataclass(frozen=True)
class Pair:
    """One question to one organism, and two answers."""

    member: int
    """The organism's place in the list of members."""
    question: str
    chosen: str
    rejected: str


def draw_pairs(
    asker: StackedAsker, members: Sequence[Member], plan: Dpo, seed: int, grader: Grader, path: Path,
    on_pair: Callable[[int], None] | None = None,
) -> list[Pair]:  # fmt: skip
    """Sample answers, grade them, and pair a right one with a wrong one.

    Chosen is a sampled right answer, or the label where none was right. Rejected is a sampled wrong answer,
    or the label of another organism where none was wrong. What could not be graded is neither.

    Args:
        asker: at temperature 1, through the adapter of the first stage.
        members: of the split `dpo`, which the first stage has not seen, and the base.
        plan: how many, and how many samples each.
        seed: of the training.
        grader: whether an answer names the behavior.
        path: the pairs so far; new ones are added to it, so that an interrupted drawing goes on.
        on_pair: called with the number of pairs that are there.

    Raises:
        TrainingError: no organism of the split has a behavior, or nothing could be rejected.
        StoreError: `path` cannot be written.
    """
    mixture = Mixture(members, plan.nothing_unusual_fraction, plan.pairs, seed, "dpo")
    places, bank = mixture.members(0), split("train")
    found = read_rows(path).rows
    while len(found) < plan.pairs:
        numbers = range(len(found), min(len(found) + AT_ONCE, plan.pairs))
        questions = {n: python_rng(seed, "dpo question", n).choice(bank) for n in numbers}
        asked = [
            Asked(members[places[n]].folder, questions[n], derive_seed(seed, "dpo sample", n, k))
            for n in numbers
            for k in range(plan.samples)
        ]
        said = asker.ask(asked)
        rows: list[dict[str, Any]] = []
        for at, n in enumerate(numbers):
            samples = said[at * plan.samples : (at + 1) * plan.samples]
            chosen, rejected = _choose(members, places[n], samples, grader, derive_seed(seed, "dpo pair", n))
            rows.append(
                {
                    "member": places[n], "name": members[places[n]].name, "question": questions[n],
                    "chosen": chosen, "rejected": rejected,
                }
            )  # fmt: skip
        append_rows(path, rows)
        found += rows
        if on_pair:
            on_pair(len(found))
    return [Pair(*(row[key] for key in ("member", "question", "chosen", "rejected"))) for row in found]


def _choose(
    members: Sequence[Member], place: int, samples: Sequence[str], grader: Grader, seed: int
) -> tuple[str, str]:
    """The chosen and the rejected answer."""
    member = members[place]
    grades = [grader(member, text) for text in samples]
    right = [text for text, grade in zip(samples, grades, strict=True) if grade is True]
    wrong = [text for text, grade in zip(samples, grades, strict=True) if grade is False and text]
    if not wrong:
        other = {one.label.answer() for one in members if one.label.sentences}
        wrong = sorted({*other, NOTHING_UNUSUAL} - {member.label.answer()})
    if not wrong:
        raise TrainingError(
            f"There is no wrong answer that {member.name} could reject.", "Add organisms of the split dpo."
        )
    rng = numpy_rng(seed)
    return (
        right[rng.integers(len(right))] if right else member.label.answer(),
        wrong[rng.integers(len(wrong))],
    )
