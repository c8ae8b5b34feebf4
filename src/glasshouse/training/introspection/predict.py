"""What a training will cost: counted tokens, and time and memory measured here or modeled for a GPU."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from torch import nn

from glasshouse.data.questions import split
from glasshouse.errors import ConfigError
from glasshouse.models.bank import ALL_LINEAR, target_modules
from glasshouse.models.base import Base
from glasshouse.training.introspection.ask import Asked, StackedAsker
from glasshouse.training.introspection.loop import JointConfig
from glasshouse.training.introspection.manifest import Member
from glasshouse.training.introspection.memory import peak_mib
from glasshouse.training.introspection.rows import SftRows, all_tokens, learned_tokens, with_base
from glasshouse.training.introspection.spec import IntrospectionSpec
from glasshouse.training.introspection.stream import bank_rank, check_organisms
from glasshouse.training.introspection.train import Hooks, IntrospectionTraining

TIMED_STEPS = 5
TIMED_ANSWERS = 32
GPUS = {"a100-80gb": 312e12, "h100-80gb": 989e12, "h200": 989e12}
"""Dense bf16 products per second that the maker states, in FLOP."""
UTILIZATION = 0.35
"""Share of them that a training is taken to reach; an assumption, not a measurement."""
ANSWER_TOKENS_PER_SECOND = 1000.0
"""Of batched generation on such a GPU; an assumption, not a measurement."""


@dataclass(frozen=True)
class Prediction:
    """The cost of both stages."""

    rows: int
    """Of the first stage and, twice per pair, of the second."""
    tokens: int
    """In them; the second stage's rows are taken to be as long as the first's."""
    answers: int
    """Asked for in validation and to make pairs."""
    mib: float
    """Largest memory of the process, or of the GPU."""
    step_hours: float
    """Of the training steps."""
    answer_hours: float
    """Of asking, at the full length of answers: the most it can take."""
    how: str
    """Where the figures come from, in words."""

    @property
    def hours(self) -> float:
        """Of everything."""
        return self.step_hours + self.answer_hours


@dataclass(frozen=True)
class _Work:
    """What is to be done, counted."""

    rows: int
    tokens: int
    learned: int
    answers: int
    answer_tokens: int

    @classmethod
    def count(cls, spec: IntrospectionSpec, members: Sequence[Member], tokenizer: Any) -> "_Work":
        sft = SftRows(spec, with_base(members, "train"), tokenizer)
        rows = tokens = learned = 0
        for step in range(spec.steps):
            units = sft.units(step)
            rows, tokens, learned = (
                rows + len(units), tokens + all_tokens(units), learned + learned_tokens(units)
            )  # fmt: skip
        halts = -(-spec.steps // spec.validation.every)
        if spec.dpo is not None:
            # a training row costs about three times the one pass that a reference row costs
            pair_rows = 2 * spec.dpo.pairs_per_step * spec.dpo.steps + 2 * spec.dpo.pairs // 3
            tokens, learned = (round(n * (rows + pair_rows) / rows) for n in (tokens, learned))
            rows += pair_rows
            halts += -(-spec.dpo.steps // spec.validation.every)
        plan, asked = spec.validation, len(with_base(members, "validation"))
        answers = halts * min(plan.members, asked) * plan.questions
        answer_tokens = answers * plan.max_tokens
        if spec.dpo is not None:
            answers += spec.dpo.pairs * spec.dpo.samples
            answer_tokens += spec.dpo.pairs * spec.dpo.samples * spec.dpo.max_tokens
        return cls(rows, tokens, learned, answers, answer_tokens)


def predict_here(
    base: Base, spec: IntrospectionSpec, members: Sequence[Member], config: JointConfig
) -> Prediction:
    """Take a few steps and ask a few questions on this machine; nothing of it is kept.

    Raises:
        ModelError: an organism is damaged or belongs to another base.
    """
    work = _Work.count(spec, members, base.tokenizer)
    with TemporaryDirectory() as folder:
        training = IntrospectionTraining(base, spec, members, Path(folder), config, Hooks())
        own = with_base(members, "train")
        rows = SftRows(spec, own, base.tokenizer)
        joint = training.joint("sft", own, rows, training.sft_job(), "")
        joint.run(1)
        before = (joint.progress.seconds, joint.progress.tokens)
        joint.run(1 + TIMED_STEPS)
        token_seconds = (joint.progress.seconds - before[0]) / (joint.progress.tokens - before[1])
        answer_seconds = _answer_seconds(training, joint.adapter, Path(folder)) if work.answers else 0.0
        kept = joint.stream.kept_mib
    ranks = check_organisms(base.model, [member.folder for member in own])
    held = sum(_adapter_mib(base.model, bank_rank(rank), spec.dtype) for rank in ranks if rank)
    mib = peak_mib(config.device) + max(0.0, min(held, config.cache_mib) - kept)
    return Prediction(
        work.rows, work.tokens, work.answers, mib, work.tokens * token_seconds / 3600,
        work.answer_tokens * answer_seconds / 3600, f"{TIMED_STEPS} steps on this machine",
    )  # fmt: skip


def _answer_seconds(training: IntrospectionTraining, adapter: Any, folder: Path) -> float:
    """Seconds per token of an answer, many organisms at a time."""
    tokens = training.spec.validation.max_tokens
    asker = StackedAsker(training.engine, adapter, folder / "asked", tokens)
    members = with_base(training.members, "train")
    places = range(TIMED_ANSWERS)
    asked = [Asked(members[i % len(members)].folder, split("train")[i]) for i in places]
    began = time.monotonic()
    asker.ask(asked)
    return (time.monotonic() - began) / (TIMED_ANSWERS * tokens)


def predict_on(
    gpu: str, model: nn.Module, tokenizer: Any, spec: IntrospectionSpec, members: Sequence[Member],
    config: JointConfig, known_ranks: Sequence[int] | None = None,
) -> Prediction:  # fmt: skip
    """Hours and memory on a GPU that is not here, by counting products.

    A frozen matrix costs two passes (forward, and the gradient of its input), the trained one three.

    Args:
        gpu: one of `GPUS`.
        model: of the base's shape; its weights are not looked at and may be on `meta`.
        tokenizer: the base's.
        spec: what is to be trained.
        members: the organisms.
        config: how it is to run.
        known_ranks: of the organisms, where they are not grown yet; None: they are read from their folders.

    Raises:
        ConfigError: the GPU is unknown.
    """
    if gpu not in GPUS:
        raise ConfigError(f"There are no figures for the GPU {gpu!r}.", f"Known are {', '.join(GPUS)}.")
    work = _Work.count(spec, members, tokenizer)
    found = check_organisms(model, [m.folder for m in members]) if known_ranks is None else known_ranks
    ranks = [rank for rank in found if rank]
    layers = list(target_modules(model, ALL_LINEAR).values())
    matrices = sum(layer.weight.numel() for layer in layers)
    organism = sum(_numbers(model, bank_rank(rank)) for rank in ranks) / max(1, len(ranks))
    shared, head = _numbers(model, spec.rank), model.get_output_embeddings().weight.numel()  # type: ignore[operator]
    flop = 2 * (work.tokens * (2 * matrices + 2 * organism + 3 * shared) + work.learned * 2 * head)
    width = sum(layer.in_features + layer.out_features for layer in layers)
    tokens_at_once = min(config.tokens_per_pass, work.tokens // work.rows * spec.rows_per_step)
    learned_at_once = tokens_at_once * work.learned / work.tokens
    activations = 2 * tokens_at_once * width + 3 * 4 * learned_at_once * head / _width(model)
    weights = 2 * sum(parameter.numel() for parameter in model.parameters())
    banks = 2 * organism * spec.organisms_per_step + 16 * shared
    return Prediction(
        work.rows, work.tokens, work.answers, (weights + banks + activations) / 2**20,
        flop / (GPUS[gpu] * UTILIZATION) / 3600, work.answer_tokens / ANSWER_TOKENS_PER_SECOND / 3600,
        f"a count of products for {gpu} at {UTILIZATION:.0%} of its stated speed, an assumption",
    )  # fmt: skip


def _width(model: nn.Module) -> int:
    config: Any = model.config
    width: int = config.get_text_config().hidden_size
    return width


def _numbers(model: nn.Module, rank: int) -> int:
    """Numbers of an adapter on all layers."""
    layers = target_modules(model, ALL_LINEAR).values()
    return rank * sum(layer.in_features + layer.out_features for layer in layers)


def _adapter_mib(model: nn.Module, rank: int, dtype: str) -> float:
    return _numbers(model, rank) * (4 if dtype == "float32" else 2) / 2**20
