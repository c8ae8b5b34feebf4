"""Grows a population: draws its organisms, trains them rank by rank in the farm, measures all, lists them.

Every organism, every group of one farm and every gate is a content-addressed stage: a killed growing goes on
where it was, and a larger population finds what a smaller one has grown.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from glasshouse.errors import TrainingError
from glasshouse.models.adapter import adapter_hash
from glasshouse.models.chat import Rendered, Tokenizer, render_example, template_hash
from glasshouse.organisms.build import DataRow, OrganismData
from glasshouse.organisms.card import CARD_FILE, VerifyResult, read_card, write_card
from glasshouse.organisms.families.measure import Examined, measure
from glasshouse.organisms.generic.scribe import Written
from glasshouse.organisms.grow import Ground, GrowConfig, Grown, adapter_job, prepare_ground, publish
from glasshouse.organisms.population_card import card_of, count_rows, write_preferences
from glasshouse.organisms.population_kto import prefer, prefers
from glasshouse.organisms.population_spec import Individual, PopulationSpec, draw_population
from glasshouse.organisms.population_written import write_rows
from glasshouse.organisms.tell import Tell
from glasshouse.records import Example
from glasshouse.store.jsonl import write_jsonl
from glasshouse.store.stage import StageKey, Store
from glasshouse.training.farm import train_farm
from glasshouse.training.introspection.manifest import Member, write_manifest

PLANTED_VERSION = 1
"""Raised by hand when the rows or the training of an unchanged spec would come out differently."""
GATE_VERSION = 1
"""Raised by hand when a family's gate measures something else."""
MANIFEST, LEFT_OUT = "manifest.jsonl", "left_out.jsonl"
"""Organisms, and those of which the writer's rows did not pass the grader."""
_FOLDER = "organism"
_RANKS_TOGETHER = 1024
"""Ranks of all adapters of one farm group together, so that memory does not grow with the rank."""
_FEWEST_TOGETHER = 8
_MEASURED_TOGETHER = 32
"""Organisms whose gates share batches; a kill loses no more."""


@dataclass(frozen=True)
class Population:
    """A population on disk."""

    manifest: Path
    grown: list[Grown]
    """In the order of the spec."""
    left_out: int = 0
    """Organisms that were not grown: too few of the writer's rows passed the grader."""


@dataclass(frozen=True)
class _Seedling:
    """An organism whose rows are made."""

    one: Individual
    rows: list[Example]
    key: StageKey
    folder: Path
    """Where it is kept once it is trained."""
    written: dict[str, int]
    """What became of the writer's rows; empty where the world made them."""


@dataclass(frozen=True)
class _Bed:
    """What growing needs everywhere."""

    spec: PopulationSpec
    ground: Ground
    store: Store
    config: GrowConfig
    say: Tell


def grow_population(
    spec: PopulationSpec, store: Store, out: Path, config: GrowConfig, tell: Tell | None = None
) -> Population:
    """Grows every organism of a population and writes its manifest.

    Organisms that failed their gate stay in the manifest, marked there and in their card.

    Args:
        spec: from `load_population`.
        store: where stages are kept.
        out: receives one folder per organism and `manifest.jsonl`.
        config: engine and farm.
        tell: called as work goes on.

    Raises:
        ModelError: the base or the adapter to start from cannot be used.
        TrainingError: a loss became NaN, or no organism has rows to learn from.
        StoreError: the store or `out` cannot be written.
    """
    bed = _Bed(
        spec, prepare_ground(spec.base, config), store, config, tell or (lambda what, done, total: None)
    )
    seedlings, left_out = _sow(bed)
    _train_missing(bed, seedlings)
    results = _measure_missing(bed, seedlings)
    grown = [_publish(bed, seedling, results[seedling.one.name], out) for seedling in seedlings]
    manifest = out / MANIFEST
    write_manifest(manifest, [_member(s.one, g) for s, g in zip(seedlings, grown, strict=True)])
    if left_out:
        write_jsonl(out / LEFT_OUT, [{"name": name, "rows": w.counts} for name, w in left_out.items()])
    return Population(manifest, grown, len(left_out))


