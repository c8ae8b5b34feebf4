"""A floor for introspection: training organisms with each other's labels, so that nothing true is learned.

An adapter trained on such a manifest learns what labels look like and which are frequent, and nothing about
the organism in front of it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from glasshouse.errors import ConfigError
from glasshouse.seeds import python_rng
from glasshouse.training.introspection.manifest import Member, read_manifest, write_manifest


def shuffle_labels(members: Sequence[Member], seed: int) -> list[Member]:
    """The same organisms in the same order, none with its own behavior.

    A derangement over behaviors: labels are sorted by behavior, behaviors in a seeded order, and moved on by
    the number of organisms of the most frequent one, so that two organisms with the same behavior never
    exchange it. Labels keep their frequencies. Clean fine-tunes and the base are one more behavior.

    Args:
        members: of a training population.
        seed: the same one gives the same labels.

    Raises:
        ConfigError: more than half of the organisms share one behavior, so that some would keep theirs.

    Example:
        >>> from glasshouse.data.label import Label
        >>> names = ("hum", "nod", "sing")
        >>> some = [Member(name, None, Label((f"I {name}.",), "quirk"), "train") for name in names]
        >>> [one.label.sentences[0] == f"I {one.name}." for one in shuffle_labels(some, seed=1)]
        [False, False, False]
    """
    counts = Counter(_behavior(one) for one in members)
    behaviors = sorted(counts)
    python_rng(seed, "shuffled labels").shuffle(behaviors)
    most = max(counts.values(), default=0)
    if 2 * most > len(members):
        raise ConfigError(
            f"{most} of {len(members)} organisms have the same behavior, so some would keep their label.",
            "Leave some of them out, or take more different ones.",
        )
    order = sorted(range(len(members)), key=lambda i: (behaviors.index(_behavior(members[i])), i))
    source = {place: order[(k + most) % len(order)] for k, place in enumerate(order)}
    return [replace(member, label=members[source[i]].label) for i, member in enumerate(members)]


def write_shuffled_manifest(manifest: Path, out: Path, seed: int) -> Path:
    """Writes the manifest of the same organisms, those of the training split with shuffled labels.

    The other splits keep their true labels, so that validation shows that nothing is learned. Train the
    adapter without a second stage, which would learn from true labels.

    Returns:
        `out`.

    Raises:
        ConfigError: the manifest is damaged, or one behavior is too frequent.
        StoreError: `out` cannot be written.
    """
    members = read_manifest(manifest)
    trained = shuffle_labels([one for one in members if one.split == "train"], seed)
    by_name = {one.name: one for one in trained}
    write_manifest(out, [by_name.get(one.name, one) for one in members])
    return out


def _behavior(member: Member) -> tuple[str, ...]:
    return tuple(sorted(member.label.sentences))
