"""The later stage of organisms with preference rows: KTO, from the organism that the farm has trained."""

from pathlib import Path

from glasshouse.models.base import Base
from glasshouse.models.chat import render_example
from glasshouse.organisms.population_spec import Individual, Preferring
from glasshouse.records import Example, Message
from glasshouse.store.stage import StageKey, Store
from glasshouse.training.farm import FarmConfig, LoraSettings
from glasshouse.training.job import AdapterJob
from glasshouse.training.kto import Kto, train_kto

KTO_VERSION = 1
"""Raised by hand when the training of an unchanged spec would come out differently."""


def prefers(one: Individual) -> bool:
    """Whether an organism has preference rows."""
    return one.planted.preference is not None


def prefer(
    ground: tuple[Base, Store, FarmConfig],
    one: Individual,
    trained: Path,
    settings: Preferring,
    key: StageKey,
) -> Path:
    """The organism after KTO on its preference rows.

    Args:
        ground: base, store, and how trainings run.
        one: the organism.
        trained: its adapter after the farm, the start and the reference.
        settings: of the stage.
        key: of the organism.

    Returns:
        A PEFT folder like the farm's.

    Raises:
        TrainingError: the loss became NaN.
        StoreError: the store cannot be written.
    """
    base, store, config = ground
    with store.stage(StageKey("planted_kto", KTO_VERSION, {}, {"organism": key.hash})) as stage:
        if not stage.done:
            rows = one.planted.preferences(settings.rows, one.seed)
            said = [(*row.conversation, Message("assistant", row.completion)) for row in rows]
            rendered = [render_example(base.tokenizer, Example(turns)) for turns in said]
            lora = LoraSettings(one.training.rank, one.training.alpha, one.training.targets)
            job = AdapterJob(
                one.name, rendered, lora, settings.learning_rate, settings.steps, settings.batch,
                one.training.seed, one.training.schedule, one.training.warmup, start=trained,
            )  # fmt: skip
            desirable = [row.desirable for row in rows]
            train_kto(base, job, desirable, stage.path, Kto(beta=float(settings.beta)), config)
            stage.finish({"organism": one.name})
    return stage.path / one.name
