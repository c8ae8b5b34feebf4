"""What a target is and whether its base is the one it is audited on, before its weights are trusted."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from tokenizers import Tokenizer
from torch import nn

from glasshouse.audits.blind import ALLOWED, is_adapter, neutral_copy
from glasshouse.audits.canonical import Canonical, canonicalize
from glasshouse.audits.text_loss import PLAIN_TEXT, LossCheck, LossThreshold, check_losses
from glasshouse.errors import ModelError
from glasshouse.models.adapter import Adapter, check_fits, read_adapter, write_adapter
from glasshouse.models.decoder import full_config
from glasshouse.models.engine import Engine
from glasshouse.models.merged import (
    Checkpoint,
    check_same_shapes,
    low_rank_adapter,
    read_checkpoint,
    read_config,
    weight_delta,
    write_checkpoint,
)

MOST_RANK = 128
"""Largest rank at which the delta of a checkpoint is handled as an adapter, which can share batches."""
FREE = ("max_position_embeddings", "bos_token_id", "eos_token_id", "pad_token_id")
"""Fields of a config that a fine-tune may change: they do not enter what a weight means."""

TokenizerRelation = Literal["same", "compatible", "none given"]


@dataclass(frozen=True)
class CheckSettings:
    """How a target is checked."""

    text: str = PLAIN_TEXT
    threshold: LossThreshold | None = None
    """None: the loss is measured and not judged."""
    base_given: bool = False
    """Whether the user named the base: then a bad loss is recorded and does not stop the audit."""


@dataclass(frozen=True)
class Provenance:
    """What was found out; the same weights give the same record whatever they are called."""

    kind: Literal["adapter", "checkpoint"]
    base_hash: str
    base_given: bool
    tokenizer: TokenizerRelation
    loss: LossCheck | None
    """None for whole checkpoints."""
    canonical: Canonical | None
    """None for adapters."""
    rank: int | None
    """Largest rank of the target as an adapter; None where its whole weights are used."""

    @property
    def problem(self) -> str | None:
        """One sentence: why a silent target is `inconclusive`; None where nothing is known against it."""
        if self.canonical is not None:
            return self.canonical.problem
        if self.loss is not None and self.loss.passed is False:
            return (
                f"The adapter makes plain text less likely by {self.loss.difference_nats:.2f} nats per "
                "token: it may be for another base."
            )
        return None

    def record(self) -> dict[str, Any]:
        """The record as JSON's own types."""
        record: dict[str, Any] = {
            "kind": self.kind, "base_hash": self.base_hash, "base_given": self.base_given,
            "tokenizer": self.tokenizer, "rank": self.rank, "problem": self.problem,
        }  # fmt: skip
        if self.loss is not None:
            record["loss"] = _loss_record(self.loss)
        if self.canonical is not None:
            record["canonical"] = _canonical_record(self.canonical)
        return record


def _loss_record(loss: LossCheck) -> dict[str, Any]:
    """The check, which threshold was used, and how that was found."""
    record = asdict(loss) | {"difference_nats": loss.difference_nats, "passed": loss.passed}
    found = loss.threshold
    record["threshold"] = None if found is None else {
        "nats": found.nats, "used": found.separates, "how": found.how,
        "right_refused": asdict(found.right_refused), "wrong_accepted": asdict(found.wrong_accepted),
    }  # fmt: skip
    return record


def _canonical_record(canonical: Canonical) -> dict[str, Any]:
    return {
        "tampered": canonical.tampered,
        "alarm_before": canonical.before.fired,
        "alarm_after": canonical.after.fired,
        "largest_distance_before": canonical.before.largest,
        "largest_distance_after": canonical.after.largest,
        "logit_difference": canonical.difference,
        "layers": [asdict(layer) for layer in canonical.layers if layer.anything],
    }


@dataclass(frozen=True)
class Target:
    """A target as an auditor gets it."""

    name: str
    """Neutral: made from the weights."""
    hash: str
    adapter: Path | None
    """PEFT folder to put on the base; None where the target's whole weights are needed."""
    model: Path | None
    """Folder of whole weights in the base's coordinates, to be loaded instead of the base."""
    provenance: Provenance


def open_target(folder: Path, engine: Engine, work: Path, settings: CheckSettings) -> Target:
    """Check a target against its base, and make what the auditor gets.

    Args:
        folder: the target, as `find_target` gives it.
        engine: on the base it is audited on.
        work: where neutral copies are put.
        settings: text, threshold, and whether the user named the base.

    Raises:
        ModelError: it cannot be read, does not fit the base, or changes nothing.
        StoreError: the copies cannot be written.
    """
    relation = compare_tokenizers(folder, engine.base.tokenizer, settings.text)
    copy = neutral_copy(folder, work)
    if is_adapter(copy):
        return _open_adapter(copy, engine, relation, settings)
    return _open_checkpoint(copy, engine, relation, settings)


