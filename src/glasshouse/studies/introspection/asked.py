"""Pools asked and audited as stages, and everything that came of it graded against the cards."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from glasshouse.audits.asking import AT_ONCE, Asker, AskingConfig
from glasshouse.audits.claims import Tally, tally
from glasshouse.audits.handover import hand_over
from glasshouse.audits.kit import CONTROLS, UNIVERSAL
from glasshouse.audits.null_table import CleanModel, NullTable
from glasshouse.audits.replies import user
from glasshouse.data.questions import bank_hash, split
from glasshouse.models.adapter import adapter_hash, read_adapter
from glasshouse.models.chat import render_prompt
from glasshouse.models.engine import Engine, GenerateRequest
from glasshouse.organisms.card import CARD_FILE, read_card
from glasshouse.seeds import derive_seed
from glasshouse.store.atomic import read_json, write_json
from glasshouse.store.hashing import hash_file, json_hash
from glasshouse.store.jsonl import append_rows, read_rows
from glasshouse.store.stage import StageKey
from glasshouse.studies.introspection.bench import Bench
from glasshouse.studies.introspection.pools import Audited, AuditSetup, Subject, audit_pool
from glasshouse.studies.introspection.reading import (
    Audit,
    Reading,
    Truth,
    audit_from,
    read_audit,
    read_tally,
    reading_from,
    to_row,
)
from glasshouse.training.introspection.vector import read_vector, steered

ASK_VERSION = 2
"""Raised by hand when the same questions would be asked or graded otherwise."""
AUDIT_VERSION = 11
"""Raised by hand when the same audit would come out or be graded otherwise."""
ROWS = "readings.jsonl"


@dataclass(frozen=True)
class Setup:
    """Through what targets are asked, and how often."""

    adapter: Path | None
    """Introspection adapter; None: each target answers alone."""
    samples: int
    seed: int
    vector: Path | None = None
    """Steering vector in place of an adapter."""

    @property
    def asking(self) -> AskingConfig:
        return AskingConfig(samples=self.samples, seed=self.seed)


def truth_of(subject: Subject) -> Truth:
    """What figures need of a target's truth; its weights' hash is that of its own folder."""
    planted = subject.planted
    card = read_card(subject.folder) if (subject.folder / CARD_FILE).is_file() else None
    sentences = planted.sentences if planted else ()
    return Truth(
        name=subject.name, family=subject.family, split=subject.split, gate_passed=subject.gate_passed,
        behavior=" ".join(sentences) or (card.behavior_in_words if card else subject.name),
        triggered=bool(planted) and any(t is not None for t in (planted.triggers if planted else ())),
        clean=not sentences, strength=subject.strength,
        hash=adapter_hash(subject.folder),
    )  # fmt: skip


def ask(bench: Bench, what: str, subjects: Sequence[Subject], setup: Setup) -> list[Reading]:
    """Every target's answers about itself, graded; finished ones are found again.

    Raises:
        ModelError: a target cannot be used with this base.
    """
    inputs = {"base": bench.base.hash, **_hashes(subjects)}
    inputs |= {"adapter": adapter_hash(setup.adapter)} if setup.adapter else {}
    inputs |= {"vector": hash_file(setup.vector)} if setup.vector else {}
    config = {"asking": asdict(setup.asking), "bank": bank_hash(), "engine": asdict(bench.config)}
    stage = bench.store.stage(StageKey("introspection_ask", ASK_VERSION, config, inputs))
    path = stage.path / ROWS
    if not stage.done:
        kept = {row["truth"]["name"] for row in read_rows(path).rows}
        todo = [subject for subject in subjects if subject.name not in kept]
        for first in range(0, len(todo), AT_ONCE):
            bench.tell(f"asking {what}", len(kept) + first, len(subjects))
            some = todo[first : first + AT_ONCE]
            append_rows(path, [to_row(one) for one in _ask(bench, some, setup)])
        bench.tell(f"asking {what}", len(subjects), len(subjects))
        stage.finish({"targets": len(subjects)})
    found = {row["truth"]["name"]: reading_from(row) for row in read_rows(path).rows}
    return [found[subject.name] for subject in subjects]


def _hashes(subjects: Sequence[Subject]) -> dict[str, str]:
    return {subject.name: adapter_hash(subject.folder) for subject in subjects}


def _ask(bench: Bench, subjects: Sequence[Subject], setup: Setup) -> list[Reading]:
    """Some targets handed over, asked and graded; weights alone go through."""
    with TemporaryDirectory() as name:
        targets = [hand_over(subject.folder, bench.engine, Path(name)) for subject in subjects]
        if setup.adapter is None:
            with _speaking(bench, setup) as engine:
                answers = [_alone(engine, target.folder, setup.asking) for target in targets]
        else:
            answers = Asker(bench.engine, read_adapter(setup.adapter), setup.asking).ask(targets)
    return [
        read_tally(replace(truth_of(subject), hash=target.hash), subject.planted, tally(said))
        for subject, target, said in zip(subjects, targets, answers, strict=True)
    ]


def ask_base(bench: Bench, adapter: Path, setup: Setup) -> Reading:
    """What the base itself says through an adapter."""
    inputs = {"base": bench.base.hash, "adapter": adapter_hash(adapter)}
    config = {"asking": asdict(setup.asking), "bank": bank_hash(), "engine": asdict(bench.config)}
    stage = bench.store.stage(StageKey("introspection_ask_base", ASK_VERSION, config, inputs))
    if not stage.done:
        answers = Asker(bench.engine, read_adapter(adapter), setup.asking).ask([None])[0]
        truth = Truth("base", "base", "", None, "base", False, True)
        stage.finish(to_row(read_tally(truth, None, tally(answers))))
    return reading_from(stage.outputs())


def null_table(bench: Bench, null: Sequence[Reading], setup: Setup) -> Path:
    """The table that audits compare with, from what clean fine-tunes said."""
    assert setup.adapter is not None
    asked = max(one.asked for one in null)
    models = tuple(CleanModel(one.truth.hash, one.largest, one.abstained, one.garbage) for one in null)
    table = NullTable(bench.base.hash, adapter_hash(setup.adapter), bank_hash(), asked, models)
    key = StageKey(
        "introspection_null", ASK_VERSION, {"samples": setup.samples}, {"table": json_hash(table.to_json())}
    )
    stage = bench.store.stage(key)
    if not stage.done:
        write_json(stage.path / "null.json", table.to_json())
        stage.finish({"models": len(models)})
    return stage.path / "null.json"


@contextmanager
def _speaking(bench: Bench, setup: Setup) -> Iterator[Engine]:
    """The engine through which targets answer without an adapter: steered where there is a vector."""
    if setup.vector is None:
        yield bench.engine
        return
    with steered(bench.base.model, read_vector(setup.vector)):
        yield Engine(bench.base, bench.config)  # no prefix of it was computed without the vector


def _alone(engine: Engine, folder: Path, asking: AskingConfig) -> list[str]:
    """The same questions with the same seeds, without an introspection adapter."""
    requests = []
    for question in split("heldout"):
        ids = tuple(render_prompt(engine.base.tokenizer, user(question)))
        for repeat in range(asking.samples):
            seed = derive_seed(asking.seed, "audit", question, repeat)
            requests.append(GenerateRequest(ids, folder, asking.max_tokens, asking.temperature, seed=seed))
    return [generation.text for generation in engine.generate(requests)]


def audit(
    bench: Bench, what: str, subjects: Sequence[Subject], setup: Setup, null: Path | None,
    readings: Sequence[Reading] = (),
) -> list[Audit]:  # fmt: skip
    """The whole audit of every target, graded; finished ones are found again.

    Args:
        bench: of the study.
        what: for the progress.
        subjects: targets.
        setup: how they are asked.
        null: null table.
        readings: of the same setup; such targets are not asked again.
    """
    inputs = {"base": bench.base.hash, **_hashes(subjects)}
    inputs |= {"adapter": adapter_hash(setup.adapter)} if setup.adapter else {}
    inputs |= {"null": json_hash(read_json(null))} if null else {}
    inputs |= _beside(setup.adapter)
    config = {"asking": asdict(setup.asking), "bank": bank_hash(), "engine": asdict(bench.config)}
    stage = bench.store.stage(StageKey("introspection_audit", AUDIT_VERSION, config, inputs))
    path = stage.path / ROWS
    if not stage.done:
        path.unlink(missing_ok=True)

        def tell(done: int) -> None:
            bench.tell(f"auditing {what}", done, len(subjects))

        answered = {one.truth.hash: one.tally() for one in readings}
        settings = _settings(bench, setup, null, answered)
        rows = audit_pool(subjects, settings, stage.path, tell)
        append_rows(path, [to_row(graded(one)) for one in rows])
        stage.finish({"targets": len(subjects)})
    return [audit_from(row) for row in read_rows(path).rows]


def _beside(adapter: Path | None) -> dict[str, str]:
    """What lies beside an adapter and enters its audits: known organisms, and to what such ones react."""
    paths = {} if adapter is None else {"controls": adapter / CONTROLS, "universal": adapter / UNIVERSAL}
    return {name: json_hash(read_json(path)) for name, path in paths.items() if path.is_file()}


def audited(
    bench: Bench, subjects: Sequence[Subject], setup: Setup, null: Path | None, out: Path
) -> list[Audited]:
    """The audits themselves, journaled in `out`."""
    return audit_pool(subjects, _settings(bench, setup, null, {}), out)


def _settings(bench: Bench, setup: Setup, null: Path | None, answered: Mapping[str, Tally]) -> AuditSetup:
    threads = bench.config.threads
    return AuditSetup(bench.base.name, setup.adapter, null, setup.samples, setup.seed, threads, answered)


def graded(one: Audited) -> Audit:
    """One audit against its card."""
    return read_audit(truth_of(one.subject), one.subject.planted, one.result)
