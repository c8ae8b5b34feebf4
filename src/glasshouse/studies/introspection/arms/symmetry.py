"""The symmetry attack: organisms merged into the base, moved to other coordinates, and asked three ways.

Merrill and Medley, "Symmetry Defeats Auditing" (https://arxiv.org/abs/2605.27836).
Differs from the paper: every change of basis that `models.symmetry` knows at once, and the answers of one
organism to the same questions with the same seeds are paired.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from glasshouse.audits.asking import Asker
from glasshouse.audits.handover import hand_over
from glasshouse.audits.target import Target
from glasshouse.data.questions import bank_hash
from glasshouse.errors import ModelError
from glasshouse.models.adapter import adapter_hash, read_adapter
from glasshouse.models.base import open_base
from glasshouse.models.engine import Engine
from glasshouse.models.merged import Checkpoint, merge_adapter, read_checkpoint, write_checkpoint
from glasshouse.models.symmetry import CHANGES, attack
from glasshouse.organisms.families.planted import Planted
from glasshouse.seeds import derive_seed, numpy_rng
from glasshouse.store.jsonl import append_rows, read_rows
from glasshouse.store.stage import StageKey
from glasshouse.studies.introspection.asked import Setup
from glasshouse.studies.introspection.bench import Bench
from glasshouse.studies.introspection.pools import Subject

SYMMETRY_VERSION = 1
"""Raised by hand when the same attack would come out otherwise."""
ROWS = "pairs.jsonl"


@dataclass(frozen=True)
class Attacked:
    """One organism, asked three ways; verdicts are in the order of the answers."""

    name: str
    plain: tuple[bool, ...]
    """Merged into the base: whether each answer names the action."""
    attacked: tuple[bool, ...]
    """The same in other coordinates, taken as it is."""
    restored: tuple[bool, ...]
    """The same, moved back into the base's coordinates; empty where that was refused."""
    alarm: bool
    """Whether the attacked checkpoint was seen to be in other coordinates."""
    beyond: str
    """What became of a checkpoint whose change cannot be undone: `inconclusive`, `refused` or `trusted`."""

    @property
    def refused(self) -> bool:
        """Whether the attacked checkpoint could not be moved back and was not asked."""
        return not self.restored and bool(self.plain)

    @property
    def after_restoring(self) -> tuple[bool, ...]:
        """The answers after moving it back, as many as the merged organism's; a refusal names nothing."""
        return (False,) * len(self.plain) if self.refused else self.restored


def run_symmetry(bench: Bench, subjects: Sequence[Subject], setup: Setup) -> list[Attacked]:
    """Every organism attacked; finished ones are found again."""
    inputs = {"base": bench.base.hash, **{s.name: adapter_hash(s.folder) for s in subjects}}
    inputs |= {"adapter": adapter_hash(setup.adapter)} if setup.adapter else {}
    config = {"asking": asdict(setup.asking), "bank": bank_hash(), "changes": list(CHANGES)}
    stage = bench.store.stage(StageKey("introspection_symmetry", SYMMETRY_VERSION, config, inputs))
    path = stage.path / ROWS
    if not stage.done:
        kept = {row["name"] for row in read_rows(path).rows}
        for number, subject in enumerate(subjects):
            bench.tell("symmetry attack", number, len(subjects))
            if subject.name not in kept:
                append_rows(path, [asdict(_attack(bench, subject, setup))])
        bench.tell("symmetry attack", len(subjects), len(subjects))
        stage.finish({"targets": len(subjects)})
    return [_from(row) for row in read_rows(path).rows]


def _from(row: dict[str, Any]) -> Attacked:
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in row.items()
    }
    return Attacked(**values)


def _attack(bench: Bench, subject: Subject, setup: Setup) -> Attacked:
    assert subject.planted is not None
    assert setup.adapter is not None
    trusted = read_checkpoint(bench.base.path)
    merged = merge_adapter(trusted, read_adapter(subject.folder))
    seed = derive_seed(setup.seed, "symmetry", subject.name)
    with TemporaryDirectory() as name:
        work = Path(name)
        places = {"plain": merged, "attacked": attack(merged, CHANGES, seed), "beyond": turn(merged, seed)}
        for place, checkpoint in places.items():
            write_checkpoint(work / place, checkpoint, bench.base.path)
        back = _hand_over(bench, work / "attacked", work)
        restored = (
            Asker(bench.engine, read_adapter(setup.adapter), setup.asking).ask([back])[0]
            if isinstance(back, Target) else []
        )  # fmt: skip
        beyond = _hand_over(bench, work / "beyond", work)
        return Attacked(
            subject.name,
            _right(subject.planted, _ask_model(bench, work / "plain", setup)),
            _right(subject.planted, _ask_model(bench, work / "attacked", setup)),
            _right(subject.planted, restored),
            isinstance(back, Target) and _is_tampered(back),
            _outcome(beyond),
        )


def _hand_over(bench: Bench, folder: Path, work: Path) -> Target | ModelError:
    try:
        return hand_over(folder, bench.engine, work / "shelf")
    except ModelError as error:
        return error


def _is_tampered(target: Target) -> bool:
    canonical = target.provenance.get("canonical") or {}
    return bool(target.distrust) or bool(canonical.get("tampered"))


def _outcome(found: Target | ModelError) -> str:
    """What an audit makes of it: self-report of a target that is not trusted decides nothing."""
    if isinstance(found, ModelError):
        return "refused"
    return "inconclusive" if found.distrust else "trusted"


def _ask_model(bench: Bench, folder: Path, setup: Setup) -> list[str]:
    """A whole checkpoint asked as it is, with the introspection adapter on it."""
    assert setup.adapter is not None
    engine = Engine(open_base(folder, bench.config), bench.config)
    return Asker(engine, read_adapter(setup.adapter), setup.asking).ask([None])[0]


def _right(planted: Planted, answers: Sequence[str]) -> tuple[bool, ...]:
    return tuple(planted.names(text).action is True for text in answers)


def turn(checkpoint: Checkpoint, seed: int) -> Checkpoint:
    """The same function in a residual stream whose coordinates are permuted: nothing puts that back here.

    Every matrix that reads the stream has its columns permuted, every one that writes to it its rows.
    """
    width = int(checkpoint.weights["model.embed_tokens.weight"].shape[1])
    order = torch.from_numpy(numpy_rng(seed, "residual").permutation(width))
    weights = {}
    for name, tensor in checkpoint.weights.items():
        part = name.removesuffix(".weight").rsplit(".", 1)[-1]
        if tensor.ndim == 1:
            weights[name] = tensor[order] if _is_in_stream(name, part) else tensor
        elif part in ("o_proj", "down_proj"):
            weights[name] = tensor[order]
        else:
            weights[name] = tensor[:, order]
    return Checkpoint(checkpoint.config, weights)


def _is_in_stream(name: str, part: str) -> bool:
    """Whether a vector has an entry per coordinate of the residual stream."""
    gain = part.endswith("norm") and part not in ("q_norm", "k_norm")
    return gain or name.endswith(("o_proj.bias", "down_proj.bias"))
