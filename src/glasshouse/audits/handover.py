"""The door to the auditor: weights and scaling go through, under a neutral name, and nothing else."""

from pathlib import Path

from torch import nn

from glasshouse.audits.target import Target, changes_nothing
from glasshouse.errors import ModelError
from glasshouse.models.adapter import adapter_hash, check_fits, read_adapter, write_adapter
from glasshouse.models.base import Base


def hand_over(folder: Path, base: Base, shelf: Path) -> Target:
    """An adapter as the auditor gets it: written anew on the shelf, named by the hash of its weights.

    Cards, READMEs, folder names, training settings and the metadata of files do not go through.

    Args:
        folder: PEFT folder.
        base: that it is said to belong to.
        shelf: where the neutral copies lie.

    Raises:
        ModelError: it is corrupt, holds NaN, belongs to another base, has a rank that its layers cannot have,
            is of a kind that is not supported, or changes nothing.
    """
    adapter = read_adapter(folder)
    layers = {n: m for n, m in base.model.named_modules() if isinstance(m, nn.Linear)}
    check_fits(adapter, {n: (m.out_features, m.in_features) for n, m in layers.items()}, folder)
    for name, (a, b) in adapter.weights.items():
        if a.shape[0] > min(a.shape[1], b.shape[0]):
            raise ModelError(
                f"{folder} has rank {a.shape[0]} at {name}, more than the layer's width.",
                "Merge it into its base and give the full checkpoint.",
            )
    if changes_nothing(adapter):
        raise ModelError(f"{folder} changes nothing: each of its products is zero.", "Is it untrained?")
    place = shelf / "incoming"
    write_adapter(place, adapter, "base")
    digest = adapter_hash(place)
    kept = shelf / digest
    if not kept.exists():
        place.rename(kept)
    provenance = {"kind": "LoRA adapter", "rank": adapter.rank, "layers": len(adapter.weights)}
    return Target(kept, digest, provenance=provenance)
