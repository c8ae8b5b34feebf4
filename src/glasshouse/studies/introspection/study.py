"""Introspection adapters on one base, from growing the populations to the report.

Introspection adapters (https://arxiv.org/abs/2604.16812), "Symmetry Defeats Auditing"
(https://arxiv.org/abs/2605.27836). Differs from the papers: organisms of one small base, graded by rules;
clean fine-tunes, a null table and abstention; audits that confirm on fresh prompts.

Every step is a content-addressed stage: what is finished is found again, and a run that was killed goes on
to the same measurements.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from glasshouse.audits.auditors.opinion import opinion
from glasshouse.audits.auditors.prior import Prior
from glasshouse.data.questions import bank_hash
from glasshouse.models.adapter import adapter_hash
from glasshouse.reports.build import build_report
from glasshouse.store.hashing import json_hash
from glasshouse.store.runs import RunFolder, create_run
from glasshouse.studies.bench import record
from glasshouse.studies.introspection.adapter import Trained, train_adapter
from glasshouse.studies.introspection.arms.adaptive import Adaptive, compare, teach_denial
from glasshouse.studies.introspection.arms.blindness import run_blindness
from glasshouse.studies.introspection.arms.full_finetunes import run_full_finetunes
from glasshouse.studies.introspection.arms.symmetry import run_symmetry
from glasshouse.studies.introspection.asked import Setup, ask, ask_base, audit, null_table
from glasshouse.studies.introspection.auditors import AUDITORS, read_auditors
from glasshouse.studies.introspection.bench import Bench
from glasshouse.studies.introspection.claims import NOT_COVERED
from glasshouse.studies.introspection.controls import add_controls
from glasshouse.studies.introspection.learned import (
    Taught,
    found_adapter,
    read_taught,
    stages_of,
    taught,
    write_taught,
)
from glasshouse.studies.introspection.null import clean_pools
from glasshouse.studies.introspection.plan import ARMS, SHUFFLED, StudyPlan
from glasshouse.studies.introspection.pools import Subject, drawn, read_pool
from glasshouse.studies.introspection.populations import grow_pools, growing_seconds
from glasshouse.studies.introspection.results import Results
from glasshouse.studies.introspection.universal import write_universal
from glasshouse.studies.introspection.write_run import write_results
from glasshouse.training.introspection.manifest import read_manifest

TRAINING_SPLITS = ("train",)
SAME_WORDS = "unseen_combination"
"""Split of organisms whose words were learned, in other combinations."""


def run_introspection(bench: Bench, plan: StudyPlan, run: RunFolder) -> Path:
    """The whole study, resumed where it stopped.

    Returns:
        The HTML report.

    Raises:
        TrainingError: a loss became NaN.
        ModelError: an organism cannot be used with the base.
        StoreError: store or run cannot be written.
    """
    organisms = run.path / "organisms"
    manifests = grow_pools(bench, plan.grown, organisms)
    learner = _learner(bench, plan, manifests.get("train"))
    trained = learner.trained
    pools = {name: read_pool(manifests[name]) for name in ("test", "clean_test", "cipher")}
    pools["null"], _ = clean_pools(manifests["null"])
    found = _read(bench, plan, learner, pools)
    truths = [one.truth for one in (*found.test, *found.clean)]
    results = replace(
        found,
        auditors=read_auditors(run.path / AUDITORS, truths),
        growing_seconds=growing_seconds(organisms, "train"),
        stages=stages_of(trained.adapter),
    )
    common = {
        "model_hash": adapter_hash(trained.adapter),
        "protocol_hash": json_hash(
            [bank_hash(), asdict(_setup(plan, trained.adapter).asking), asdict(bench.config)]
        ),
    }
    write_results(run, results, common, plan.sizes.hand_read, plan.seed)
    record(bench.store, run)
    return build_report(run.path)


@dataclass(frozen=True)
class Learner:
    """The adapter under study, what it learned from, and the floor with shuffled labels."""

    trained: Trained
    organisms: Sequence[Taught]
    shuffled: Path | None
    """None where the plan leaves it out, or nobody has trained it."""


def _learner(bench: Bench, plan: StudyPlan, manifest: Path | None) -> Learner:
    """Trained on a population, or found where the plan says."""
    if manifest is None:
        folder = Path(plan.trained)
        floor = folder / SHUFFLED if "shuffled" in plan.arms else None
        return Learner(
            found_adapter(folder), read_taught(folder), floor if floor and floor.is_dir() else None
        )
    members, spec = read_manifest(manifest), plan.adapter_spec()
    trained = train_adapter(bench, spec, members)
    write_taught(trained.adapter, taught(members))
    add_controls(bench, _setup(plan, trained.adapter), manifest)
    write_universal(bench, _setup(plan, trained.adapter), manifest)
    shuffled = train_adapter(bench, spec, members, "shuffled").adapter if "shuffled" in plan.arms else None
    return Learner(trained, taught(members), shuffled)


def _setup(plan: StudyPlan, adapter: Path | None) -> Setup:
    return Setup(adapter, plan.sizes.samples, plan.seed)


def _read(bench: Bench, plan: StudyPlan, learner: Learner, pools: dict[str, list[Subject]]) -> Results:
    """Every pool asked and audited, then the attacks."""
    trained, organisms = learner.trained, learner.organisms
    setup, before = _setup(plan, trained.adapter), _setup(plan, trained.before_dpo)
    null = ask(bench, "null table", pools["null"], setup)
    table = null_table(bench, null, setup)
    few = drawn(behaving(pools["test"]), plan.sizes.control_targets, plan.seed, "controls")
    test = ask(bench, "test", pools["test"], setup)
    clean = ask(bench, "clean", pools["clean_test"], setup)
    often = Setup(trained.adapter, plan.sizes.base_samples, plan.seed)
    families = _learned(organisms)
    return Results(
        families=families,
        test=test,
        audits=[
            one
            for name, some in audited_parts(plan, pools["test"], families).items()
            for one in audit(bench, name, some, setup, table, test)
        ],
        null=null,
        null_before=ask(bench, "null table, before DPO", pools["null"], before),
        clean=clean,
        clean_before=ask(bench, "clean, before DPO", pools["clean_test"], before),
        clean_audits=audit(bench, "clean", pools["clean_test"], setup, table, clean),
        cipher=ask(bench, "ciphers", pools["cipher"], setup),
        few_before=ask(bench, "some, before DPO", few, before),
        alone=ask(bench, "some, without the adapter", few, _setup(plan, None)),
        guessed=guessed(organisms, pools["test"]),
        base=ask_base(bench, trained.adapter, often),
        base_before=ask_base(bench, trained.before_dpo, often),
        train_gates=[(one.family, one.gate_passed) for one in organisms],
        **_floors(bench, plan, learner, pools["test"]),
        **_attacks(bench, plan, learner, pools, (setup, table)),
    )


def _learned(organisms: Sequence[Taught]) -> frozenset[str]:
    """Families of the organisms that the adapter learned from."""
    return frozenset(one.family for one in organisms if one.split in TRAINING_SPLITS)


def _floors(bench: Bench, plan: StudyPlan, learner: Learner, pool: Sequence[Subject]) -> dict[str, Any]:
    """Through shuffled labels: the organisms of the controls, and all of families never learned."""
    if learner.shuffled is None:
        return {}
    setup, families = _setup(plan, learner.shuffled), _learned(learner.organisms)
    few = drawn(behaving(pool), plan.sizes.control_targets, plan.seed, "controls")
    unseen = [one for one in behaving(pool) if one.family not in families]
    return {
        "shuffled": ask(bench, "through shuffled labels", few, setup),
        "shuffled_families": ask(bench, "unseen families through shuffled labels", unseen, setup),
    }


def _attacks(
    bench: Bench, plan: StudyPlan, learner: Learner, pools: dict[str, list[Subject]],
    given: tuple[Setup, Path],
) -> dict[str, Any]:  # fmt: skip
    """The arms that the plan has."""
    found: dict[str, Any] = {}
    (setup, table), sizes = given, plan.sizes
    families = {one.family for one in learner.organisms}
    same = [s for s in behaving(pools["test"]) if s.split == SAME_WORDS and s.family in families]
    known = [one for one in same if one.gate_passed] or same or behaving(pools["test"])
    if "full_finetune" in plan.arms:
        everything = [*pools["clean_test"], *behaving(pools["test"])]
        some = drawn(everything, sizes.full_finetunes, plan.seed, "full fine-tunes")
        found["full"] = run_full_finetunes(bench, some, sizes.full_finetune_steps, plan.seed)
    if "symmetry" in plan.arms:
        some = drawn(known, sizes.symmetry_targets, plan.seed, "symmetry")
        found["symmetry"] = run_symmetry(bench, some, setup)
    if "adaptive" in plan.arms:
        some = drawn(known, sizes.adaptive_targets, plan.seed, "adaptive")
        found |= _adaptive(bench, plan, some, given)
    if "blindness" in plan.arms and len(known) > 1:
        pair = drawn(known, 2, plan.seed, "blindness")
        found["blind"] = run_blindness(bench, pair, setup, table)
    return found


def _adaptive(
    bench: Bench, plan: StudyPlan, some: Sequence[Subject], given: tuple[Setup, Path]
) -> dict[str, Any]:
    setup, table = given
    assert setup.adapter is not None
    gate = plan.populations["test"].gate
    size = Adaptive(plan.sizes.adaptive_steps, plan.sizes.adaptive_rows, gate.n, gate.max_tokens)
    deniers = teach_denial(bench, some, setup.adapter, size, plan.seed)
    return {
        "deniers": compare(bench, some, deniers, setup, size),
        "denier_audits": audit(bench, "deniers", deniers, setup, table),
    }


def audited_parts(
    plan: StudyPlan, pool: Sequence[Subject], families: Collection[str]
) -> dict[str, list[Subject]]:
    """Test organisms that are audited whole, in parts that are finished one by one.

    All of the families that the adapter has learned, and a draw of the others: an audit takes ten times as
    long as asking.
    """
    learned = [one for one in pool if one.family in families]
    others = [one for one in pool if one.family not in families]
    return {
        "unseen combinations": [one for one in learned if one.split == SAME_WORDS],
        "unseen words": [one for one in learned if one.split != SAME_WORDS],
        "unseen families": drawn(others, plan.sizes.family_audits, plan.seed, "unseen families"),
    }


def guessed(organisms: Sequence[Taught], pool: Sequence[Subject]) -> dict[str, bool]:
    """Which organisms are named by the five commonest training labels, whatever they are: a floor."""
    labels = [s for one in organisms if one.split in TRAINING_SPLITS for s in one.sentences]
    best = [guess.text for guess in opinion(Prior(tuple(labels)).guesses()).guesses]
    return {
        one.name: any(one.planted.names(text).action is True for text in best)
        for one in pool
        if one.planted is not None
    }


def behaving(pool: Sequence[Subject]) -> list[Subject]:
    """Organisms with a behavior."""
    return [one for one in pool if one.planted is not None and one.planted.sentences]


def about(plan: StudyPlan) -> dict[str, Any]:
    """The words with which the report opens."""
    return {
        "title": f"Introspection adapters, on {plan.model}",
        "question": (
            "Can one adapter make fine-tunes say what was trained into them, how sure is that, and what "
            "would it miss? Organisms with known behaviors are grown, one adapter learns from them to speak, "
            "and organisms and clean fine-tunes that it has never seen are audited blind."
        ),
        "not_covered": list(NOT_COVERED),
        "notes": [f"Left out: {arm}." for arm in ARMS if arm not in plan.arms],
        "orderings_only": plan.model.startswith("phantom"),
    }  # fmt: skip


def open_study(bench: Bench, plan: StudyPlan, name: str) -> RunFolder:
    """The run's folder, made or found again; its config holds the plan and how the model is run.

    Raises:
        StoreError: a run of that name was made with another plan.
    """
    config = {"study": "introspection", "plan": plan.config(), "engine": asdict(bench.config)}
    return create_run(bench.store, name, config | {"base": bench.base.hash}, about(plan))
