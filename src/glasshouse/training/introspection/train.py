"""An introspection adapter from a list of organisms: supervised, then against over-claiming, resumable."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from glasshouse.data.questions import bank_hash
from glasshouse.errors import StoreError
from glasshouse.models.adapter import Adapter, adapter_hash, between, read_adapter, write_adapter
from glasshouse.models.base import Base, EngineConfig
from glasshouse.models.engine import Engine
from glasshouse.store.atomic import read_json, write_json
from glasshouse.store.hashing import json_hash
from glasshouse.store.jsonl import append_rows, read_rows
from glasshouse.training.farm_state import writing
from glasshouse.training.introspection.ask import StackedAsker
from glasshouse.training.introspection.dpo import DpoRows
from glasshouse.training.introspection.loop import JointConfig, JointTraining
from glasshouse.training.introspection.manifest import Member
from glasshouse.training.introspection.memory import peak_mib
from glasshouse.training.introspection.pairs import PairMaker
from glasshouse.training.introspection.rows import Objective, SftRows, with_base
from glasshouse.training.introspection.spec import Dpo, IntrospectionSpec
from glasshouse.training.introspection.stream import AdapterStream, check_organisms
from glasshouse.training.introspection.validate import Grader, says_label, validate
from glasshouse.training.job import AdapterJob
from glasshouse.training.precision import model_in

CARD = "introspection.json"
"""Beside the adapter: what it was trained on, as hashes and counts; nothing about single organisms."""
STAGE = "stage.json"

OnProgress = Callable[[str, int, int], None]
"""What is being done, how many are done, of how many."""


@dataclass(frozen=True)
class Hooks:
    """What the caller brings along."""

    grader: Grader = says_label
    """Grades answers in validation and the samples that pairs are made of."""
    grader_name: str = "exact label"
    """Recorded with what it graded; another name is another second stage."""
    on_progress: OnProgress | None = None


def train_introspection(
    base: Base, spec: IntrospectionSpec, members: Sequence[Member], out: Path,
    config: JointConfig | None = None, hooks: Hooks | None = None,
) -> Path:  # fmt: skip
    """Train one adapter over many organisms; an interrupted training goes on to the same bytes.

    Args:
        base: the base of all organisms; it is copied where dtype or device differ.
        spec: how it is trained.
        members: the organisms. Each split is used for one thing only: `train` for the first stage, `dpo`
            for the pairs of the second, `validation` to watch. The bare base belongs to all three.
        out: receives the adapter as a PEFT folder with `introspection.json`, `sft/` and `dpo/` (the stages
            apart), `step-000250/`, `validation.jsonl`, and `.checkpoint/`.
        config: how it runs.
        hooks: grader and progress.

    Returns:
        `out`.

    Raises:
        TrainingError: nothing to learn from, or the loss became NaN (the last good checkpoint is kept).
        ModelError: an organism is damaged or belongs to another base.
        StoreError: `out` cannot be written, or holds a training with other settings.
    """
    training = IntrospectionTraining(base, spec, members, out, config or JointConfig(), hooks or Hooks())
    before = torch.get_num_threads()
    torch.set_num_threads(training.config.threads)
    try:
        training.run()
    finally:
        torch.set_num_threads(before)
    return out


def manifest_hash(members: Sequence[Member]) -> str:
    """Sixteen hex digits of the organisms' weights, labels and splits, wherever they lie."""
    rows = [
        [m.name, m.label.family, list(m.label.sentences), m.split, m.folder and adapter_hash(m.folder)]
        for m in members
    ]
    return json_hash(rows)[:16]


