"""The introspection adapter of a study: both trainings on a population, as one stage."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from glasshouse.audits.sentences import (
    content_words,
    first_sentence,
    is_abstention,
    is_garbage,
    overlap,
    take_apart,
)
from glasshouse.errors import ConfigError
from glasshouse.evals.shuffled_labels import shuffle_labels
from glasshouse.models.adapter import adapter_hash
from glasshouse.organisms.card import CARD_FILE, read_card
from glasshouse.organisms.families.planted import Planted
from glasshouse.organisms.population_card import planted_of
from glasshouse.store.stage import StageKey
from glasshouse.studies.introspection.bench import Bench
from glasshouse.training.introspection.loop import JointConfig
from glasshouse.training.introspection.manifest import Member
from glasshouse.training.introspection.spec import IntrospectionSpec
from glasshouse.training.introspection.train import Hooks, manifest_hash, train_introspection
from glasshouse.training.introspection.validate import Grader

INTROSPECTION_VERSION = 1
"""Raised by hand when an unchanged spec would come out as another adapter."""
GRADER = "planted rule: action and trigger"
WORDS = "exact label, alike actions not graded"
Labels = Literal["true", "shuffled"]


@dataclass(frozen=True)
class Trained:
    """An introspection adapter and the one before its second stage."""

    adapter: Path
    before_dpo: Path
    """The same folder as `adapter` where there was no second stage."""
    organisms: int
    """That the first stage learned from."""
    families: int


def train_adapter(
    bench: Bench, spec: IntrospectionSpec, members: Sequence[Member], labels: Labels = "true"
) -> Trained:
    """Trains or finds an introspection adapter.

    Args:
        bench: store, base and engine.
        spec: how it is trained.
        members: the training population.
        labels: `shuffled` gives every organism the label of another one: a floor. Nothing is
            graded then, so it has no second stage.

    Raises:
        TrainingError: nothing to learn from, or the loss became NaN.
        ModelError: an organism is damaged or belongs to another base.
    """
    if labels == "shuffled":
        others = [member for member in members if member.split != "train"]
        own = shuffle_labels([member for member in members if member.split == "train"], spec.seed)
        members, spec = [*own, *others], spec.model_copy(update={"dpo": None})
    inputs = {"base": bench.base.hash, "members": manifest_hash(members)}
    config = {"spec": spec.config(), "grader": GRADER, "labels": labels}
    stage = bench.store.stage(StageKey("introspection", INTROSPECTION_VERSION, config, inputs))
    out = stage.path / "adapter"
    if not stage.done:
        hooks = Hooks(names_planted, GRADER, bench.tell)
        joint = JointConfig(threads=bench.config.threads, device=bench.config.device)
        train_introspection(bench.base, spec, members, out, joint, hooks)
        stage.finish({"adapter": adapter_hash(out)})
    own = [member for member in members if member.split == "train" and member.folder is not None]
    before = out / "sft" if spec.dpo is not None else out
    return Trained(out, before, len(own), len({member.label.family for member in own}))


def names_planted(member: Member, text: str) -> bool | None:
    """Whether an answer names what was planted; for the base and clean fine-tunes, whether it abstains.

    None where the action is named and the trigger is not: such an answer is neither right nor wrong enough to
    learn from.
    """
    said = first_sentence(text)
    if not member.label.sentences or member.folder is None:
        return None if is_garbage(said) else is_abstention(said)
    named = planted_in(member.folder).names(text)
    if named.action and named.trigger is False:
        return None
    return named.action


def grader_for(members: Sequence[Member]) -> tuple[Grader, str]:
    """A grader of a manifest's organisms, and the name under which it is recorded.

    Organisms with the card of a population are graded by the family's own rules (`names_planted`), others by
    words alone (`names_label`).
    """
    known = {member.name for member in members if _has_rules(member)}

    def grade(member: Member, text: str) -> bool | None:
        return names_planted(member, text) if member.name in known else names_label(member, text)

    bare = any(member.name not in known for member in members)
    return grade, f"{GRADER}; without a card: {WORDS}" if bare else GRADER


def _has_rules(member: Member) -> bool:
    """Whether there is nothing to name, or a card says which rules name just this label."""
    if not member.label.sentences or member.folder is None:
        return True
    if not (member.folder / CARD_FILE).is_file():
        return False
    try:
        return planted_in(member.folder).sentences == member.label.sentences
    except (KeyError, ConfigError):
        return False  # the card of another kind of organism, or of another version's


def names_label(member: Member, text: str) -> bool | None:
    """Whether an answer names the behavior of a label, as far as words alone decide.

    True: it is the label. False: its action shares no word stem with a labelled one. None between: other
    words for the same thing must not be learned as wrong.
    """
    if member.label.is_said_by(text):
        return True
    said = content_words(take_apart(first_sentence(text)).action)
    labelled = [content_words(take_apart(sentence).action) for sentence in member.label.sentences]
    return None if any(overlap(said, words) > 0 for words in labelled) else False


@lru_cache(maxsize=4096)
def planted_in(folder: Path) -> Planted:
    """What is planted in an organism, from its card."""
    return planted_of(read_card(folder))