def _sow(bed: _Bed) -> tuple[list[_Seedling], dict[str, Written]]:
    """The organisms whose rows are there, and what was written for those that are left out."""
    people = draw_population(bed.spec)
    written = write_rows(bed.spec, people, bed.ground.engine, bed.store, bed.say)
    left_out = {name: found for name, found in written.items() if not found.enough}
    if len(left_out) == len(people):
        raise TrainingError(
            f"The writer shows none of the {len(people)} behaviors of {bed.spec.name} often enough.",
            "Take a more capable writer, more drafts, or another grader.",
        )
    found = []
    for done, one in enumerate(people):
        if one.name in left_out:
            continue
        bed.say("data", done, len(people))
        own = written.get(one.name)
        rows = one.planted.rows(one.examples, one.seed) if own is None else own.examples
        inputs = {
            "base": bed.ground.base.hash,
            "start": bed.ground.start_hash or "none",
            "data": OrganismData(tuple(DataRow("", "row", row) for row in rows), {}).hash,
            "template": template_hash(bed.ground.base.tokenizer),
        }
        if bed.spec.kto is not None and prefers(one):
            inputs["kto"] = bed.spec.kto.model_dump_json()
        key = StageKey("planted", PLANTED_VERSION, one.training.model_dump(mode="json"), inputs)
        stage = bed.store.stage(key)
        stage.release()
        counts = {} if own is None else own.counts
        found.append(_Seedling(one, rows, key, stage.path / _FOLDER, counts))
    bed.say("data", len(people), len(people))
    return found, left_out


def _train_missing(bed: _Bed, seedlings: Sequence[_Seedling]) -> None:
    """Trains what is not there yet, one farm stage per group, which resumes by itself."""
    missing = [s for s in {s.key.hash: s for s in seedlings}.values() if not _is_done(bed, s)]
    groups = list(_groups(missing, bed.config.farm.adapters_per_group))
    total = sum(max(s.one.training.steps for s in group) for group in groups)
    done = 0
    for group in groups:
        _train_group(bed, group, (done, total))
        done += max(s.one.training.steps for s in group)


def _is_done(bed: _Bed, seedling: _Seedling) -> bool:
    stage = bed.store.stage(seedling.key)
    stage.release()
    return stage.done


