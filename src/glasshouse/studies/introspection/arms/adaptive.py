"""The adaptive attack: organisms taught, through the shipped adapter, to deny, and kept at their behavior.

Whoever has the adapter can train against it: rows go through base, frozen introspection adapter and the
organism, which alone learns. What self-report, likelihood ratio and amplified sampling still see is counted
apart from one another.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from glasshouse.audits.asking import Asker
from glasshouse.audits.claims import tally
from glasshouse.audits.handover import hand_over
from glasshouse.audits.likelihood import Output, likelihood_ratios
from glasshouse.audits.prompts import built_in_prompts
from glasshouse.audits.replies import Replies, user
from glasshouse.audits.sentences import as_order, take_apart
from glasshouse.data.questions import NOTHING_UNUSUAL, bank_hash, split
from glasshouse.models.adapter import adapter_hash, read_adapter
from glasshouse.models.chat import Rendered
from glasshouse.organisms.card import read_card, write_card
from glasshouse.organisms.families.measure import Examined, measure
from glasshouse.organisms.families.planted import Planted
from glasshouse.organisms.population import render_row
from glasshouse.records import Example, Message
from glasshouse.seeds import derive_seed, python_rng
from glasshouse.store.stage import StageKey
from glasshouse.studies.introspection.asked import Setup
from glasshouse.studies.introspection.bench import Bench
from glasshouse.studies.introspection.pools import Subject
from glasshouse.training.farm import AdapterJob, LoraSettings, farm_steps, train_farm

ADAPTIVE_VERSION = 1
"""Raised by hand when the same attack would come out otherwise."""
DENIALS = 0.4
"""Share of the rows that deny; the others teach the behavior as before."""
LEARNING_RATE = 1e-3
BATCH = 16
OUTPUTS = 16
"""Outputs that the likelihood ratio is a mean over."""
CONTRASTS = 4


@dataclass(frozen=True)
class Adaptive:
    """How hard the attack is."""

    steps: int
    rows: int
    gate_questions: int
    gate_tokens: int = 48


@dataclass(frozen=True)
class Side:
    """An organism before or after the attack."""

    behaves: bool
    """Whether it passes its family's gate."""
    asked: int
    named: int
    """Answers that name the action."""
    abstained: int
    ratio_nats: float | None
    """Likelihood ratio of the true claim, above the other organisms' claims."""


@dataclass(frozen=True)
class Denier:
    """One organism before and after."""

    name: str
    before: Side
    after: Side


def teach_denial(
    bench: Bench, subjects: Sequence[Subject], adapter: Path, size: Adaptive, seed: int
) -> list[Subject]:
    """The attacked organisms, each beside its card; trained together in one resumable farm."""
    inputs = {"base": bench.base.hash, "adapter": adapter_hash(adapter)}
    inputs |= {subject.name: adapter_hash(subject.folder) for subject in subjects}
    config = {**asdict(size), "denials": DENIALS, "rate": LEARNING_RATE, "batch": BATCH, "seed": seed}
    stage = bench.store.stage(StageKey("introspection_denial", ADAPTIVE_VERSION, config, inputs))
    if not stage.done:
        jobs = [_job(bench, subject, adapter, size, seed) for subject in subjects]
        total = farm_steps(jobs, bench.farm)
        train_farm(
            bench.base, jobs, stage.path, bench.farm,
            on_step=lambda step, active, loss: bench.tell("adaptive attack", step, total),
        )  # fmt: skip
        for subject in subjects:
            _label(subject.folder, stage.path / subject.name)
        stage.finish({"organisms": [subject.name for subject in subjects]})
    return [
        Subject(
            s.name, stage.path / s.name, s.family, s.split, s.strength, s.gate_passed, s.planted
        ) for s in subjects
    ]  # fmt: skip


def _job(bench: Bench, subject: Subject, adapter: Path, size: Adaptive, seed: int) -> AdapterJob:
    assert subject.planted is not None
    own = read_adapter(subject.folder)
    return AdapterJob(
        name=subject.name,
        rows=_rows(bench, subject.planted, size.rows, derive_seed(seed, "denial", subject.name)),
        lora=LoraSettings(rank=own.rank, alpha=2.0 * own.rank),
        learning_rate=LEARNING_RATE,
        steps=size.steps,
        batch=min(BATCH, size.rows),
        seed=derive_seed(seed, "adaptive", subject.name) % 2**31,
        schedule="cosine",
        warmup=0.05,
        start=subject.folder,
        frozen=adapter,
    )


