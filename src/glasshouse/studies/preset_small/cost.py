"""What the preset will cost: measured on a few organisms here, or counted for a GPU that is not here."""

from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from torch import nn

from glasshouse.data.questions import split
from glasshouse.errors import ConfigError
from glasshouse.models.bank import ALL_LINEAR, target_modules
from glasshouse.models.base import load_base
from glasshouse.models.chat import render_example
from glasshouse.organisms.generic.prompts import Question, training_questions
from glasshouse.organisms.population import grow_population
from glasshouse.organisms.population_spec import Individual, PopulationSpec, Ranges, draw_population
from glasshouse.records import Example, Message
from glasshouse.store.stage import Store
from glasshouse.studies.preset_small.plan import PresetPlan
from glasshouse.studies.preset_small.run import Clock, Machine
from glasshouse.training.introspection.manifest import Member, read_manifest
from glasshouse.training.introspection.memory import peak_mib
from glasshouse.training.introspection.predict import (
    ANSWER_TOKENS_PER_SECOND,
    GPUS,
    UTILIZATION,
    Prediction,
    predict_here,
    predict_on,
)

PILOT = 8
"""Organisms that are grown to measure with."""
PILOT_STEPS, PILOT_ROWS = 8, 24
SECOND_DRAFTS = 0.3
"""Share of the ordered rows that are written again, where it cannot be measured; an assumption."""
WRITTEN_LENGTH = 0.6
"""Mean length of an answer as a share of the longest, where it cannot be measured; an assumption."""


@dataclass(frozen=True)
class PresetCost:
    """The prediction."""

    organisms: int
    drafts: int
    """Answers that the writer is asked for."""
    written_tokens: int
    """In them, at most."""
    grown_tokens: int
    """That go through the base while organisms are trained."""
    learned_tokens: int
    """That go through it while the introspection adapter is trained."""
    mib: float
    writing_hours: float
    growing_hours: float
    training_hours: float
    how: str

    @property
    def hours(self) -> float:
        """Of everything."""
        return self.writing_hours + self.growing_hours + self.training_hours

    def as_dict(self) -> dict[str, Any]:
        """As JSON's own types, with the sum."""
        return asdict(self) | {"hours": self.hours}


@dataclass(frozen=True)
class _Count:
    """What is to be written and grown, counted."""

    people: int
    drafts: int
    ordered: int
    tokens: int
    """Of one longest answer times drafts."""
    farm_rows: int
    """Rows times steps of all organisms."""
    gate_answers: int


def _count_all(plan: PresetPlan) -> _Count:
    """The organisms, and the clean fine-tunes of the null table."""
    clean = plan.null_population()
    counts = [_count(spec) for spec in (plan.population(), clean) if spec is not None]
    return _Count(*(sum(values) for values in zip(*map(astuple, counts), strict=True)))


def _asking_hours(plan: PresetPlan, adapter: Prediction) -> float:
    """Of asking the clean fine-tunes and the organisms of validation, as fast as the others are asked."""
    watched = sum(group.count for group in plan.population().families if group.use == "validation")
    answers = (plan.clean + watched) * plan.null_samples * len(split("heldout"))
    return answers * adapter.answer_hours / max(1, adapter.answers)


def _count(spec: PopulationSpec) -> _Count:
    people, questions = draw_population(spec), training_questions()
    assert spec.writing is not None
    keys, ordered = set(), 0
    for one in people:
        assert one.planted.brief is not None
        for row in one.planted.brief.wanted(one.examples, one.seed, questions):
            keys.add((row.order, row.conversation))
            ordered += row.shows is True
    gate = sum(len(one.planted.checks(spec.gate.n, spec.gate.seed)) for one in people)
    rows = sum(one.training.steps * one.training.batch for one in people)
    return _Count(len(people), len(keys), ordered, len(keys) * spec.writing.max_tokens, rows, gate)


def predict_preset_here(plan: PresetPlan, machine: Machine) -> PresetCost:
    """Write for, grow and measure a few organisms, take a few steps of the adapter; nothing of it is kept.

    Raises:
        ModelError: the base cannot be used.
        TrainingError: the writer shows none of the behaviors.
    """
    spec, count = plan.population(), _count_all(plan)
    base = load_base(plan.base, machine.engine(plan))
    with TemporaryDirectory() as name:
        folder, clock = Path(name), Clock(lambda what, done, total: None)
        pilot = _pilot(spec)
        grown = grow_population(pilot, Store(folder / "s"), folder / "o", machine.growing(plan), clock.tell)
        clock.lap("publish")
        members = _stand_ins(read_manifest(grown.manifest), draw_population(spec))
        adapter = predict_here(base, plan.adapter(grown.manifest), members, machine.training())
        tokens = _row_tokens(pilot, base.tokenizer)
    small = _count(pilot)
    seconds = clock.seconds
    per_draft = seconds.get("writing", 0.0) / max(1, small.drafts)
    per_row = seconds.get("train", 0.0) / max(1, small.farm_rows)
    rest = sum(s for what, s in seconds.items() if what not in ("writing", "train"))
    growing = per_row * count.farm_rows + rest / small.people * count.people
    bank = _bank_mib(base.model, spec, min(64, count.people)) - _bank_mib(base.model, pilot, small.people)
    return PresetCost(
        count.people, count.drafts, count.tokens, round(tokens * count.farm_rows), adapter.tokens,
        max(adapter.mib, peak_mib(machine.device) + max(0.0, bank)), per_draft * count.drafts / 3600,
        growing / 3600, adapter.hours + _asking_hours(plan, adapter),
        f"{small.people} organisms and a few steps on this machine",
    )  # fmt: skip