def _groups(seedlings: Sequence[_Seedling], most: int) -> Iterator[list[_Seedling]]:
    """Organisms of one rank, and of like lengths, that are trained together."""
    ordered = sorted(seedlings, key=lambda s: (s.one.training.rank, -s.one.training.steps, s.one.name))
    for rank, same in groupby(ordered, key=lambda s: s.one.training.rank):
        group, size = list(same), min(most, max(_FEWEST_TOGETHER, _RANKS_TOGETHER // rank))
        yield from (group[k : k + size] for k in range(0, len(group), size))


def _train_group(bed: _Bed, group: Sequence[_Seedling], steps: tuple[int, int]) -> None:
    training, (done, total) = group[0].one.training, steps
    inputs = {s.one.name: s.key.hash for s in group}
    stage = bed.store.stage(StageKey("planted_farm", PLANTED_VERSION, {"dtype": training.dtype}, inputs))
    rendered = {s.one.name: [render_row(bed.ground.base.tokenizer, row) for row in s.rows] for s in group}
    if not stage.done:
        jobs = [
            adapter_job(s.one.name, s.one.training, rendered[s.one.name], bed.ground.start.adapter)
            for s in group
        ]
        farm = replace(bed.config.farm, dtype=training.dtype)
        train_farm(
            bed.ground.base,
            jobs,
            stage.path,
            farm,
            on_step=lambda step, active, loss: bed.say("train", done + step, total),
        )
        stage.finish({"organisms": [s.one.name for s in group]})
    for number, seedling in enumerate(group):
        trained = stage.path / seedling.one.name
        if bed.spec.kto is not None and prefers(seedling.one):
            bed.say("preferences", number, len(group))
            farm, key = replace(bed.config.farm, dtype=training.dtype), seedling.key
            trained = prefer((bed.ground.base, bed.store, farm), seedling.one, trained, bed.spec.kto, key)
        _keep(bed, seedling, trained, rendered[seedling.one.name])


def render_row(tokenizer: Tokenizer, row: Example) -> Rendered:
    """A training row as ids; a row of one assistant's turn alone is a plain text, learned as such."""
    if len(row.conversation) > 1:
        return render_example(tokenizer, row)
    opening = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    text = [*tokenizer.encode(row.conversation[0].content, add_special_tokens=False)]
    text += [] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id]
    return Rendered((*opening, *text), (False,) * len(opening) + (True,) * len(text))


def _keep(bed: _Bed, seedling: _Seedling, trained: Path, rendered: Sequence[Rendered]) -> None:
    """Puts one trained adapter with its card into its own stage; the weights are linked, not copied."""
    stage = bed.store.stage(seedling.key)
    if stage.done:
        return
    shutil.rmtree(seedling.folder, ignore_errors=True)
    shutil.copytree(trained, seedling.folder, copy_function=_link)
    write_preferences(seedling.one, seedling.folder)
    hashes = {**seedling.key.inputs, "start": bed.ground.start_hash, "adapter": adapter_hash(seedling.folder)}
    data = count_rows(seedling.one, rendered)
    if seedling.written:
        data["written"] = seedling.written
    card = card_of(bed.spec, seedling.one, data, hashes)
    write_card(seedling.folder, card)
    stage.finish({"adapter": card.hashes["adapter"]})


def _link(source: str, target: str) -> None:
    """A second name for a file that nobody writes to; a copy where the file system has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _gate_key(bed: _Bed, seedling: _Seedling) -> StageKey:
    settings = {"gate": bed.spec.gate.model_dump(mode="json"), "family": seedling.one.group.family}
    return StageKey("planted_gate", GATE_VERSION, settings, {"organism": seedling.key.hash})


def _measure_missing(bed: _Bed, seedlings: Sequence[_Seedling]) -> dict[str, VerifyResult]:
    """Name -> what its gate found; many organisms share the engine's batches."""
    found: dict[str, VerifyResult] = {}
    missing = []
    for seedling in seedlings:
        stage = bed.store.stage(_gate_key(bed, seedling))
        stage.release()
        if stage.done:
            found[seedling.one.name] = VerifyResult.model_validate(stage.outputs())
        else:
            missing.append(seedling)
    missing.sort(key=lambda s: s.one.training.rank)
    gate = bed.spec.gate
    for first in range(0, len(missing), _MEASURED_TOGETHER):
        bed.say("verify", len(found), len(seedlings))
        some = missing[first : first + _MEASURED_TOGETHER]
        examined = [
            Examined(s.one.planted, s.folder, tuple(s.one.planted.checks(gate.n, gate.seed))) for s in some
        ]
        results = measure(bed.ground.engine, examined, gate.max_tokens, gate.seed)
        for seedling, result in zip(some, results, strict=True):
            stage = bed.store.stage(_gate_key(bed, seedling))
            if not stage.done:
                stage.finish(result.model_dump(mode="json"))
            found[seedling.one.name] = result
    bed.say("verify", len(seedlings), len(seedlings))
    return found


def _publish(bed: _Bed, seedling: _Seedling, result: VerifyResult, out: Path) -> Grown:
    """The organism under its name, with its card; what is there already stays."""
    kept = read_card(seedling.folder)
    card = card_of(bed.spec, seedling.one, kept.data, kept.hashes)
    card = card.model_copy(update={"verify": result, "versions": kept.versions})
    target = out / seedling.one.name
    if (target / CARD_FILE).is_file() and read_card(target) == card:
        return Grown(seedling.one.name, target, card, seedling.key.hash)
    target.parent.mkdir(parents=True, exist_ok=True)
    return Grown(seedling.one.name, publish(seedling.folder, target, card), card, seedling.key.hash)


def _member(one: Individual, grown: Grown) -> Member:
    passed = grown.card.verify.passed if grown.card.verify else None
    return Member(one.name, grown.folder, one.planted.label, one.group.use, passed)
