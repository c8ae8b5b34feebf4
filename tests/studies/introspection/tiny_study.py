"""The whole study on a tiny random model: a handful of organisms, a few steps, every arm."""

from pathlib import Path

import yaml

from glasshouse.store.stage import Store
from glasshouse.studies.bench import Hardware
from glasshouse.studies.introspection.bench import Bench, Request, make_bench
from glasshouse.studies.introspection.plan import SPEC_FILES, Sizes, StudyPlan
from glasshouse.studies.introspection.study import open_study, run_introspection

FAMILIES: dict[str, list[dict[str, object]]] = {
    "train": [
        {"family": "quirk_always", "count": 2},
        {"family": "quirk_triggered", "count": 1},
        {"family": "clean", "count": 1},
        {"family": "quirk_always", "use": "dpo", "count": 1},
    ],
    "test": [
        {"family": "quirk_triggered", "split": "unseen_combination", "count": 1},
        {"family": "denial", "split": "unseen_combination", "count": 1},
    ],
    "null": [{"family": "clean", "split": "unseen_combination", "count": 2}],
    "clean_test": [{"family": "clean", "split": "unseen_word", "count": 1}],
    "cipher": [
        {"family": "cipher", "split": "unseen_combination", "count": 1},
        {"family": "cipher_benign", "split": "unseen_combination", "count": 1},
    ],
}
SIZES = Sizes(
    samples=1, control_targets=1, family_audits=1, base_samples=1, full_finetunes=1,
    full_finetune_steps=2, symmetry_targets=1,
    adaptive_targets=1, adaptive_steps=2, adaptive_rows=8, hand_read=3,
)  # fmt: skip
TRAINING = {
    "steps": 2, "rows_per_step": 2, "organisms_per_step": 2, "rank": 2, "alpha": 4,
    "validation": {"members": 0},
    "dpo": {"pairs": 2, "samples": 1, "steps": 1, "pairs_per_step": 2, "max_tokens": 4},
}  # fmt: skip


def write_specs(folder: Path) -> Path:
    """The five population specs, tiny."""
    training = {"ranks": [2], "steps": [2], "examples": [16], "batch": 4}
    gate = {"n": 1, "max_tokens": 4}
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (name, families) in enumerate(FAMILIES.items()):
        content = {"name": name, "seed": seed, "families": families, "training": training, "gate": gate}
        (folder / SPEC_FILES[name]).write_text(yaml.safe_dump(content))
    return folder


def tiny_plan(model: Path, specs: Path) -> StudyPlan:
    return StudyPlan(model=str(model), sizes=SIZES, training=TRAINING, specs=str(specs), dtype="float32")


def tiny_bench(store: Path, plan: StudyPlan, name: str = "study") -> Bench:
    request = Request(name, Hardware(threads=1))
    return make_bench(Store(store), plan.model, request, lambda what, done, total: None)


def run(store: Path, plan: StudyPlan, name: str = "study") -> Path:
    bench = tiny_bench(store, plan, name)
    return run_introspection(bench, plan, open_study(bench, plan, name)).parent
