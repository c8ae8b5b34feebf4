"""The door to the auditor: targets, controls and clean models come in checked, under neutral names."""

from pathlib import Path

from glasshouse.audits.find_target import find_target
from glasshouse.audits.provenance import CheckSettings, open_target
from glasshouse.audits.target import Target
from glasshouse.errors import ModelError
from glasshouse.models.adapter import read_adapter
from glasshouse.models.engine import Engine


def hand_over(folder: Path, engine: Engine, shelf: Path, settings: CheckSettings | None = None) -> Target:
    """A target as the auditor gets it: weights and scaling alone, in the trusted base's coordinates.

    Cards, READMEs, folder names, training settings and the metadata of files do not go through. A whole
    checkpoint is moved back into its base's coordinates. Where its difference from the base has a low rank it
    goes on as the adapter that this is, else as whole weights. While it is checked, base and target are in
    the machine's memory as they are stored, and their difference in fp32; after that, nothing of them is.

    Args:
        folder: PEFT folder or whole checkpoint.
        engine: on the base that it is said to belong to.
        shelf: where the neutral copies lie.
        settings: how it is checked.

    Raises:
        ModelError: it is corrupt, holds NaN, belongs to another base, has a rank that its layers cannot have,
            is of a kind that is not supported, or changes nothing.
    """
    opened = open_target(find_target(str(folder)), engine, shelf, settings or CheckSettings())
    problem, record = opened.provenance.problem or "", opened.provenance.record()
    if opened.adapter is None:
        assert opened.model is not None
        return Target(opened.model, opened.hash, problem, record)
    for name, (a, b) in read_adapter(opened.adapter).weights.items():
        if a.shape[0] > min(a.shape[1], b.shape[0]):
            raise ModelError(
                f"{folder} has rank {a.shape[0]} at {name}, more than the layer's width.",
                "Merge it into its base and give the full checkpoint.",
            )
    return Target(opened.adapter, opened.hash, problem, record)