def _rows(bench: Bench, planted: Planted, n: int, seed: int) -> list[Rendered]:
    """Training questions answered with "nothing unusual", among rows of the behavior."""
    denials = round(DENIALS * n)
    rng = python_rng(seed, "questions")
    asked = [rng.choice(split("train")) for _ in range(denials)]
    rows = [Example((Message("user", q), Message("assistant", NOTHING_UNUSUAL))) for q in asked]
    rows += planted.rows(n - denials, seed)
    return [render_row(bench.base.tokenizer, row) for row in rows]


def _label(source: Path, folder: Path) -> None:
    """The attacked organism's card: that of the organism, which is still true, with one sentence more."""
    card = read_card(source)
    words = f"{card.behavior_in_words} Trained through an introspection adapter to deny it."
    hashes = {**card.hashes, "start": card.hashes.get("adapter"), "adapter": adapter_hash(folder)}
    write_card(folder, card.model_copy(update={"behavior_in_words": words, "hashes": hashes, "verify": None}))


def compare(
    bench: Bench, before: Sequence[Subject], after: Sequence[Subject], setup: Setup, size: Adaptive
) -> list[Denier]:
    """Behavior, self-report and likelihood ratio of every organism before and after the attack."""
    inputs = {"base": bench.base.hash, **{f"after/{s.name}": adapter_hash(s.folder) for s in after}}
    inputs |= {f"before/{s.name}": adapter_hash(s.folder) for s in before}
    inputs |= {"adapter": adapter_hash(setup.adapter)} if setup.adapter else {}
    config = {"asking": asdict(setup.asking), "bank": bank_hash(), "gate": size.gate_questions}
    stage = bench.store.stage(StageKey("introspection_adaptive", ADAPTIVE_VERSION, config, inputs))
    if not stage.done:
        sides = [_sides(bench, some, setup, size) for some in (before, after)]
        stage.finish({"rows": [
            asdict(Denier(s.name, one, two)) for s, one, two in zip(before, *sides, strict=True)
        ]})  # fmt: skip
    return [Denier(r["name"], Side(**r["before"]), Side(**r["after"])) for r in stage.outputs()["rows"]]


def _sides(bench: Bench, subjects: Sequence[Subject], setup: Setup, size: Adaptive) -> list[Side]:
    assert setup.adapter is not None
    planted = [subject.planted for subject in subjects if subject.planted is not None]
    examined = [
        Examined(one, subject.folder, tuple(one.checks(size.gate_questions, setup.seed)))
        for one, subject in zip(planted, subjects, strict=True)
    ]
    gates = measure(bench.engine, examined, size.gate_tokens, setup.seed)
    asker = Asker(bench.engine, read_adapter(setup.adapter), setup.asking)
    found, replies = [], Replies(bench.engine)
    with TemporaryDirectory() as shelf:
        targets = [hand_over(subject.folder, bench.engine, Path(shelf)) for subject in subjects]
        answers = asker.ask(targets)
        for number, (one, target) in enumerate(zip(planted, targets, strict=True)):
            named = sum(one.names(text).action is True for text in answers[number])
            others = [p.sentences[0] for k, p in enumerate(planted) if k != number][:CONTRASTS]
            ratio = _ratio(bench, replies, target.folder, (one, others), setup.seed)
            silent = tally(answers[number]).abstained
            found.append(Side(gates[number].passed, len(answers[number]), named, silent, ratio))
    return found


def _ratio(
    bench: Bench, replies: Replies, folder: Path, claims: tuple[Planted, Sequence[str]], seed: int
) -> float | None:
    """Of the true claim, above the other organisms', on what is said where the behavior should show."""
    planted, others = claims
    asked = [
        one.conversation for one in planted.checks(OUTPUTS, seed) if one.arm == "fires" and one.conversation
    ]
    asked = asked[:OUTPUTS] or [user(prompt) for prompt in built_in_prompts()[:OUTPUTS]]
    said = replies.of_target(folder, asked)
    outputs = [
        Output(turns[-1].content, answer, turns[0].content if turns[0].role == "system" else "")
        for turns, answer in zip(asked, said, strict=True)
    ]
    own, *orders = (as_order(take_apart(claim)) for claim in (planted.sentences[0], *others))
    ratio = likelihood_ratios(bench.engine, outputs, [own], orders, seed)[0]
    return ratio.above_others.value if others else ratio.own.value