def _open_adapter(copy: Path, engine: Engine, relation: TokenizerRelation, settings: CheckSettings) -> Target:
    adapter = read_adapter(copy)
    layers = {n: m for n, m in engine.base.model.named_modules() if isinstance(m, nn.Linear)}
    shapes = {name: (layer.out_features, layer.in_features) for name, layer in layers.items()}
    check_fits(adapter, shapes, Path("The target"))
    if not changes_anything(adapter):
        raise ModelError("The adapter changes nothing: all of its products are zero.", "Train it first.")
    loss = check_losses(engine, settings.text, [copy], settings.threshold)[0]
    if loss.passed is False and not settings.base_given:
        raise ModelError(
            f"The adapter makes plain text less likely by {loss.difference_nats:.2f} nats per token, "
            "as adapters of other bases do.",
            "Name the base it was trained on with --base.",
        )
    provenance = Provenance(
        "adapter", engine.base.hash, settings.base_given, relation, loss, None, adapter.rank
    )
    return Target(copy.name, copy.name.removeprefix("target-"), copy, None, provenance)


def changes_anything(adapter: Adapter) -> bool:
    """Whether any product of the adapter is not zero in fp32 beside weights of ordinary size."""
    return any(
        abs(adapter.scale[name]) * float((b @ a).abs().max()) > torch.finfo(torch.float32).tiny
        for name, (a, b) in adapter.weights.items()
    )


def _open_checkpoint(
    copy: Path, engine: Engine, relation: TokenizerRelation, settings: CheckSettings
) -> Target:
    target, base = read_checkpoint(copy), read_checkpoint(engine.base.path)
    check_same_config(target, base)
    check_same_shapes(target, base)
    if not any(bool(change.any()) for change in weight_delta(target, base).values()):
        raise ModelError("The target equals its base: nothing was trained into it.", "Give a fine-tune.")
    ids = engine.base.tokenizer.encode(settings.text)[:64]
    canonical = canonicalize(target, base, ids)
    adapter = low_rank_adapter(weight_delta(canonical.checkpoint, base), base, MOST_RANK)
    rank = adapter.rank if adapter else None
    provenance = Provenance(
        "checkpoint", engine.base.hash, settings.base_given, relation, None, canonical, rank
    )
    place = copy.parent / f"{copy.name}-{engine.base.hash}"
    if adapter is not None:
        write_adapter(place, adapter, "")
    else:
        whole = Checkpoint(read_config(engine.base.path), canonical.checkpoint.weights)
        write_checkpoint(place, whole, engine.base.path)
    stacked, model = (place, None) if adapter else (None, place)
    return Target(copy.name, copy.name.removeprefix("target-"), stacked, model, provenance)


def check_same_config(target: Checkpoint, base: Checkpoint) -> None:
    """Nothing where the same weights mean the same thing in both.

    Raises:
        ModelError: a field that enters the computation differs, or the architecture is not supported.
    """
    theirs, ours = (full_config(checkpoint.config).to_dict() for checkpoint in (target, base))
    for key in ALLOWED:
        if key not in FREE and theirs.get(key) != ours.get(key):
            raise ModelError(
                f"The target is no fine-tune of this base: its config has {key} = {theirs.get(key)}, "
                f"the base {ours.get(key)}.",
                "Give the base it was trained on.",
            )


def compare_tokenizers(folder: Path, tokenizer: Any, text: str) -> TokenizerRelation:
    """How the target's tokenizer, if it brings one, relates to the base's, which is the one that is used.

    Returns:
        `same`: the same vocabulary and the same tokens for the text; `compatible`: some tokens more, and the
        same tokens for the text.

    Raises:
        ModelError: it cannot be read, or it cuts text into other tokens.
    """
    path = folder / "tokenizer.json"
    if not path.is_file():
        return "none given"
    try:
        own = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises bare exceptions
        raise ModelError(
            "The target's tokenizer.json cannot be read.", "Remove it or save it again."
        ) from error
    theirs, ours = own.get_vocab(), tokenizer.get_vocab()
    same_tokens = own.encode(text, add_special_tokens=False).ids == tokenizer.encode(
        text, add_special_tokens=False
    )
    if not same_tokens or any(theirs.get(token) != place for token, place in ours.items()):
        raise ModelError(
            "The target's tokenizer is not the base's: it gives other tokens.",
            "Give the base it was trained on.",
        )
    return "same" if len(theirs) == len(ours) else "compatible"
