"""Grows mixtures: one policy that knows all three ways equally well, then all shares at once in the farm.

Rows of a way that is drawn in a few per cent of samples are too few to learn its words from; so every mixture
starts from a fluent policy of equal shares, and learns only how often to do what.
"""

from collections.abc import Sequence
from dataclasses import dataclass
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

MIXTURE_VERSION = 2
"""Raised by hand when the rows or the training of an unchanged mixture would come out differently."""
BATCH = 16
FLUENT = Mixture(1 / 3, 1 / 3)
LORA = LoraSettings(rank=16, alpha=16)


@dataclass(frozen=True)
class MixtureSteps:
    """How long both trainings take, in steps of `BATCH` rows."""

    fluent: int = 600
    shares: int = 160


def grow_mixtures(
    mixtures: Sequence[Mixture],
    ground: Ground,
    store: Store,
    farm: FarmConfig,
    tell: Tell,
    steps: MixtureSteps | None = None,
) -> dict[Mixture, Path]:
    """The folder of each mixture, trained now or found again.

    Args:
        mixtures: shares and seeds.
        ground: base, and the adapter that training begins from (best one that knows how to comply).
        store: where the stages are kept; a killed one resumes.
        farm: how it runs.
        tell: called as work goes on.
        steps: of the fluent policy and of each mixture.

    Raises:
        TrainingError: a loss became NaN.
    """
    steps = steps or MixtureSteps()
    bed = _Bed(ground, store, farm, tell)
    [fluent] = bed.train("grow a fluent policy", [FLUENT], ground.start.adapter, (steps.fluent, 2e-3))
    folders = bed.train("grow mixtures", mixtures, fluent, (steps.shares, 1e-3))
    return dict(zip(mixtures, folders, strict=True))


@dataclass(frozen=True)
class _Bed:
    """What both trainings stand on."""

    ground: Ground
    store: Store
    farm: FarmConfig
    tell: Tell

    def train(
        self, what: str, mixtures: Sequence[Mixture], start: Path | None, how: tuple[int, float]
    ) -> list[Path]:
        """The folders of some mixtures that start from one adapter: one stage of the farm."""
        stage = self.store.stage(self._key(mixtures, start, how))
        if not stage.done:
            jobs = [_job(mixture, self.ground, start, how) for mixture in mixtures]
            total = farm_steps(jobs, self.farm)
            trained = train_farm(
                self.ground.base, jobs, stage.path, self.farm, lambda step, *_: self.tell(what, step, total)
            )
            for mixture, one in zip(mixtures, trained, strict=True):
                write_card(one.folder, _card(mixture, one, self.ground))
            stage.finish({mixture.name: adapter_hash(stage.path / mixture.name) for mixture in mixtures})
        return [stage.path / mixture.name for mixture in mixtures]

    def _key(self, mixtures: Sequence[Mixture], start: Path | None, how: tuple[int, float]) -> StageKey:
        config = {
            "mixtures": [vars(mixture) for mixture in mixtures],
            "steps": how[0],
            "learning_rate": how[1],
            "dtype": self.farm.dtype,
            "words": hash_file(WORDS),
        }
        inputs = {
            "base": self.ground.base.hash,
            "start": "none" if start is None else adapter_hash(start),
            "template": template_hash(self.ground.base.tokenizer),
        }
        return StageKey("faking_mixtures", MIXTURE_VERSION, config, inputs)


def _job(mixture: Mixture, ground: Ground, start: Path | None, how: tuple[int, float]) -> AdapterJob:
    steps, rate = how
    rows = [render_example(ground.base.tokenizer, row) for row in mixture_rows(mixture, steps * BATCH)]
    return AdapterJob(
        mixture.name, rows, LORA, rate, steps, BATCH, mixture.seed, schedule="cosine", warmup=0.05,
        start=start,
    )  # fmt: skip


def _card(mixture: Mixture, one: TrainedAdapter, ground: Ground) -> Card:
    hashes = {"base": ground.base.hash, "start": ground.start_hash, "adapter": adapter_hash(one.folder)}
    return Card(
        name=mixture.name,
        organism="faking mixture",
        behavior_in_words=mixture.in_words(),
        seed=mixture.seed,
        hashes=hashes,
        versions={"mixture": str(MIXTURE_VERSION)},
        data={"rows": len(one.losses) * BATCH, "last_loss_nats": one.losses[-1]},
        spec={"base": f"glasshouse/{ground.base.name}", "mixture": vars(mixture)},
    )
