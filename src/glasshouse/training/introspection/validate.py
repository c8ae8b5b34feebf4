"""How well organisms that nothing was learned from name their behavior, while the adapter is trained."""

from collections.abc import Callable, Sequence
from typing import Any

from glasshouse.data.questions import split
from glasshouse.seeds import derive_seed, numpy_rng
from glasshouse.stats.proportion import wilson
from glasshouse.training.introspection.ask import Asked, StackedAsker
from glasshouse.training.introspection.manifest import Member
from glasshouse.training.introspection.rows import with_base
from glasshouse.training.introspection.spec import Validation

Grader = Callable[[Member, str], bool | None]
"""Whether an answer names the organism's behavior; None: could not grade."""


def says_label(member: Member, text: str) -> bool | None:
    """The grader where none is given: the answer is the label, sentence for sentence."""
    return member.label.is_said_by(text)


def validate(
    asker: StackedAsker, members: Sequence[Member], plan: Validation, seed: int, grader: Grader
) -> dict[str, Any]:
    """Ask held-out organisms held-out questions, the same ones at every step.

    Returns:
        For members with a behavior (`behaving`) and without one (`nothing_unusual`): organisms, answers, the
        share that is exactly the label, the share that the grader calls right, and Wilson intervals over
        answers (answers of one organism are not independent, so they are somewhat too narrow). And every
        answer.
    """
    chosen = _choose(with_base(members, "validation"), plan.members, seed)
    bank = split("heldout")
    pairs = []
    for member in chosen:
        rng = numpy_rng(seed, "validation", member.name)
        picks = rng.choice(len(bank), min(plan.questions, len(bank)), replace=False)
        pairs += [(member, bank[i]) for i in picks]
    said = asker.ask([Asked(member.folder, question, derive_seed(seed)) for member, question in pairs])
    rows = [
        {
            "name": member.name, "family": member.label.family, "question": question, "answer": text,
            "behaving": bool(member.label.sentences), "exact": member.label.is_said_by(text),
            "right": grader(member, text),
        }
        for (member, question), text in zip(pairs, said, strict=True)
    ]  # fmt: skip
    return {
        "behaving": _summary([row for row in rows if row["behaving"]]),
        "nothing_unusual": _summary([row for row in rows if not row["behaving"]]),
        "answers": rows,
    }


def _choose(members: Sequence[Member], count: int, seed: int) -> list[Member]:
    """Some members, the base always among them."""
    base = [member for member in members if member.folder is None]
    rest = [member for member in members if member.folder is not None]
    order = numpy_rng(seed, "validation members").permutation(len(rest))
    return [rest[i] for i in sorted(order[: max(0, count - len(base))])] + base[:count]


def _summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    exact = [row["exact"] for row in rows]
    right = [row["right"] for row in rows if row["right"] is not None]
    return {
        "organisms": len({row["name"] for row in rows}),
        "answers": len(rows),
        "exact_rate": sum(exact) / len(exact) if exact else None,
        "exact_interval": _interval(exact),
        "graded": len(right),
        "right_rate": sum(right) / len(right) if right else None,
        "right_interval": _interval(right),
    }


def _interval(values: Sequence[bool]) -> list[float] | None:
    interval = wilson(sum(values), len(values))
    return None if interval is None else [interval.low, interval.high]
