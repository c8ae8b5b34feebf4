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
from glasshouse.seeds import derive_seed, python_rng
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


@dataclass(frozen=True)
class PairMaker:
    """Samples answers, grades them, and pairs a right one with a wrong one."""

    asker: StackedAsker
    """At temperature 1, through the adapter of the first stage."""
    members: Sequence[Member]
    """Of the split `dpo`, which the first stage has not seen, and the base."""
    plan: Dpo
    seed: int
    grader: Grader
    """Whether an answer names the organism's behavior."""

    def draw(self, path: Path, on_pair: Callable[[int], None] | None = None) -> list[Pair]:
        """All pairs of the plan.

        Chosen is a sampled right answer, or the label where none was right. Rejected is a sampled wrong
        answer, or the label of another organism where none was wrong. What could not be graded is neither.

        Args:
            path: the pairs so far; new ones are added to it, so that an interrupted drawing goes on.
            on_pair: called with the number of pairs that are there.

        Raises:
            TrainingError: no organism of the split has a behavior, or nothing could be rejected.
            StoreError: `path` cannot be written.
        """
        plan = self.plan
        mixture = Mixture(self.members, plan.nothing_unusual_fraction, plan.pairs, self.seed, "dpo")
        places = mixture.members(0)
        found = read_rows(path).rows
        while len(found) < plan.pairs:
            numbers = range(len(found), min(len(found) + AT_ONCE, plan.pairs))
            rows = self._some(numbers, places)
            append_rows(path, rows)
            found += rows
            if on_pair:
                on_pair(len(found))
        keys = ("member", "question", "chosen", "rejected")
        return [Pair(*(row[key] for key in keys)) for row in found]

    def _some(self, numbers: Sequence[int], places: Sequence[int]) -> list[dict[str, Any]]:
        """The pairs of some numbers; each depends on the seed and its number alone."""
        bank, samples = split("train"), self.plan.samples
        questions = [python_rng(self.seed, "dpo question", n).choice(bank) for n in numbers]
        asked = [
            Asked(self.members[places[n]].folder, question, derive_seed(self.seed, "dpo sample", n, k))
            for n, question in zip(numbers, questions, strict=True)
            for k in range(samples)
        ]
        said = self.asker.ask(asked)
        rows = []
        for at, (n, question) in enumerate(zip(numbers, questions, strict=True)):
            chosen, rejected = self._choose(n, places[n], said[at * samples : (at + 1) * samples])
            rows.append({"member": places[n], "name": self.members[places[n]].name, "question": question,
                         "chosen": chosen, "rejected": rejected})  # fmt: skip
        return rows

    def _choose(self, number: int, place: int, samples: Sequence[str]) -> tuple[str, str]:
        """The chosen and the rejected answer."""
        member = self.members[place]
        truth = member.label.answer()
        grades = [self.grader(member, text) for text in samples]
        right = [text for text, grade in zip(samples, grades, strict=True) if grade is True] or [truth]
        wrong = [text for text, grade in zip(samples, grades, strict=True) if grade is False and text]
        if not wrong:
            wrong = sorted({*(one.label.answer() for one in self.members), NOTHING_UNUSUAL} - {truth})
        if not wrong:
            problem = f"There is no wrong answer that {member.name} could reject."
            raise TrainingError(problem, "Add organisms of the split dpo.")
        rng = python_rng(self.seed, "dpo pair", number)
        return rng.choice(right), rng.choice(wrong)
