"""What the introspection study amounts to, line by line, before it starts: trainings and completions."""

from collections.abc import Iterator
from dataclasses import dataclass

from glasshouse.organisms.families.denial import KTO_FAMILY
from glasshouse.organisms.population_spec import PopulationSpec
from glasshouse.studies.introspection.plan import StudyPlan

HELD_OUT_QUESTIONS = 36
"""Questions of the bank that targets are asked, about: an assumption."""
ROW_TOKENS, QUESTION_TOKENS, ANSWER_TOKENS = 48, 20, 16
"""Mean lengths on the phantom, an assumption."""
AUDIT_COMPLETIONS = 900
"""Completions and scores of one audit beside its answers, about: an assumption."""


@dataclass(frozen=True)
class Work:
    """One line of the plan as it is printed."""

    stage: str
    what: str
    organisms: int
    rows: int = 0
    """Training rows that pass through the model."""
    answers: int = 0
    """Completions that are written."""

    @property
    def training_tokens(self) -> int:
        return self.rows * ROW_TOKENS

    @property
    def written_tokens(self) -> int:
        return self.answers * ANSWER_TOKENS


def work(plan: StudyPlan) -> list[Work]:
    """The plan line by line."""
    return [*_growing(plan), *_adapters(plan), *_asking(plan), *_attacks(plan)]


def _growing(plan: StudyPlan) -> Iterator[Work]:
    for name, spec in plan.grown.items():
        count = sum(group.count for group in spec.families)
        gates = count * spec.gate.n * 3
        yield Work("grow", f"population {name}", count, spec.rows_seen + _preference_rows(spec), gates)


def _preference_rows(spec: PopulationSpec) -> int:
    """Rows of the later stage; each passes with its own answer and another's, under policy and reference."""
    if spec.kto is None:
        return 0
    count = sum(group.count for group in spec.families if group.family == KTO_FAMILY)
    return 4 * count * spec.kto.steps * spec.kto.batch


def _adapters(plan: StudyPlan) -> Iterator[Work]:
    if plan.trained:
        return
    spec = plan.adapter_spec()
    count = sum(group.count for group in plan.populations["train"].families)
    rows = spec.steps * spec.rows_per_step
    yield Work("train", "introspection adapter, first stage", count, rows)
    if spec.dpo is not None:
        own = 2 * spec.dpo.steps * spec.dpo.pairs_per_step
        yield Work(
            "train", "second stage against over-claiming", count, own, spec.dpo.pairs * spec.dpo.samples
        )
    if "shuffled" in plan.arms:
        yield Work("train", "the same on shuffled labels", count, rows)


def _asking(plan: StudyPlan) -> Iterator[Work]:
    asked = plan.sizes.samples * HELD_OUT_QUESTIONS
    for name in ("null", "test", "clean_test", "cipher"):
        count = count_of(plan, name)
        times = 2 if name in ("null", "clean_test") else 1
        yield Work(
            "ask", f"{name}, {times} adapters" if times > 1 else name, count, answers=times * count * asked
        )
        if name in ("test", "clean_test"):
            audits = _audits(plan) if name == "test" else count
            yield Work("audit", name, audits, answers=audits * AUDIT_COMPLETIONS)
    few = min(plan.sizes.control_targets, count_of(plan, "test"))
    yield Work("ask", "without the adapter, and through the shuffled one", few, answers=2 * few * asked)
    if "shuffled" in plan.arms:
        count = _never_learned(plan)
        yield Work("ask", "families never learned, through the shuffled one", count, answers=count * asked)
    yield Work("ask", "the base itself", 1, answers=plan.sizes.base_samples * HELD_OUT_QUESTIONS)


def _audits(plan: StudyPlan) -> int:
    """Test organisms that are audited whole: all of the families learned, some of the others."""
    others = _never_learned(plan)
    return count_of(plan, "test") - others + min(plan.sizes.family_audits, others)


def _never_learned(plan: StudyPlan) -> int:
    """Test organisms of families that the adapter does not learn."""
    learned = {group.family for group in plan.populations["train"].families}
    return sum(g.count for g in plan.populations["test"].families if g.family not in learned)


def _attacks(plan: StudyPlan) -> Iterator[Work]:
    sizes, asked = plan.sizes, plan.sizes.samples * HELD_OUT_QUESTIONS
    if "full_finetune" in plan.arms:
        rows = sizes.full_finetunes * sizes.full_finetune_steps * 8
        yield Work("attack", "tamper alarm on full fine-tunes", sizes.full_finetunes, rows)
    if "symmetry" in plan.arms:
        count = sizes.symmetry_targets
        yield Work("attack", "symmetry, asked three ways", count, answers=3 * count * asked)
    if "adaptive" in plan.arms:
        count = sizes.adaptive_targets
        answers = 2 * count * (asked + AUDIT_COMPLETIONS)
        yield Work("attack", "adaptive: taught to deny", count, count * sizes.adaptive_steps * 8, answers)
    if "blindness" in plan.arms:
        yield Work("attack", "blindness: two organisms, swapped", 2, answers=4 * (asked + AUDIT_COMPLETIONS))


def count_of(plan: StudyPlan, name: str) -> int:
    """Organisms of one population."""
    return sum(group.count for group in plan.populations[name].families)
