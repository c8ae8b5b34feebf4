"""Blindness: card, README, folder name and config metadata of two organisms swapped change no finding."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from safetensors.torch import load_file, save_file

from glasshouse.audits.record import findings_text
from glasshouse.data.questions import bank_hash
from glasshouse.models.adapter import CONFIG, WEIGHTS, adapter_hash
from glasshouse.organisms.card import CARD_FILE, README_FILE
from glasshouse.store.hashing import json_hash
from glasshouse.store.stage import StageKey
from glasshouse.studies.introspection.asked import Setup, audited
from glasshouse.studies.introspection.bench import Bench
from glasshouse.studies.introspection.pools import Subject

BLINDNESS_VERSION = 1
"""Raised by hand when the same check would come out otherwise."""
SCALING = ("r", "lora_alpha", "use_rslora", "rank_pattern", "alpha_pattern", "target_modules")
"""Fields of adapter_config.json that decide what the weights do; every other one is swapped."""


@dataclass(frozen=True)
class Blind:
    """One organism audited under its own name and under the other's."""

    name: str
    own: str
    """Hash of the findings' bytes."""
    swapped: str
    findings: int

    @property
    def same(self) -> bool:
        """Whether the findings are the same bytes."""
        return self.own == self.swapped


def run_blindness(bench: Bench, pair: Sequence[Subject], setup: Setup, null: Path | None) -> list[Blind]:
    """Two organisms audited as they are, then with everything but their weights swapped; nothing is kept
    from one audit to the next.
    """
    inputs = {"base": bench.base.hash, **{s.name: adapter_hash(s.folder) for s in pair}}
    inputs |= {"adapter": adapter_hash(setup.adapter)} if setup.adapter else {}
    config = {"samples": setup.samples, "seed": setup.seed, "bank": bank_hash()}
    stage = bench.store.stage(StageKey("introspection_blindness", BLINDNESS_VERSION, config, inputs))
    if not stage.done:
        with TemporaryDirectory() as name:
            bench.tell("blindness", 0, 2)
            own = _texts(bench, pair, setup, null, Path(name) / "own")
            bench.tell("blindness", 1, 2)
            other = swapped(pair, Path(name) / "swapped")
            after = _texts(bench, other, setup, null, Path(name) / "again")
            bench.tell("blindness", 2, 2)
        rows = [[s.name, json_hash(a), json_hash(b), a.count('"claim"')]
                for s, a, b in zip(pair, own, after, strict=True)]  # fmt: skip
        stage.finish({"rows": rows})
    return [Blind(*row) for row in stage.outputs()["rows"]]


def _texts(
    bench: Bench, subjects: Sequence[Subject], setup: Setup, null: Path | None, out: Path
) -> list[str]:
    return [findings_text(one.result) for one in audited(bench, subjects, setup, null, out)]


def swapped(pair: Sequence[Subject], out: Path) -> list[Subject]:
    """Copies in which each organism's weights stand under the other's name, card, README and metadata."""
    first, second = pair
    found = []
    for weights, dress in ((first, second), (second, first)):
        folder = out / dress.folder.name
        folder.mkdir(parents=True)
        for name in (CARD_FILE, README_FILE):
            if (dress.folder / name).is_file():
                shutil.copyfile(dress.folder / name, folder / name)
        tensors = load_file(weights.folder / WEIGHTS)
        save_file(tensors, folder / WEIGHTS, metadata={"format": "pt", "name": dress.name})
        (folder / CONFIG).write_text(json.dumps(_config(weights.folder, dress.folder), indent=1))
        found.append(
            Subject(
                dress.name,
                folder,
                dress.family,
                dress.split,
                dress.strength,
                dress.gate_passed,
                dress.planted,
            )
        )
    return found


def _config(weights: Path, dress: Path) -> dict[str, object]:
    """The other's config with the scaling of these weights."""
    own, other = (json.loads((folder / CONFIG).read_text()) for folder in (weights, dress))
    return {**other, **{key: own[key] for key in SCALING if key in own}, "revision": "swapped"}
