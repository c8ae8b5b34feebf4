"""Whose engine a target speaks through: the base's under an adapter, or one on the target's whole weights."""

import gc
from dataclasses import dataclass
from pathlib import Path

import torch

from glasshouse.models.adapter import CONFIG
from glasshouse.models.base import open_base
from glasshouse.models.engine import Engine


@dataclass(frozen=True)
class Voice:
    """How one model is asked."""

    engine: Engine
    adapter: Path | None
    """PEFT folder on the engine's weights; None: these weights alone."""


def is_whole(folder: Path) -> bool:
    """Whether a folder of the auditor's holds whole weights and no adapter."""
    return (folder / "config.json").is_file() and not (folder / CONFIG).is_file()


class Voices:
    """Finds the engine for a target.

    Whole weights get an engine of their own, made when first asked for and freed for the next target: beside
    the base there is never more than one such copy in memory, in the base's dtype and on its device.

    Args:
        engine: on the base.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._held: tuple[Path, Engine] | None = None

    def of(self, folder: Path | None) -> Voice:
        """The voice of a target's folder; None is the bare base.

        Raises:
            ModelError: the whole weights cannot be loaded.
        """
        if folder is None or not is_whole(folder):
            return Voice(self.engine, folder)
        own = self.own(folder)
        assert own is not None
        return Voice(own, None)

    def own(self, folder: Path) -> Engine | None:
        """The engine on a target's whole weights; None where the target is an adapter.

        Raises:
            ModelError: the weights cannot be loaded.
        """
        if not is_whole(folder):
            return None
        if self._held is None or self._held[0] != folder:
            self.free()
            base = open_base(folder, self.engine.config)
            self._held = folder, Engine(base, self.engine.config)
        return self._held[1]

    def free(self) -> None:
        """Let the copy of the last target's weights go."""
        if self._held is None:
            return
        self._held = None
        gc.collect()
        if self.engine.device.type == "cuda":
            torch.cuda.empty_cache()
