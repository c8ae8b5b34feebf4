"""One dose curve from end to end: documents, organisms, beliefs, then the alignment-faking task.

Every part is a stage; the same command goes on where it was stopped. What comes out lies in one folder: the
organisms, `documents/ARM.jsonl`, `curve.jsonl` and `curve.md`; the page lies in the store, in a run named
after the spec and its content.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from glasshouse.evals.faking.power import power_line
from glasshouse.evals.faking.read import FakingRun
from glasshouse.evals.faking.row import FakingRow
from glasshouse.models.base import EngineConfig
from glasshouse.organisms.documents.grow import Schooled, grow_documents
from glasshouse.organisms.documents.spec import BehaviorTest, DocumentSpec
from glasshouse.organisms.grow import GrowConfig
from glasshouse.organisms.start import PREFIX, parse_start
from glasshouse.organisms.tell import Tell
from glasshouse.reports.build import build_report
from glasshouse.store.atomic import write_text
from glasshouse.store.hashing import json_hash
from glasshouse.store.jsonl import write_jsonl
from glasshouse.store.runs import RunFolder, create_run
from glasshouse.store.stage import Store
from glasshouse.studies.alignment_faking.ask import Bench, Question, ask, questions
from glasshouse.studies.alignment_faking.plan import FakingStudyPlan
from glasshouse.studies.alignment_faking.subject import find_subjects
from glasshouse.studies.bench import record
from glasshouse.studies.synthetic_documents.curve import DoseCell, Reader, dose_cells
from glasshouse.studies.synthetic_documents.sentences import cell_row, markdown
from glasshouse.studies.synthetic_documents.write_run import about, write_results

CURVE_ROWS, CURVE_TABLE = "curve.jsonl", "curve.md"


@dataclass(frozen=True)
class DocumentStudy:
    """What one spec led to."""

    spec: DocumentSpec
    schooled: tuple[Schooled, ...]
    cells: tuple[DoseCell, ...]
    """Dose 0, the base as it is, first in each arm."""
    table: Path
    report: Path
    """The page."""


def run_documents(
    spec: DocumentSpec, store: Store, out: Path, config: GrowConfig, tell: Tell | None = None
) -> DocumentStudy:
    """Grows, tests beliefs, then behavior, and writes the curve.

    Args:
        spec: from `load_document_spec`.
        store: where stages are kept.
        out: receives everything.
        config: engine and farm.
        tell: called as work goes on.

    Raises:
        GlasshouseError: as `grow_documents`, or the behavior test did not come to its end.
    """
    say: Tell = tell or (lambda what, done, total: None)
    schooled = grow_documents(spec, store, out, config, say)
    rows = (
        {} if spec.behavior is None else _behavior(spec, spec.behavior, schooled, (store, config.engine, say))
    )
    readers = _readers(spec, schooled, rows)
    cells = dose_cells(readers, spec.beliefs.low)
    cells.sort(key=lambda cell: (list(spec.arms).index(cell.arm), cell.dose))
    write_jsonl(out / CURVE_ROWS, [cell_row(cell) for cell in cells])
    power = None if spec.behavior is None else power_line(spec.behavior.n)
    write_text(out / CURVE_TABLE, markdown(cells, power))
    run = _open_run(spec, store, config.engine)
    write_results(run, spec, cells, readers, power)
    record(store, run)
    return DocumentStudy(spec, tuple(schooled), tuple(cells), out / CURVE_TABLE, build_report(run.path))


def _open_run(spec: DocumentSpec, store: Store, engine: EngineConfig) -> RunFolder:
    """The run's folder; a spec with other doses is another run, which reuses the stages of the first."""
    config = {
        "study": "synthetic-documents",
        "spec": spec.model_dump(mode="json"),
        "engine": asdict(engine),
    }
    return create_run(store, f"{spec.name}-{json_hash(config)[:8]}", config, about(spec))


def _readers(spec: DocumentSpec, schooled: Sequence[Schooled], rows: dict[str, FakingRun]) -> list[Reader]:
    """The base as dose 0 of every arm, and every organism."""

    def of(name: str) -> tuple[FakingRow, ...]:
        return rows[name].rows if name in rows else ()

    found = []
    for arm in spec.arms:
        mine = [one for one in schooled if one.plan.arm == arm]
        found.append(Reader(arm, 0, 0, mine[0].base_beliefs, of(spec.base)))
        for one in mine:
            if one.card.verify is not None:
                found.append(Reader(arm, one.plan.dose, one.plan.seed, one.card.verify, of(one.plan.name)))
    return found


def _behavior(
    spec: DocumentSpec,
    test: BehaviorTest,
    schooled: Sequence[Schooled],
    where: tuple[Store, EngineConfig, Tell],
) -> dict[str, FakingRun]:
    """Name of an organism, or of the base -> its answers in both tiers."""
    store, engine, say = where
    base = parse_start(spec.base).base
    models = {spec.base: spec.base} | {one.plan.name: f"{PREFIX}{base}:{one.folder}" for one in schooled}
    plan = FakingStudyPlan(
        tuple(models.values()),
        test.setting,
        (test.variant,),
        n=test.n,
        graders=test.graders,
        max_tokens=test.max_tokens,
        seed=test.seed,
    )
    asked: list[Question] = questions(plan)
    found, bench = {}, Bench(store, engine, lambda what, done, total: None)
    for done, (name, subject) in enumerate(zip(models, find_subjects(plan.models), strict=True)):
        say("behavior", done, len(models))
        found[name] = ask(bench, plan, subject, asked)[0]
    say("behavior", len(models), len(models))
    return found