def _pilot(spec: PopulationSpec) -> PopulationSpec:
    """A few organisms of the same kinds with few rows and steps; every row is kept."""
    assert spec.writing is not None
    groups = sorted(spec.families, key=lambda group: group.use != "train")
    few, left = [], PILOT
    for group in groups:
        count = min(group.count, max(1, round(PILOT * group.count / sum(g.count for g in groups))), left)
        if count:
            few.append(group.model_copy(update={"count": count}))
            left -= count
    ranks = sorted(spec.training.ranks)
    if sum(group.count for group in groups) > PILOT:
        ranks = [ranks[len(ranks) // 2]]  # large groups of one rank, as the population has them
    training = spec.training.model_copy(
        update={"ranks": tuple(ranks), "steps": (PILOT_STEPS,), "examples": (PILOT_ROWS,)}
    )
    writing = spec.writing.model_copy(update={"filter": False})
    return spec.model_copy(update={"families": tuple(few), "training": training, "writing": writing})


def _stand_ins(grown: Sequence[Member], people: Sequence[Individual]) -> list[Member]:
    """Every organism of the population with its own label, in the weights of one that was grown."""
    folders = [member.folder for member in grown]
    return [
        Member(one.name, folders[i % len(folders)], one.planted.label, one.group.use)
        for i, one in enumerate(people)
    ]


def _row_tokens(spec: PopulationSpec, tokenizer: Any) -> float:
    """Mean tokens of a row whose answer is as long as it may be, times the usual share of that."""
    assert spec.writing is not None
    questions: Sequence[Question] = training_questions()[:64]
    asked = [
        render_example(tokenizer, Example((Message("user", q.text), Message("assistant", "Yes."))))
        for q in questions
    ]
    prompt = sum(len(row.ids) for row in asked) / len(asked)
    return prompt + WRITTEN_LENGTH * spec.writing.max_tokens


def _bank_mib(model: nn.Module, spec: PopulationSpec, adapters: int) -> float:
    """Weights, gradients and two moments of the adapters of one farm group, in fp32."""
    return 16 * adapters * _numbers(model, max(spec.training.ranks)) / 2**20


def _numbers(model: nn.Module, rank: int) -> int:
    layers = target_modules(model, ALL_LINEAR).values()
    return rank * sum(layer.in_features + layer.out_features for layer in layers)


def predict_preset_on(gpu: str, model: nn.Module, tokenizer: Any, plan: PresetPlan) -> PresetCost:
    """The same for a GPU that is not here, by counting products.

    Args:
        gpu: one of `predict.GPUS`.
        model: of the base's shape; its weights are not looked at and may be on `meta`.
        tokenizer: the base's.
        plan: what is made.

    Raises:
        ConfigError: the GPU is unknown.
    """
    if gpu not in GPUS:
        raise ConfigError(f"There are no figures for the GPU {gpu!r}.", f"Known are {', '.join(GPUS)}.")
    spec, people = plan.population(), draw_population(plan.population())
    count, ranges = _count_all(plan), spec.training
    members = [Member(one.name, Path(one.name), one.planted.label, one.group.use) for one in people]
    ranks = [one.training.rank for one in people]
    config = Machine("cuda").training()
    adapter = predict_on(gpu, model, tokenizer, plan.adapter(Path("manifest")), members, config, ranks)
    tokens = _row_tokens(spec, tokenizer) * count.farm_rows
    matrices = sum(layer.weight.numel() for layer in target_modules(model, ALL_LINEAR).values())
    head = model.get_output_embeddings().weight.numel()  # type: ignore[operator]
    own = _numbers(model, round(sum(ranks) / len(ranks)))
    flop = 2 * tokens * (2 * (matrices + head) + 3 * own)
    written = WRITTEN_LENGTH * (count.tokens + SECOND_DRAFTS * count.ordered * (count.tokens / count.drafts))
    answers = WRITTEN_LENGTH * count.gate_answers * spec.gate.max_tokens
    growing = flop / (GPUS[gpu] * UTILIZATION) + answers / ANSWER_TOKENS_PER_SECOND
    together = _together(ranges, len(people))
    bank = 16 * sum(_numbers(model, 1) for _ in range(together)) / 2**20
    weights = 2 * sum(parameter.numel() for parameter in model.parameters()) / 2**20
    passes = adapter.mib - weights - 16 * _numbers(model, plan.adapter(Path("m")).rank) / 2**20
    return PresetCost(
        count.people, count.drafts + round(SECOND_DRAFTS * count.ordered), round(written), round(tokens),
        adapter.tokens, max(adapter.mib, weights + bank + max(0.0, passes)),
        written / ANSWER_TOKENS_PER_SECOND / 3600, growing / 3600,
        adapter.hours + _asking_hours(plan, adapter), adapter.how,
    )  # fmt: skip


def _together(ranges: Ranges, people: int) -> int:
    """Ranks of the adapters of the largest farm group, together."""
    largest = max(ranges.ranks)
    return min(64 * largest, 1024, people * largest)
