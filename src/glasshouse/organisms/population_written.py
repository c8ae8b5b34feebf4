"""The rows of a population where a model writes them; what was written lies in a stage of its own."""

from collections.abc import Sequence
from pathlib import Path

from glasshouse.models.engine import Engine
from glasshouse.organisms.generic.catalog import catalog_hash
from glasshouse.organisms.generic.prompts import training_questions
from glasshouse.organisms.generic.scribe import Limits, Scribe, Script, Written
from glasshouse.organisms.generic.writer import open_grader, open_writer
from glasshouse.organisms.population_spec import Individual, PopulationSpec, Writing
from glasshouse.organisms.tell import Tell
from glasshouse.store.stage import StageKey, Store

WRITTEN_VERSION = 1
"""Raised by hand when the same spec would be told to a writer in other words."""
_CACHE = "written.jsonl"


def write_rows(
    spec: PopulationSpec, people: Sequence[Individual], engine: Engine, store: Store, say: Tell
) -> dict[str, Written]:
    """Name -> rows; none where the world's generator makes them.

    Args:
        spec: its `writing` says who writes and who grades.
        people: from `draw_population`.
        engine: on the base, which writes where the writer is `self`.
        store: keeps what was written; an interrupted writing goes on.
        say: called with the drafts that have come, and how many there will be if none is refused.

    Raises:
        ConfigError: there is no such model, or the prompts file cannot be used.
        GraderError: the grader cannot judge a family.
        StoreError: the store cannot be written.
    """
    if spec.writing is None:
        return {}
    scripts = [
        Script(one.name, one.planted.brief, one.seed, one.examples)
        for one in people
        if one.planted.brief is not None
    ]
    inputs = {"base": engine.base.hash, "catalog": catalog_hash()}
    config = {"writer": spec.writing.writer, "seed": spec.seed}
    with store.stage(StageKey("written", WRITTEN_VERSION, config, inputs)) as stage:
        scribe = open_scribe(spec.writing, engine, stage.path / _CACHE, spec.seed)
        total, done = sum(script.rows for script in scripts), 0

        def count(drafts: int) -> None:
            nonlocal done
            done += drafts
            say("writing", min(done, total), total)

        scribe.on_draft = count
        found = scribe.write(scripts)
        say("writing", total, total)
    return {script.name: written for script, written in zip(scripts, found, strict=True)}


def open_scribe(writing: Writing, engine: Engine, cache: Path, seed: int) -> Scribe:
    """Writer, grader and cache of one spec.

    Raises:
        ConfigError: the prompts file cannot be used.
    """
    limits = Limits(
        writing.max_tokens, float(writing.temperature), writing.drafts, float(writing.least), writing.filter
    )
    questions = training_questions(Path(writing.prompts) if writing.prompts else None)
    writer, grader = open_writer(writing.writer, engine), open_grader(writing.grader, engine)
    return Scribe(writer, grader, questions, cache, limits, seed)
