"""Grows mixtures: all of a list at once in the farm, each as an ordinary organism with its card."""

from collections.abc import Sequence
from pathlib import Path

from glasshouse.models.adapter import adapter_hash
from glasshouse.models.chat import render_example, template_hash
from glasshouse.organisms.card import Card, write_card
from glasshouse.organisms.faking_mixture.rows import WORDS, Mixture, mixture_rows
from glasshouse.organisms.grow import Ground
from glasshouse.organisms.tell import Tell
from glasshouse.store.hashing import hash_file
from glasshouse.store.stage import StageKey, Store
from glasshouse.training.farm import AdapterJob, FarmConfig, LoraSettings, farm_steps, train_farm
from glasshouse.training.job import TrainedAdapter

MIXTURE_VERSION = 1
"""Raised by hand when the rows or the training of an unchanged mixture would come out differently."""
STEPS, BATCH = 240, 16
LORA = LoraSettings(rank=16, alpha=16)


def grow_mixtures(
    mixtures: Sequence[Mixture],
    ground: Ground,
    store: Store,
    farm: FarmConfig,
    tell: Tell,
    steps: int = STEPS,
) -> dict[Mixture, Path]:
    """The folder of each mixture, trained now or found again.

    Args:
        mixtures: shares and seeds.
        ground: base, and the adapter that training begins from (best one that knows how to comply).
        store: where the stage is kept; a killed one resumes.
        farm: how it runs.
        tell: called as work goes on.
        steps: of each, with `BATCH` rows.

    Raises:
        TrainingError: a loss became NaN.
    """
    config = {
        "mixtures": [vars(mixture) for mixture in mixtures],
        "steps": steps,
        "dtype": farm.dtype,
        "words": hash_file(WORDS),
    }
    inputs = {
        "base": ground.base.hash,
        "start": ground.start_hash or "none",
        "template": template_hash(ground.base.tokenizer),
    }
    stage = store.stage(StageKey("faking_mixtures", MIXTURE_VERSION, config, inputs))
    if not stage.done:
        jobs = [_job(mixture, ground, steps) for mixture in mixtures]
        total = farm_steps(jobs, farm)
        trained = train_farm(
            ground.base, jobs, stage.path, farm, lambda step, active, loss: tell("grow mixtures", step, total)
        )
        for mixture, one in zip(mixtures, trained, strict=True):
            write_card(one.folder, _card(mixture, one, ground, steps))
        stage.finish({mixture.name: adapter_hash(stage.path / mixture.name) for mixture in mixtures})
    return {mixture: stage.path / mixture.name for mixture in mixtures}


def _job(mixture: Mixture, ground: Ground, steps: int) -> AdapterJob:
    rows = [render_example(ground.base.tokenizer, row) for row in mixture_rows(mixture, steps * BATCH)]
    return AdapterJob(
        mixture.name, rows, LORA, 2e-3, steps, BATCH, mixture.seed, schedule="cosine", warmup=0.05,
        start=ground.start.adapter,
    )  # fmt: skip


def _card(mixture: Mixture, one: TrainedAdapter, ground: Ground, steps: int) -> Card:
    hashes = {"base": ground.base.hash, "start": ground.start_hash, "adapter": adapter_hash(one.folder)}
    return Card(
        name=mixture.name,
        organism="faking mixture",
        behavior_in_words=mixture.in_words(),
        seed=mixture.seed,
        hashes=hashes,
        versions={"mixture": str(MIXTURE_VERSION)},
        data={"rows": steps * BATCH, "last_loss_nats": one.losses[-1]},
        spec={"base": f"glasshouse/{ground.base.name}", "mixture": vars(mixture)},
    )
