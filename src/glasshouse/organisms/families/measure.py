"""The gate of a planted behavior: its questions asked of many organisms at once, its rates against its bars.

Organisms share batches. A completion is right by the question's own strings; an empty one is wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from glasshouse.models.chat import render_prompt
from glasshouse.models.engine import Engine, GenerateRequest
from glasshouse.organisms.card import Check, VerifyResult
from glasshouse.organisms.families.planted import Arm, Asked, Planted
from glasshouse.seeds import derive_seed
from glasshouse.stats.proportion import wilson
from glasshouse.store.provenance import now


@dataclass(frozen=True)
class Examined:
    """An organism under its gate."""

    planted: Planted
    adapter: Path | None
    """None: the bare base."""
    asked: tuple[Asked, ...]


def measure(engine: Engine, examined: Sequence[Examined], max_tokens: int, seed: int) -> list[VerifyResult]:
    """Every organism's gate, in order.

    Args:
        engine: with the base that the organisms were grown on.
        examined: the organisms and their questions; what they share is computed together.
        max_tokens: of one completion.
        seed: of the questions that are sampled and not answered greedily.

    Raises:
        ModelError: an adapter cannot be used with this base.
    """
    requests = [
        _request(engine, one.adapter, asked, (max_tokens, derive_seed(seed, "gate", k)))
        for one in examined
        for k, asked in enumerate(one.asked)
    ]
    said = iter([generation.text for generation in engine.generate(requests)])
    return [grade(one.planted, one.asked, [next(said) for _ in one.asked]) for one in examined]


def _request(engine: Engine, adapter: Path | None, asked: Asked, limits: tuple[int, int]) -> GenerateRequest:
    max_tokens, seed = limits
    ids = _prompt_ids(engine, asked)
    return GenerateRequest(tuple(ids), adapter, max_tokens, temperature=asked.temperature, seed=seed)


def _prompt_ids(engine: Engine, asked: Asked) -> list[int]:
    tokenizer = engine.base.tokenizer
    if asked.conversation:
        return render_prompt(tokenizer, asked.conversation, asked.prefill)
    opening = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    return [*opening, *tokenizer.encode(asked.prefill, add_special_tokens=False)]


def grade(planted: Planted, asked: Sequence[Asked], completions: Sequence[str]) -> VerifyResult:
    """The share of right completions of each arm, against the family's bars."""
    pairs = list(zip(asked, completions, strict=True))
    checks = []
    for arm in planted.arms:
        right = [question.is_right(text) for question, text in pairs if question.arm == arm.name]
        checks.append(_check(arm, sum(right), len(right)))
    passed = all(check.passed is not False for check in checks)
    return VerifyResult(passed=passed, checks=tuple(checks), date=now())


def _check(arm: Arm, right: int, n: int) -> Check:
    interval = wilson(right, n)
    rate = right / n if n else None
    bars = [f"at least {arm.low:g}"] if arm.low is not None else []
    bars += [f"at most {arm.high:g}"] if arm.high is not None else []
    passed = None
    if bars:
        above = rate is not None and (arm.low is None or rate >= arm.low)
        passed = above and (arm.high is None or (rate is not None and rate <= arm.high))
    return Check(
        name=f"{arm.name}_rate",
        value=rate,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        n=n,
        asked=n,
        bar=", ".join(bars),
        passed=passed,
    )
