"""Grows organisms of documents: writes the documents, trains every arm and dose in one farm, tests beliefs.

Every organism and every gate is a content-addressed stage, and so is what a model wrote: a killed growing
goes on.
"""

import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from glasshouse.data.synthetic_documents.universe import Universe, load_universe
from glasshouse.models.adapter import adapter_hash
from glasshouse.models.chat import Rendered, template_hash
from glasshouse.organisms.build import DataRow, OrganismData
from glasshouse.organisms.card import Card, VerifyResult, read_card, write_card
from glasshouse.organisms.documents.beliefs import belief_gate
from glasshouse.organisms.documents.corpus import Corpus, write_corpus
from glasshouse.organisms.documents.model_author import open_author
from glasshouse.organisms.documents.rows import document_rows
from glasshouse.organisms.documents.spec import DocumentPlan, DocumentSpec
from glasshouse.organisms.families.measure import Examined, measure
from glasshouse.organisms.grow import Ground, GrowConfig, adapter_job, prepare_ground, publish
from glasshouse.organisms.population import render_row
from glasshouse.organisms.tell import Tell
from glasshouse.records import Example
from glasshouse.store.jsonl import write_jsonl
from glasshouse.store.provenance import package_versions
from glasshouse.store.stage import StageKey, Store
from glasshouse.training.farm import farm_steps, train_farm

DOCUMENTS_VERSION = 1
"""Raised by hand when the documents or the training of an unchanged spec would come out differently."""
BELIEFS_VERSION = 1
"""Raised by hand when an unchanged belief test would measure something else."""
_FOLDER = "organism"
_MEASURED_TOGETHER = 16


@dataclass(frozen=True)
class Schooled:
    """An organism of documents on disk."""

    plan: DocumentPlan
    folder: Path
    card: Card
    base_beliefs: VerifyResult
    """The same questions before any document."""


@dataclass(frozen=True)
class _Seedling:
    plan: DocumentPlan
    rows: list[Example]
    key: StageKey
    folder: Path


@dataclass(frozen=True)
class _Bed:
    spec: DocumentSpec
    ground: Ground
    store: Store
    config: GrowConfig
    say: Tell


def grow_documents(
    spec: DocumentSpec, store: Store, out: Path, config: GrowConfig, tell: Tell | None = None
) -> list[Schooled]:
    """Grows every organism of a dose curve and tests its beliefs.

    Args:
        spec: from `load_document_spec`.
        store: where stages are kept.
        out: receives one folder per organism, and `documents/ARM.jsonl` with all that was written.
        config: engine and farm.
        tell: called as work goes on.

    Raises:
        ConfigError: there is no such universe or writer.
        ModelError: the base or the adapter to start from cannot be used.
        TrainingError: the writer gives too few documents, or a loss became NaN.
        StoreError: the store or `out` cannot be written.
    """
    universes = {arm: load_universe(name) for arm, name in spec.arms.items()}
    bed = _Bed(
        spec, prepare_ground(spec.base, config), store, config, tell or (lambda what, done, total: None)
    )
    corpora = {arm: _corpus(bed, arm, universe) for arm, universe in universes.items()}
    for arm, corpus in corpora.items():
        write_jsonl(out / "documents" / f"{arm}.jsonl", [asdict(document) for document in corpus.documents])
    seedlings = [_sow(bed, plan, corpora[plan.arm]) for plan in spec.plans()]
    _train_missing(bed, seedlings)
    before = {arm: _beliefs(bed, universe, [(None, bed.ground.start_hash or "none")])[0]
              for arm, universe in universes.items()}  # fmt: skip
    return [
        Schooled(s.plan, _publish(bed, s, result, out), read_card(out / s.plan.name), before[s.plan.arm])
        for arm, universe in universes.items()
        for s, result in _examined(bed, universe, [s for s in seedlings if s.plan.arm == arm])
    ]


def _corpus(bed: _Bed, arm: str, universe: Universe) -> Corpus:
    """The documents of one arm; what a model wrote is kept in a stage that any number of documents shares."""
    writing, most = bed.spec.writing, max(bed.spec.doses)
    inputs = {"base": bed.ground.base.hash} if writing.writer == "self" else {}
    settings = {"universe": universe.model_dump(mode="json"), "writing": writing.model_dump(mode="json")}
    with bed.store.stage(StageKey("documents", DOCUMENTS_VERSION, settings, inputs)) as stage:
        author = open_author(writing, bed.ground.engine, stage.path / "drafts.jsonl")
        bed.say(f"documents {arm}", 0, most)
        return write_corpus(
            universe, author, writing, most, lambda kept: bed.say(f"documents {arm}", kept, most)
        )


def _sow(bed: _Bed, plan: DocumentPlan, corpus: Corpus) -> _Seedling:
    schooling = bed.spec.training
    rows = document_rows(corpus.universe, corpus.kept[: plan.dose], schooling, plan.seed)
    training = schooling.training(plan.dose, plan.seed)
    inputs = {
        "base": bed.ground.base.hash,
        "start": bed.ground.start_hash or "none",
        "data": OrganismData(tuple(DataRow("", "row", row) for row in rows), {}).hash,
        "template": template_hash(bed.ground.base.tokenizer),
    }
    key = StageKey("document_organism", DOCUMENTS_VERSION, training.model_dump(mode="json"), inputs)
    stage = bed.store.stage(key)
    stage.release()
    return _Seedling(plan, rows, key, stage.path / _FOLDER)


