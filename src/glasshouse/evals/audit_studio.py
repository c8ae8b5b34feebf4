"""Where targets of an Inspect task are audited: base, auditors and weights, opened once in a thread."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from weakref import finalize

from glasshouse.audits.asking import AskingConfig
from glasshouse.audits.auditors.auditor import Auditor
from glasshouse.audits.auditors.opinion import Opinion
from glasshouse.audits.target import Target
from glasshouse.data.prompt_file import read_prompt_file
from glasshouse.errors import ConfigError
from glasshouse.evals.audit_success import SuccessSetup, check_training, check_weights, hand_all, look
from glasshouse.evals.audit_targets import Listed
from glasshouse.evals.make_auditor import LEARNING, Supplies, make_auditor, settings_hash
from glasshouse.models.base import EngineConfig, load_base
from glasshouse.models.engine import Engine
from glasshouse.training.introspection.manifest import read_manifest


@dataclass(frozen=True)
class Order:
    """What a task asks for; everything a studio needs."""

    base: str
    targets: tuple[Listed, ...]
    clean: tuple[Listed, ...]
    adapter: str | None = None
    shuffled: str | None = None
    training: str | None = None
    """Manifest of the training population."""
    prompts: str | None = None
    """Ordinary questions as .jsonl; None: those that come with the package."""
    samples: int = 2
    max_tokens: int = 48
    seed: int = 0
    journal: str | None = None


class Studio:
    """Forms opinions; all methods are called from one thread at a time.

    Raises:
        ModelError: the base or a target cannot be used.
        ConfigError: a file cannot be read, or the clean pool overlaps with the targets.
    """

    def __init__(self, order: Order, config: EngineConfig | None = None) -> None:
        settings = config or EngineConfig()
        self.order, self._shelf = order, Path(mkdtemp(prefix="glasshouse-audit-"))
        finalize(self, shutil.rmtree, self._shelf, True)
        self.engine = Engine(load_base(order.base, settings), settings)
        self._settings: dict[str, str] = {}
        journal = Path(order.journal) if order.journal else None
        self._setup = SuccessSetup(self.engine, journal=journal, settings=self._settings)
        handed = hand_all([*order.targets, *order.clean], self.engine, self._shelf)
        self._targets, self._clean = handed[: len(order.targets)], handed[len(order.targets) :]
        check_weights(self._targets, self._clean)
        self._auditors: dict[str, tuple[Auditor, list[float]]] = {}

    def look(self, name: str, places: Sequence[int]) -> tuple[list[Opinion], list[float]]:
        """An auditor's opinions of some targets by their place in the list, and its scores of the clean pool.

        Raises:
            ConfigError: there is no such auditor, what it needs was not given, or it learned from a target.
            ModelError: a target cannot be used with this base.
        """
        auditor, null = self._auditor(name)
        return self._look(auditor, [self._targets[place] for place in places]), null

    def _auditor(self, name: str) -> tuple[Auditor, list[float]]:
        if name not in self._auditors:
            supplies = self._supplies()
            if name in LEARNING:
                learned = [one.folder for one in supplies.training if one.folder is not None]
                check_training(learned, [*self._targets, *self._clean])
            auditor = make_auditor(name, supplies)
            self._settings[auditor.name] = settings_hash(name, supplies)
            null = [one.planted for one in self._look(auditor, self._clean)]
            self._auditors[name] = auditor, null
        return self._auditors[name]

    def _look(self, auditor: Auditor, targets: Sequence[Target]) -> list[Opinion]:
        return look(auditor, targets, self._setup)

    def _supplies(self) -> Supplies:
        order = self.order
        return Supplies(
            self.engine, self._shelf, order.adapter, order.shuffled,
            read_manifest(Path(order.training)) if order.training else (), read_questions(order.prompts),
            AskingConfig(order.samples, order.max_tokens, seed=order.seed),
        )  # fmt: skip


def read_questions(path: str | None) -> tuple[str, ...]:
    """Single questions of a prompts file; none where there is no file.

    Raises:
        ConfigError: it cannot be read or holds no single question.
    """
    if path is None:
        return ()
    found = [p.conversation[0].content for p in read_prompt_file(Path(path)) if len(p.conversation) == 1]
    if not found:
        raise ConfigError(f"{path} holds no single question.", "Give at least 72 of them.")
    return tuple(found)
