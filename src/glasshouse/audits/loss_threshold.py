"""How much worse an adapter may make plain text: measured on right and wrong adapters of this very base.

Right ones are known adapters of the base. Wrong ones are copies of them in other coordinates: an adapter of
another base of the same shapes stands to this one as if the places of its numbers had been mixed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor

from glasshouse.audits.text_loss import PLAIN_TEXT, LossThreshold, calibrate_threshold, text_loss
from glasshouse.errors import ConfigError
from glasshouse.models.adapter import Adapter, read_adapter, write_adapter
from glasshouse.models.engine import Engine
from glasshouse.seeds import derive_seed

LOSS = "loss.json"
"""File beside an introspection adapter."""
COPIES = 2
"""Wrong copies of each right adapter."""
AT_ONCE = 16
"""Right adapters whose copies lie on the disk together."""


def mixed_up(adapter: Adapter, seed: int) -> Adapter:
    """The adapter with the inputs and outputs of every layer in another order.

    Its norms and ranks stay; what it has to do with the base's weights is gone.
    """
    weights = {
        name: (a[:, _order(a.shape[1], seed, name, "in")], b[_order(b.shape[0], seed, name, "out")])
        for name, (a, b) in adapter.weights.items()
    }
    return replace(adapter, weights=weights)


def _order(size: int, seed: int, *name: str) -> Tensor:
    generator = torch.Generator().manual_seed(derive_seed(seed, "mixed up", *name))
    return torch.randperm(size, generator=generator)


def measure_threshold(
    engine: Engine, right: Sequence[Path], how: str, text: str = PLAIN_TEXT, seed: int = 0
) -> LossThreshold:
    """The threshold between known adapters of a base and their mixed-up copies.

    Args:
        engine: on the base.
        right: PEFT folders that were trained on it, at least one.
        how: what they are, in words; it stands in every result.
        text: that the loss is measured on.
        seed: of the copies.

    Raises:
        ConfigError: there is no right adapter.
        ModelError: one does not fit the base.
    """
    if not right:
        raise ConfigError("A threshold needs adapters that belong to the base.", "Give some PEFT folders.")
    good: list[float] = []
    bad: list[float] = []
    for first in range(0, len(right), AT_ONCE):
        some = right[first : first + AT_ONCE]
        with TemporaryDirectory() as name:
            copies = _copies(some, Path(name), engine.base.name, derive_seed(seed, "copies", first))
            (without, *losses), _ = text_loss(engine, text, [None, *some, *copies])
        good += [loss - without for loss in losses[: len(some)]]
        bad += [loss - without for loss in losses[len(some) :]]
    words = f"{how}: {len(good)} on their base, and {len(bad)} copies of them in other coordinates"
    return calibrate_threshold(good, bad, words)


def _copies(right: Sequence[Path], shelf: Path, base_name: str, seed: int) -> list[Path]:
    found = []
    for number, folder in enumerate(right):
        adapter = read_adapter(folder)
        for copy in range(COPIES):
            place = shelf / f"{number}-{copy}"
            write_adapter(place, mixed_up(adapter, derive_seed(seed, number, copy)), base_name)
            found.append(place)
    return found


def threshold_to_json(threshold: LossThreshold, base_hash: str) -> dict[str, Any]:
    """The threshold as it lies beside an introspection adapter."""
    right, wrong = list(threshold.right), list(threshold.wrong)
    return {"base_hash": base_hash, "how": threshold.how, "right": right, "wrong": wrong}


def threshold_from_json(value: Any, base_hash: str) -> LossThreshold:
    """The same again; the threshold is computed anew from the differences.

    Raises:
        ConfigError: it is none, or of another base.
    """
    keys = ("base_hash", "how", "right", "wrong")
    if not isinstance(value, Mapping) or any(key not in value for key in keys):
        raise ConfigError("The loss threshold beside the adapter is damaged.", "Make it again.")
    if value["base_hash"] != base_hash:
        raise ConfigError("The loss threshold beside the adapter is of another base.", "Make it again.")
    right, wrong = ([float(x) for x in value[key]] for key in ("right", "wrong"))
    return calibrate_threshold(right, wrong, str(value["how"]))
