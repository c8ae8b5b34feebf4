"""An auditor by its name, with what it needs: engine, prompts, introspection adapter, training organisms."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from glasshouse.audits.asking import Asker, AskingConfig
from glasshouse.audits.auditors.activations import ActivationDifference
from glasshouse.audits.auditors.amplified import AmplifiedDifference
from glasshouse.audits.auditors.auditor import Auditor
from glasshouse.audits.auditors.introspection import Introspection
from glasshouse.audits.auditors.prefill import Prefill
from glasshouse.audits.auditors.prior import Prior
from glasshouse.audits.auditors.probe import Known, Probe
from glasshouse.audits.auditors.question import Question
from glasshouse.audits.auditors.sampling import Sampling
from glasshouse.audits.auditors.states import StateDifferences
from glasshouse.audits.handover import hand_over
from glasshouse.audits.prompts import built_in_prompts
from glasshouse.audits.replies import Replies
from glasshouse.audits.voices import Voices
from glasshouse.data.questions import bank_hash
from glasshouse.errors import ConfigError
from glasshouse.evals.published_adapters import adapter_folder
from glasshouse.models.adapter import adapter_hash, read_adapter
from glasshouse.models.engine import Engine
from glasshouse.store.hashing import json_hash
from glasshouse.training.introspection.manifest import Member
from glasshouse.training.introspection.train import manifest_hash

NAMES = (
    "question", "prefill", "sampling", "amplified", "activations", "probe", "introspection", "shuffled",
    "prior",
)  # fmt: skip
"""`shuffled` and `prior` are floors."""
LEARNING = ("probe", "prior")
"""Those that know training organisms or their labels."""


@dataclass(frozen=True)
class Supplies:
    """What auditors are made of; each takes what it needs."""

    engine: Engine
    """On the base."""
    shelf: Path
    """A folder for neutral copies of training organisms; it must outlive the auditor."""
    adapter: str | None = None
    """Introspection adapter: folder, short name (`published_adapters`) or hub name."""
    shuffled: str | None = None
    """The same, trained on shuffled labels (`shuffled_labels`)."""
    training: Sequence[Member] = ()
    """Training organisms with their labels: for the probe and the prior. None of them is a target."""
    prompts: tuple[str, ...] = ()
    """Ordinary questions; empty: those that come with the package."""
    asking: AskingConfig = field(default_factory=AskingConfig)
    """Answers, tokens and seed; question, prefill and introspection get equally many answers."""
    texts: int = 24
    """Ordinary questions that states are read on."""
    divergent: int = 72
    """Ordinary questions that are ranked before the difference is amplified."""


def make_auditor(name: str, supplies: Supplies) -> Auditor:
    """One of `NAMES`.

    Raises:
        ConfigError: there is no such auditor, or what it needs was not given.
        ModelError: an adapter or a training organism cannot be used with this base.
    """
    if name not in NAMES:
        raise ConfigError(f"There is no auditor {name!r}.", f"Choose from {', '.join(NAMES)}.")
    engine, asking = supplies.engine, supplies.asking
    voices = Voices(engine)
    if name == "question":
        return Question(voices, asking)
    if name == "prefill":
        return Prefill(voices, asking)
    if name == "sampling":
        return Sampling(voices, asking.asked, asking.max_tokens, asking.seed)
    if name == "amplified":
        prompts = _prompts(supplies)[: supplies.divergent]
        return AmplifiedDifference(Replies(engine, asking.max_tokens, voices), prompts, seed=asking.seed)
    if name == "introspection":
        return _introspection(supplies, supplies.adapter, "introspection", "adapter")
    if name == "shuffled":
        return _introspection(supplies, supplies.shuffled, "shuffled labels", "shuffled")
    if name == "prior":
        return _prior(supplies)
    states = StateDifferences(
        Replies(engine, asking.max_tokens, voices), _prompts(supplies)[: supplies.texts]
    )
    return ActivationDifference(states) if name == "activations" else _probe(supplies, states)


def settings_hash(name: str, supplies: Supplies) -> str:
    """Sixteen hex digits of what an auditor's opinions depend on, besides its name and the targets' weights.

    Raises:
        ModelError: an adapter or a training organism cannot be read.
    """
    parts: dict[str, Any] = {
        "base": supplies.engine.base.hash, "bank": bank_hash(), "asking": asdict(supplies.asking),
    }  # fmt: skip
    adapter = {"introspection": supplies.adapter, "shuffled": supplies.shuffled}.get(name)
    if adapter is not None:
        parts["adapter"] = adapter_hash(adapter_folder(adapter))
    if name in LEARNING:
        parts["training"] = manifest_hash(supplies.training)
    if name in ("amplified", "activations", "probe"):
        parts["prompts"] = [*_prompts(supplies)], supplies.texts, supplies.divergent
    return json_hash(parts)[:16]


def _prompts(supplies: Supplies) -> tuple[str, ...]:
    return supplies.prompts or built_in_prompts()


def _introspection(supplies: Supplies, given: str | None, name: str, option: str) -> Introspection:
    if given is None:
        raise ConfigError(f"The auditor {name!r} needs an adapter.", f"Give it with -T {option}=FOLDER.")
    folder, engine = adapter_folder(given), supplies.engine
    engine.slots.check(folder)
    return Introspection(Asker(engine, read_adapter(folder), supplies.asking), name)


def _prior(supplies: Supplies) -> Prior:
    sentences = tuple(said for one in supplies.training for said in one.label.sentences)
    if not sentences:
        raise ConfigError(
            "The prior needs training organisms with a behavior.",
            "Give their manifest with -T training=FILE.",
        )
    return Prior(sentences)


def _probe(supplies: Supplies, states: StateDifferences) -> Probe:
    """From the training split alone; the bare base has no difference to learn from."""
    known = [
        Known(hand_over(one.folder, supplies.engine, supplies.shelf), one.label.sentences)
        for one in supplies.training
        if one.folder is not None and one.split == "train"
    ]
    return Probe(states, tuple(known))
