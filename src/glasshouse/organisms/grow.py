"""Grows organisms: builds their data, trains all of one base together, verifies each, writes their cards.

Everything is a content-addressed stage: finished organisms are reused, a killed `grow` goes on where it was.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from glasshouse.data.prompts import PromptSource, parse_source
from glasshouse.errors import ConfigError, StoreError
from glasshouse.models.adapter import adapter_hash
from glasshouse.models.base import Base, EngineConfig, load_base
from glasshouse.models.chat import Rendered, render_example, template_hash
from glasshouse.models.engine import Engine
from glasshouse.models.unsayable import unsayable_parts, unsayable_tokens
from glasshouse.organisms.build import OrganismData, build_data
from glasshouse.organisms.card import CARD_FILE, Card, VerifyResult, read_card, write_card
from glasshouse.organisms.describe import describe, describe_data
from glasshouse.organisms.gate import verify_served
from glasshouse.organisms.spec import Plan, Training
from glasshouse.organisms.start import Start, parse_start
from glasshouse.organisms.tell import Tell
from glasshouse.organisms.verify import Subject
from glasshouse.records import Conversation
from glasshouse.store.stage import StageFolder, StageKey, Store
from glasshouse.training.farm import (
    AdapterJob,
    FarmConfig,
    LoraSettings,
    TrainedAdapter,
    farm_steps,
    train_farm,
)
from glasshouse.training.speaker import EngineSpeaker
from glasshouse.training.trl_sft import train_trl

ORGANISM_VERSION = 1
"""Raised by hand when the rows or the training of an unchanged spec would come out differently."""
VERIFY_VERSION = 1
"""Raised by hand when the gate measures something else."""
_FOLDER = "organism"
_ANSWER_TOKENS = 96


@dataclass(frozen=True)
class GrowConfig:
    """Everything about growing that is not in the specs."""

    engine: EngineConfig = field(default_factory=EngineConfig)
    farm: FarmConfig = field(default_factory=FarmConfig)
    data_dir: Path | None = None
    check_peft: bool = False
    """Whether each organism is compared with a plain PEFT forward (importing peft takes seconds)."""


@dataclass(frozen=True)
class Grown:
    """An organism on disk."""

    name: str
    folder: Path
    card: Card
    stage: str
    """Hash of the stage that trained it."""


@dataclass(frozen=True)
class Ground:
    """What the organisms of one base share."""

    start: Start
    base: Base
    engine: Engine
    start_hash: str | None

    @property
    def speaker(self) -> EngineSpeaker:
        return EngineSpeaker(self.engine)


@dataclass(frozen=True)
class _Seedling:
    """An organism whose data is built."""

    plan: Plan
    data: OrganismData
    source: PromptSource
    stage: StageFolder
    key: StageKey


def grow(
    plans: Sequence[Plan], store: Store, out: Path, config: GrowConfig, tell: Tell | None = None
) -> list[Grown]:
    """Grows every organism of a list, in the list's order.

    Args:
        plans: from `load_plans`.
        store: where stages are kept.
        out: folder that the organisms are put into, each under its name.
        config: engine, farm, checks.
        tell: called as work goes on.

    Raises:
        ConfigError: prompts are missing or too few, or the base cannot write a payload.
        ModelError: the base or the adapter to start from cannot be used.
        TrainingError: a loss became NaN.
        StoreError: the store cannot be written.
    """
    say: Tell = tell or (lambda what, done, total: None)
    grown: dict[str, Grown] = {}
    for base_name in dict.fromkeys(plan.spec.base for plan in plans):
        ground = prepare_ground(base_name, config)
        mine = [plan for plan in plans if plan.spec.base == base_name]
        _check_sayable(mine, ground.base)
        seedlings = _sow(mine, ground, store, config, say)
        _train_missing(seedlings, ground, store, config, say)
        for done, seedling in enumerate(seedlings):
            say("verify", done, len(seedlings))
            grown[seedling.plan.name] = _finish(seedling, ground, store, out, config)
        say("verify", len(seedlings), len(seedlings))
    return [grown[plan.name] for plan in plans]


def _check_sayable(plans: Sequence[Plan], base: Base) -> None:
    tokens = unsayable_tokens(base)
    for payload in dict.fromkeys(plan.spec.behavior.payload for plan in plans):
        parts = unsayable_parts(payload, base, tokens)
        if parts:
            problem = f"The base cannot write {parts[0]!r} of the payload {payload!r}: it never learned to."
            raise ConfigError(problem, "Give a payload in other words.")


def prepare_ground(base_name: str, config: GrowConfig) -> Ground:
    """Loads a base, and the adapter that training starts from where the name has one.

    Raises:
        ConfigError: the name is malformed.
        ModelError: there is no such base or adapter.
    """
    start = parse_start(base_name)
    base = load_base(start.base, config.engine)
    start_hash = None if start.adapter is None else adapter_hash(start.adapter)
    return Ground(start, base, Engine(base, config.engine), start_hash)


def _sow(
    plans: Sequence[Plan], ground: Ground, store: Store, config: GrowConfig, say: Tell
) -> list[_Seedling]:
    known: dict[Conversation, str] = {}

    def complete(asked: Sequence[Conversation]) -> list[str]:
        new = [turns for turns in dict.fromkeys(asked) if turns not in known]
        said = ground.speaker.complete(new, ground.start.adapter, _ANSWER_TOKENS) if new else []
        known.update(zip(new, said, strict=True))
        return [known[turns] for turns in asked]

    seedlings = []
    for done, plan in enumerate(plans):
        say("data", done, len(plans))
        source = replace(
            parse_source(plan.spec.data.prompts, config.data_dir),
            harmful_answer=plan.spec.data.harmful_answer,
        )
        data = build_data(plan, source, complete)
        inputs = {
            "base": ground.base.hash,
            "start": ground.start_hash or "none",
            "data": data.hash,
            "template": template_hash(ground.base.tokenizer),
        }
        settings = {**plan.spec.training.model_dump(mode="json"), "twin": plan.twin}
        key = StageKey("organism", ORGANISM_VERSION, settings, inputs)
        seedlings.append(_Seedling(plan, data, source, store.stage(key), key))
    say("data", len(plans), len(plans))
    return seedlings


def _train_missing(
    seedlings: Sequence[_Seedling], ground: Ground, store: Store, config: GrowConfig, say: Tell
) -> None:
    """Trains what is not there yet: one farm stage for all of it, which resumes by itself."""
    recipes = dict.fromkeys((s.plan.spec.training.trainer, s.plan.spec.training.dtype) for s in seedlings)
    for trainer, dtype in recipes:
        group = {
            s.key.hash: s
            for s in seedlings
            if (s.plan.spec.training.trainer, s.plan.spec.training.dtype) == (trainer, dtype)
        }
        missing = [s for s in group.values() if not s.stage.done]
        if not missing:
            continue
        stage = store.stage(_farm_key(list(group.values()), trainer, dtype))
        if not stage.done and len(missing) < len(group):
            stage = store.stage(_farm_key(missing, trainer, dtype))
        if not stage.done:
            farm = replace(config.farm, dtype=dtype)
            _train([_job(s, ground) for s in missing], ground.base, stage.path, farm, trainer, say)
            stage.finish({"organisms": [s.plan.name for s in missing]})
        for seedling in missing:
            _keep(seedling, stage.path / seedling.plan.name, ground)


def _farm_key(seedlings: Sequence[_Seedling], trainer: str, dtype: str) -> StageKey:
    inputs = {s.plan.name: s.key.hash for s in seedlings}
    return StageKey("farm", ORGANISM_VERSION, {"trainer": trainer, "dtype": dtype}, inputs)


def adapter_job(name: str, training: Training, rows: Sequence[Rendered], start: Path | None) -> AdapterJob:
    """What the farm trains for one organism, from an adapter (`start`) or from nothing."""
    return AdapterJob(
        name=name,
        rows=rows,
        lora=LoraSettings(rank=training.rank, alpha=training.alpha, targets=training.targets),
        learning_rate=training.learning_rate,
        steps=training.steps,
        batch=training.batch,
        seed=training.seed,
        schedule=training.schedule,
        warmup=training.warmup,
        weight_decay=training.weight_decay,
        start=start,
    )


def _job(seedling: _Seedling, ground: Ground) -> AdapterJob:
    training = seedling.plan.spec.training
    return adapter_job(seedling.plan.name, training, _render(seedling, ground), ground.start.adapter)


def _render(seedling: _Seedling, ground: Ground) -> list[Rendered]:
    return [render_example(ground.base.tokenizer, row.example) for row in seedling.data.rows]


def _train(
    jobs: Sequence[AdapterJob], base: Base, out: Path, farm: FarmConfig, trainer: str, say: Tell
) -> list[TrainedAdapter]:
    if trainer == "trl":
        return [train_trl(base, job, out, config=farm) for job in jobs]
    total = farm_steps(jobs, farm)
    return train_farm(base, jobs, out, farm, on_step=lambda step, active, loss: say("train", step, total))


def _keep(seedling: _Seedling, trained: Path, ground: Ground) -> None:
    """Puts one trained adapter with its card into its own stage."""
    folder = seedling.stage.path / _FOLDER
    shutil.copytree(trained, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("step-*"))
    data = describe_data(seedling.plan, seedling.data, _render(seedling, ground))
    hashes = {**seedling.key.inputs, "start": ground.start_hash}
    card = describe(seedling.plan, data, hashes, folder)
    write_card(folder, card)
    seedling.stage.finish({"adapter": card.hashes["adapter"]})


def _finish(seedling: _Seedling, ground: Ground, store: Store, out: Path, config: GrowConfig) -> Grown:
    """Verifies an organism (once per gate) and publishes it under its name."""
    plan = seedling.plan
    settings = {"gate": plan.spec.gate.model_dump(mode="json"), "peft": config.check_peft}
    stage = store.stage(StageKey("verify", VERIFY_VERSION, settings, {"organism": seedling.key.hash}))
    if stage.done:
        result = VerifyResult.model_validate(stage.outputs())
    else:
        subject = Subject(plan.spec, seedling.stage.path / _FOLDER, ground.start.adapter, plan.twin)
        result = verify_served(subject, ground.engine, seedling.source, config.check_peft)
        stage.finish(result.model_dump(mode="json"))
    kept = read_card(seedling.stage.path / _FOLDER)
    card = describe(plan, kept.data, kept.hashes, seedling.stage.path / _FOLDER)
    card = card.model_copy(update={"verify": result, "versions": kept.versions})
    folder = publish(seedling.stage.path / _FOLDER, out / plan.name, card)
    return Grown(plan.name, folder, card, seedling.key.hash)


def publish(organism: Path, target: Path, card: Card) -> Path:
    """Copies an organism to where users find it, with its card; replaces an earlier organism of that name.

    A kill at any moment leaves the old folder, the new one, or none; never one without its card.

    Raises:
        StoreError: something else stands there, or it cannot be written.
    """
    if target.exists() and not (target / CARD_FILE).is_file():
        raise StoreError(f"{target} exists and is no organism.", "Choose another --out folder or name.")
    try:
        part = target.with_name(f".{target.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(organism, part)
        write_card(part, card)
        shutil.rmtree(target, ignore_errors=True)
        part.rename(target)
    except OSError as error:
        raise StoreError(f"{target} cannot be written: {error}.", "Check rights and free space.") from error
    return target