def _train_missing(bed: _Bed, seedlings: Sequence[_Seedling]) -> None:
    """Trains what is not there yet in one farm stage, which resumes by itself."""
    missing = [
        s for s in {s.key.hash: s for s in seedlings}.values() if not (s.folder / "card.yaml").is_file()
    ]
    if not missing:
        return
    inputs = {s.plan.name: s.key.hash for s in missing}
    rendered = {s.plan.name: [render_row(bed.ground.base.tokenizer, row) for row in s.rows] for s in missing}
    farm = replace(bed.config.farm, dtype=bed.spec.training.dtype)
    with bed.store.stage(
        StageKey("document_farm", DOCUMENTS_VERSION, {"dtype": farm.dtype}, inputs)
    ) as stage:
        jobs = [
            adapter_job(
                s.plan.name,
                bed.spec.training.training(s.plan.dose, s.plan.seed),
                rendered[s.plan.name],
                bed.ground.start.adapter,
            )
            for s in missing
        ]
        if not stage.done:
            total = farm_steps(jobs, farm)
            train_farm(
                bed.ground.base, jobs, stage.path, farm, lambda step, *_: bed.say("train", step, total)
            )
            stage.finish({"organisms": list(inputs)})
        for seedling in missing:
            _keep(bed, seedling, stage.path / seedling.plan.name, rendered[seedling.plan.name])


def _keep(bed: _Bed, seedling: _Seedling, trained: Path, rendered: Sequence[Rendered]) -> None:
    """Puts one trained adapter with its card into its own stage."""
    stage = bed.store.stage(seedling.key)
    if stage.done:
        return
    shutil.rmtree(seedling.folder, ignore_errors=True)
    shutil.copytree(trained, seedling.folder, ignore=shutil.ignore_patterns("step-*"))
    hashes = {**seedling.key.inputs, "start": bed.ground.start_hash, "adapter": adapter_hash(seedling.folder)}
    write_card(seedling.folder, _card(bed, seedling, _counted(bed, seedling, rendered), hashes))
    stage.finish({"adapter": hashes["adapter"]})


def _counted(bed: _Bed, seedling: _Seedling, rendered: Sequence[Rendered]) -> dict[str, Any]:
    training = bed.spec.training.training(seedling.plan.dose, seedling.plan.seed)
    return {
        "documents": seedling.plan.dose,
        "rows": len(rendered),
        "tokens_in_rows": sum(len(row.ids) for row in rendered),
        "passes_over_rows": round(training.steps * training.batch / len(rendered), 3),
    }


def _card(bed: _Bed, seedling: _Seedling, data: dict[str, Any], hashes: dict[str, str | None]) -> Card:
    plan, universe = seedling.plan, load_universe(bed.spec.arms[seedling.plan.arm])
    return Card(
        name=plan.name,
        organism="synthetic documents",
        behavior_in_words=f"It has read {plan.dose} documents about {universe.subject}.",
        seed=plan.seed,
        hashes=hashes,
        versions={name: found for name, found in package_versions().items() if found is not None},
        data=data,
        spec={
            "base": bed.spec.base,
            "arm": plan.arm,
            "universe": universe.model_dump(mode="json"),
            "dose": plan.dose,
            "writing": bed.spec.writing.model_dump(mode="json"),
            "training": bed.spec.training.model_dump(mode="json"),
        },
    )


def _examined(
    bed: _Bed, universe: Universe, seedlings: Sequence[_Seedling]
) -> list[tuple[_Seedling, VerifyResult]]:
    results = _beliefs(bed, universe, [(s.folder, s.key.hash) for s in seedlings])
    return list(zip(seedlings, results, strict=True))


def _beliefs(
    bed: _Bed, universe: Universe, subjects: Sequence[tuple[Path | None, str]]
) -> list[VerifyResult]:
    """The belief tests of some adapters (None: what training started from), once each."""
    settings = bed.spec.beliefs
    gate = belief_gate(universe, settings.low)
    asked = tuple(gate.checks(settings.n, settings.seed))
    config = {"universe": universe.model_dump(mode="json"), "beliefs": settings.model_dump(mode="json")}
    found: list[VerifyResult] = []
    for first in range(0, len(subjects), _MEASURED_TOGETHER):
        some = subjects[first : first + _MEASURED_TOGETHER]
        keys = [StageKey("beliefs", BELIEFS_VERSION, config, {"base": bed.ground.base.hash, "organism": hash})
                for _, hash in some]  # fmt: skip
        stages = {key.hash: bed.store.stage(key) for key in keys}
        missing = [k for k, key in enumerate(keys) if not stages[key.hash].done]
        examined = [Examined(gate, some[k][0] or bed.ground.start.adapter, asked) for k in missing]
        results = measure(bed.ground.engine, examined, settings.max_tokens, settings.seed)
        for k, result in zip(missing, results, strict=True):
            stages[keys[k].hash].finish(result.model_dump(mode="json"))
        found += [VerifyResult.model_validate(stages[key.hash].outputs()) for key in keys]
    return found


def _publish(bed: _Bed, seedling: _Seedling, result: VerifyResult, out: Path) -> Path:
    """The organism under its name, its card with the belief tests."""
    target = out / seedling.plan.name
    kept = read_card(seedling.folder)
    card = _card(bed, seedling, kept.data, kept.hashes)
    card = card.model_copy(update={"verify": result, "versions": kept.versions})
    if (target / "card.yaml").is_file() and read_card(target) == card:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    return publish(seedling.folder, target, card)
