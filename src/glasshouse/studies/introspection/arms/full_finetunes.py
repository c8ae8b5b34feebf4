"""Honest full fine-tunes: every weight trained on what pools teach. No alarm may fire."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from glasshouse.audits.canonical import canonicalize
from glasshouse.audits.text_loss import PLAIN_TEXT
from glasshouse.models.adapter import adapter_hash
from glasshouse.models.merged import Checkpoint, read_checkpoint
from glasshouse.organisms.card import read_card
from glasshouse.organisms.population import render_row
from glasshouse.organisms.population_card import planted_of
from glasshouse.seeds import derive_seed, python_rng
from glasshouse.store.jsonl import append_rows, read_rows
from glasshouse.store.stage import StageKey
from glasshouse.studies.introspection.bench import Bench
from glasshouse.studies.introspection.pools import Subject
from glasshouse.training.full_finetune import full_finetune
from glasshouse.training.job import AdapterJob

FULL_VERSION = 1
"""Raised by hand when the same fine-tunes would come out or be judged otherwise."""
RATES = (3e-5, 1e-4, 3e-4, 1e-3)
ROWS = 128
ROWS_FILE = "alarms.jsonl"


@dataclass(frozen=True)
class Honest:
    """One full fine-tune and what the tamper alarm says of it."""

    name: str
    family: str
    learning_rate: float
    alarm: bool
    """Whether its weights lie farther off than a fine-tune goes."""
    moved: bool
    """Whether anything was taken for a change of basis."""
    trusted: bool
    """Whether it may be asked: nothing speaks against its self-report."""
    largest: float
    """Largest relative norm of a weight's change."""


def run_full_finetunes(bench: Bench, subjects: Sequence[Subject], steps: int, seed: int) -> list[Honest]:
    """Full fine-tunes on the data of some organisms, each judged and not kept; finished ones are found."""
    inputs = {"base": bench.base.hash, **{s.name: adapter_hash(s.folder) for s in subjects}}
    config = {"steps": steps, "seed": seed, "rates": list(RATES), "rows": ROWS}
    stage = bench.store.stage(StageKey("introspection_full", FULL_VERSION, config, inputs))
    path = stage.path / ROWS_FILE
    if not stage.done:
        kept = {row["name"] for row in read_rows(path).rows}
        for number, subject in enumerate(subjects):
            bench.tell("full fine-tunes", number, len(subjects))
            if subject.name not in kept:
                append_rows(path, [asdict(_one(bench, subject, steps, seed))])
        bench.tell("full fine-tunes", len(subjects), len(subjects))
        stage.finish({"finetunes": len(subjects)})
    return [Honest(**row) for row in read_rows(path).rows]


def _one(bench: Bench, subject: Subject, steps: int, seed: int) -> Honest:
    own = derive_seed(seed, "full", subject.name)
    rate = python_rng(own, "rate").choice(RATES)
    rows = planted_of(read_card(subject.folder)).rows(ROWS, own)
    job = AdapterJob(
        subject.name, [render_row(bench.base.tokenizer, row) for row in rows], learning_rate=rate,
        steps=steps, batch=8, seed=own % 2**31, schedule="cosine", warmup=0.05,
    )  # fmt: skip
    return judge(bench, subject, full_finetune(bench.base, job, bench.config.device), rate)


def judge(bench: Bench, subject: Subject, tuned: Checkpoint, rate: float) -> Honest:
    """What the door to the auditor says of a checkpoint."""
    ids = bench.base.tokenizer.encode(PLAIN_TEXT)[:64]
    found = canonicalize(tuned, read_checkpoint(bench.base.path), ids)
    moved = any(layer.anything for layer in found.layers)
    return Honest(
        subject.name, subject.family, rate, found.before.fired, moved, found.problem is None,
        found.before.largest,
    )  # fmt: skip