class IntrospectionTraining:
    """One adapter on its way through both stages."""

    def __init__(
        self, base: Base, spec: IntrospectionSpec, members: Sequence[Member], out: Path, config: JointConfig,
        hooks: Hooks,
    ) -> None:  # fmt: skip
        self.base, self.spec, self.members, self.out = base, spec, members, out
        self.config, self.hooks = config, hooks
        check_organisms(base.model, [member.folder for member in members])
        engine = EngineConfig(config.device, str(base.model.dtype).removeprefix("torch."), config.threads)
        self.engine = Engine(base, engine)  # before any copy is made: it lays out the weights
        self.model = model_in(base.model, spec.dtype, config.device)
        self.key = self._key("train", spec.hash_of_first_stage)

    def _key(self, part: str, settings: str) -> str:
        own = [member for member in self.members if member.split == part]
        return json_hash([self.base.hash, bank_hash(), manifest_hash(own), settings])[:16]

    def run(self) -> None:
        """Both stages, or what is left of them."""
        first = self._sft()
        stages = {"sft": read_json(first / STAGE)}
        adapter = read_adapter(first)
        if self.spec.dpo is not None:
            last = self._dpo(self.spec.dpo, first)
            stages["dpo"] = read_json(last / STAGE)
            adapter = between(adapter, read_adapter(last), self.spec.dpo.toward)
            if self.spec.dpo.toward < 1 and self.spec.validation.members:
                self._validate(f"toward {self.spec.dpo.toward:g}", self.spec.dpo.steps, adapter)
        with writing(self.out):
            write_adapter(self.out, adapter, self.base.name)
        write_json(self.out / CARD, self._card(stages))
        shutil.rmtree(self.out / ".checkpoint", ignore_errors=True)

    def _sft(self) -> Path:
        folder = self.out / "sft"
        if self._is_done(folder, self.key):
            return folder
        members = with_base(self.members, "train")
        rows = SftRows(self.spec, members, self.base.tokenizer)
        training = self.joint("sft", members, rows, self.sft_job(), self.key)
        self._through_steps("sft", training, self._saves())
        return self._finish(folder, self.key, training)

    def sft_job(self) -> AdapterJob:
        """The first stage in the farm's words."""
        spec = self.spec
        return AdapterJob(
            "sft", (), spec.lora, spec.learning_rate, spec.steps, spec.rows_per_step, spec.seed,
            spec.schedule, spec.warmup, spec.weight_decay,
        )  # fmt: skip

    def joint(
        self, name: str, members: Sequence[Member], objective: Objective, job: AdapterJob, key: str
    ) -> JointTraining:
        """The loop for one stage, at its checkpoint where there is one."""
        dtype = getattr(torch, self.spec.dtype)
        folders = [member.folder for member in members]
        stream = AdapterStream(self.model, folders, dtype, self.config.cache_mib)
        checkpoint = self.out / ".checkpoint" / f"{name}.safetensors"
        return JointTraining(self.model, stream, objective, job, (checkpoint, key), self.config)

    def _saves(self) -> set[int]:
        every = self.spec.save_every
        return set(range(every, self.spec.steps, every)) if every else set()

    def _through_steps(self, name: str, training: JointTraining, saves: set[int]) -> None:
        """Train to the end, with a halt wherever something is kept or validated."""
        steps, every = training.job.steps, self.spec.validation.every
        asked = {*range(every, steps, every), steps} if self.spec.validation.members else set()
        for halt in sorted({*asked, *saves, steps}):
            if halt < training.progress.step:
                continue
            training.run(halt, lambda step, _: self._tell(f"training, {name}", step, steps))
            training.save()
            if halt in saves:
                write_adapter(self.out / f"step-{halt:06d}", training.adapter, self.base.name)
            if halt in asked:
                self._validate(name, halt, training.adapter)

    def _validate(self, name: str, step: int, adapter: Adapter) -> None:
        path = self.out / "validation.jsonl"
        if any((row["stage"], row["step"]) == (name, step) for row in read_rows(path).rows):
            return
        plan, hooks = self.spec.validation, self.hooks
        asker = StackedAsker(self.engine, adapter, self.out / ".checkpoint" / "asked", plan.max_tokens)
        found = validate(asker, self.members, plan, self.spec.seed, hooks.grader)
        append_rows(path, [{"stage": name, "step": step, "grader": hooks.grader_name, **found}])

    def _dpo(self, plan: Dpo, first: Path) -> Path:
        folder = self.out / "dpo"
        settings = json_hash(
            [self.key, plan.model_dump(mode="json", exclude={"toward"}), self.hooks.grader_name]
        )
        key = self._key("dpo", settings)
        if self._is_done(folder, key):
            return folder
        members, seed = with_base(self.members, "dpo"), self.spec.seed
        shelf, start = self.out / ".checkpoint" / "asked", read_adapter(first)
        asker = StackedAsker(self.engine, start, shelf, plan.max_tokens, temperature=1.0)
        maker = PairMaker(asker, members, plan, seed, self.hooks.grader)
        pairs = maker.draw(folder / "pairs.jsonl", lambda n: self._tell("drawing pairs", n, plan.pairs))
        rows = DpoRows(plan, pairs, self.base.tokenizer, seed)
        job = AdapterJob(
            "dpo", (), self.spec.lora, plan.learning_rate, plan.steps, plan.pairs_per_step, seed,
            self.spec.schedule, self.spec.warmup, self.spec.weight_decay, start=first,
        )  # fmt: skip
        training = self.joint("dpo", members, rows, job, key)
        rows.reference = self._reference(folder / "reference.json", training, rows)
        self._through_steps("dpo", training, set())
        return self._finish(folder, key, training)

    def _reference(self, path: Path, training: JointTraining, rows: DpoRows) -> list[tuple[float, ...]]:
        """Of the first stage, computed once, before the first step changes the adapter."""
        if not path.is_file():
            write_json(path, training.row_nats(rows.pairs))
        return [tuple(own) for own in read_json(path)]

    def _is_done(self, folder: Path, key: str) -> bool:
        """Whether a stage is finished; one that was not begun is claimed for these settings.

        Raises:
            StoreError: it was begun with other settings.
        """
        path = folder / STAGE
        found = read_json(path) if path.is_file() else {"key": key, "done": False}
        if found["key"] != key:
            problem = f"{folder} holds a training with other settings or organisms."
            raise StoreError(problem, "Choose another folder, or delete this one.")
        if not path.is_file():
            write_json(path, found)
        return bool(found["done"])

    def _finish(self, folder: Path, key: str, training: JointTraining) -> Path:
        with writing(folder):
            write_adapter(folder, training.adapter, self.base.name)
        progress = training.progress
        write_json(folder / STAGE, {
            "key": key, "done": True, "steps": progress.step, "tokens": progress.tokens,
            "seconds": progress.seconds, "losses_nats": progress.losses,
        })  # fmt: skip
        return folder

    def _card(self, stages: dict[str, Any]) -> dict[str, Any]:
        return {
            "base": self.base.name, "base_hash": self.base.hash, "question_bank_hash": bank_hash(),
            "manifest_hash": manifest_hash(self.members), "spec": self.spec.config(),
            "organisms": {part: sum(m.split == part for m in self.members)
                          for part in ("train", "dpo", "validation")},
            "adapter_hash": adapter_hash(self.out), "grader": self.hooks.grader_name,
            "peak_mib": peak_mib(self.config.device),
            "stages": {
                name: {key: stage[key] for key in ("steps", "tokens", "seconds")}
                for name, stage in stages.items()
            },
        }  # fmt: skip

    def _tell(self, what: str, done: int, total: int) -> None:
        if self.hooks.on_progress is not None:
            self.hooks.on_progress(what, done, total)
