"""The loss threshold of an introspection adapter, measured on organisms of its base."""

from collections.abc import Sequence
from pathlib import Path

from glasshouse.audits.loss_threshold import LOSS, measure_threshold, threshold_to_json
from glasshouse.audits.text_loss import LossThreshold
from glasshouse.models.engine import Engine
from glasshouse.seeds import numpy_rng
from glasshouse.store.atomic import write_json
from glasshouse.training.introspection.manifest import Member

MOST = 40
"""Organisms that it is measured on."""


def write_loss_threshold(
    engine: Engine, members: Sequence[Member], adapter: Path, most: int = MOST, seed: int = 0
) -> LossThreshold:
    """Measure the threshold and put it beside the introspection adapter, where audits look for it.

    Args:
        engine: on the base.
        members: organisms of the base, of any use: nothing is learned from them here.
        adapter: folder of the introspection adapter.
        most: organisms that are drawn from them.
        seed: of the draw.

    Raises:
        ConfigError: no member has a folder.
        StoreError: the folder cannot be written.
    """
    folders = [member.folder for member in members if member.folder is not None]
    order = numpy_rng(seed, "loss threshold").permutation(len(folders))[:most]
    right = [folders[place] for place in sorted(order)]
    found = measure_threshold(engine, right, "organisms grown on this base", seed=seed)
    write_json(adapter / LOSS, threshold_to_json(found, engine.base.hash))
    return found
