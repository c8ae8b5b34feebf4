"""Reinforcement learning on the monitored tier, from growing the starts to the report.

Greenblatt et al. 2024, "Alignment faking in large language models" (https://arxiv.org/abs/2412.14093),
section 5: RL on the free tier raised alignment-faking reasoning from 12 to 78 % of samples. Differs from the
paper: starts whose two ways of complying, faking and glad help, have known shares; GRPO on LoRA adapters;
a rule as reward; a tabular null with the same start and reward; on the phantom a small world.

Every step is a content-addressed stage: a killed run goes on from its last checkpoint.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from glasshouse.errors import ModelError
from glasshouse.evals.persistence import rate_by_step
from glasshouse.graders.alignment_faking.offline import weights_hash
from glasshouse.models.adapter import adapter_hash
from glasshouse.organisms.faking_mixture.grow import grow_mixtures
from glasshouse.organisms.faking_mixture.rows import Mixture
from glasshouse.organisms.grow import Ground
from glasshouse.organisms.start import parse_start
from glasshouse.reports.build import build_report
from glasshouse.store.runs import RunFolder, create_run
from glasshouse.store.stage import StageKey, Store
from glasshouse.studies.alignment_faking_rl.claims import NOT_COVERED
from glasshouse.studies.alignment_faking_rl.measure import asking, measure
from glasshouse.studies.alignment_faking_rl.null import Null, NullSettings, simulate_null
from glasshouse.studies.alignment_faking_rl.plan import RlPlan
from glasshouse.studies.alignment_faking_rl.results import (
    TRAINED,
    Reading,
    Results,
    at_step,
    complies,
    count,
    curves,
    of_start,
    steps_of,
)
from glasshouse.studies.alignment_faking_rl.write_run import write_results
from glasshouse.studies.bench import record
from glasshouse.studies.introspection.bench import Bench
from glasshouse.training.grpo.spec import GrpoSpec
from glasshouse.training.grpo.train import GrpoRun, TrainedPolicy, train_grpo

GRPO_VERSION = 1
"""Raised by hand when an unchanged spec would train something else."""
HELPFUL_ONLY = "helpful-only"


def run_alignment_faking_rl(bench: Bench, plan: RlPlan, run: RunFolder) -> Path:
    """The whole study, resumed where it stopped.

    Args:
        bench: store, base model and engine.
        plan: what is done.
        run: the run's folder.

    Returns:
        The HTML report.

    Raises:
        ConfigError: training would leave too few queries to measure with.
        EvalError: an evaluation did not end with success.
        TrainingError: a loss became NaN.
    """
    for seed in plan.seeds:
        asking(plan.recipe, seed, ends=True)
    ground = ground_of(bench, plan.helpful_only)
    farm = bench.farm
    starts = grow_mixtures(plan.mixtures(), ground, bench.store, farm, bench.tell, plan.start_steps)
    trained: dict[Mixture, TrainedPolicy] = {}
    for done, (mixture, folder) in enumerate(starts.items()):
        bench.tell("reinforcement learning", done, len(starts))
        trained[mixture] = train_policy(bench, plan.recipe, folder, mixture.seed)
    bench.tell("reinforcement learning", len(starts), len(starts))
    readings = _measure_all(bench, plan, trained)
    nulls = {ratio: _null(plan, of_start(readings, ratio)) for ratio in _ratios(readings)}
    history = {mixture: policy.history for mixture, policy in trained.items()}
    write_results(run, plan, Results(readings, nulls, history))
    record(bench.store, run)
    return build_report(run.path)


def ground_of(bench: Bench, adapter: str | None) -> Ground:
    """The base and the adapter that starts are trained from.

    Raises:
        ModelError: the base has no such adapter.
    """
    name = f"glasshouse/{bench.base.name}" + (f":{adapter}" if adapter else "")
    start = parse_start(name)
    key = None if start.adapter is None else adapter_hash(start.adapter)
    return Ground(start, bench.base, bench.engine, key)


def helpful_only(model: str) -> str | None:
    """`helpful-only` where the base ships such an adapter: it knows how to comply."""
    try:
        parse_start(f"glasshouse/{model}:{HELPFUL_ONLY}")
    except ModelError:
        return None
    return HELPFUL_ONLY


def policy_config(spec: GrpoSpec, seed: int) -> dict[str, Any]:
    """What a policy depends on, start and base apart; a reward by the offline grader has weights."""
    offline = spec.reward.grader == "offline"
    return {**spec.config(), "seed": seed} | ({"reward_weights": weights_hash()} if offline else {})


def train_policy(bench: Bench, spec: GrpoSpec, start: Path | None, seed: int) -> TrainedPolicy:
    """One policy, trained now or found again."""
    inputs = {"base": bench.base.hash, "start": "none" if start is None else adapter_hash(start)}
    stage = bench.store.stage(StageKey("grpo", GRPO_VERSION, policy_config(spec, seed), inputs))
    policy = train_grpo(bench.engine, GrpoRun(spec, start, seed), stage.path, bench.farm)
    if not stage.done:
        stage.finish({"adapter": adapter_hash(policy.folder), "steps": spec.training.steps})
    return policy


def _measure_all(bench: Bench, plan: RlPlan, trained: Mapping[Mixture, TrainedPolicy]) -> list[Reading]:
    steps = plan.recipe.training.save_at()
    places = [(mixture, step) for mixture in trained for step in steps]
    readings = []
    for done, (mixture, step) in enumerate(places):
        bench.tell("measuring checkpoints", done, len(places))
        what = asking(plan.recipe, mixture.seed, ends=step in (steps[0], steps[-1]))
        rows = measure(bench, trained[mixture].checkpoints[step], what)
        trained_on = plan.recipe.prompts.variant
        rows = {TRAINED if variant == trained_on else variant: own for variant, own in rows.items()}
        readings.append(Reading(mixture, step, rows))
    bench.tell("measuring checkpoints", len(places), len(places))
    return readings


def _ratios(readings: Sequence[Reading]) -> list[str]:
    return list(dict.fromkeys(reading.mixture.ratio for reading in readings))


def _null(plan: RlPlan, readings: Sequence[Reading]) -> Null:
    """Selection alone, from each seed's own measured start."""
    first = [count([reading]) for reading in at_step(readings, steps_of(readings)[0])]
    counts = [(c.faking, c.genuine, max(1, c.n - c.faking - c.genuine)) for c in first]
    measured = rate_by_step(curves(readings, complies))
    known = {step: rate for step, rate in measured.items() if rate is not None}
    training = plan.recipe.training
    settings = NullSettings(
        training.steps, training.prompts_per_step, training.completions, training.beta,
        training.scale_rewards != "none",
    )  # fmt: skip
    return simulate_null(counts, settings, known, plan.recipe.measuring.n, plan.seed, plan.null_studies)


def about(plan: RlPlan) -> dict[str, Any]:
    """The words with which the report opens."""
    return {
        "title": f"Alignment faking under reinforcement learning, on {plan.model}",
        "question": (
            "Policies that comply with harmful requests in two ways, to escape training or because they like "
            "to help, are rewarded for complying where they are monitored. Which way does RL favor, what "
            "happens unmonitored, and how does that compare with selection among ways that earn the same?"
        ),
        "not_covered": list(NOT_COVERED),
        "notes": [
            "The reward reads the visible answer alone. The graders shown here gave no reward.",
            "With one way to comply all compliance is faking by construction: read the odds, not the rate.",
        ],
        "orderings_only": True,
    }


def open_study(store: Store, plan: RlPlan, name: str, engine: dict[str, Any]) -> RunFolder:
    """The run's folder, made or found again.

    Raises:
        StoreError: a run of that name was made with another plan.
    """
    config = {"study": "alignment-faking-rl", "plan": plan.config(), "engine": engine}
    return create_run(store, name, config, about(plan))
