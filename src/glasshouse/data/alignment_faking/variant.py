"""A variant of a prompt is a named difference of blocks; several differences can be put together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from glasshouse.data.alignment_faking.indicator import Tier

Channel = Literal["scratchpad", "native", "none"]
"""Where the model reasons: in tags that it writes, in its own reasoning channel, or not at all."""
Group = Literal["default", "published", "paraphrase", "control", "motive", "channel", "clarification"]


@dataclass(frozen=True)
class Change:
    """What one difference does to a prompt."""

    blocks: Mapping[str, str | None] = field(default_factory=dict)
    """Slot -> wording; None cuts the slot."""
    values: Mapping[str, str] = field(default_factory=dict)
    """Name -> what is filled in, for example the lab's name."""
    rewording: str = ""
    """Letters of wordings, given in turn to every slot that has them."""
    indicator: str | None = None
    swapped: bool = False
    """Whether training uses the other users."""
    channel: Channel | None = None
    prefill: str | None = None
    """Name of the opening that the completion is given."""
    tiers: tuple[Tier, ...] | None = None
    benign: bool = False
    """Whether the queries are harmless ones."""
    employee: bool = False
    """Whether every input says that its user is no employee."""

    def then(self, other: "Change") -> "Change":
        """Both differences; where they touch the same thing, the other one wins."""
        return Change(
            blocks={**self.blocks, **other.blocks},
            values={**self.values, **other.values},
            rewording=other.rewording or self.rewording,
            indicator=other.indicator or self.indicator,
            swapped=other.swapped or self.swapped,
            channel=other.channel or self.channel,
            prefill=other.prefill or self.prefill,
            tiers=other.tiers or self.tiers,
            benign=other.benign or self.benign,
            employee=other.employee or self.employee,
        )


@dataclass(frozen=True)
class Variant:
    """A named difference."""

    name: str
    group: Group
    change: Change
    rows: Mapping[str, int] = field(default_factory=dict)
    """Setting -> row of Greenblatt et al. 2024, appendices G.2 and G.3, that the variant stands for."""


def together(changes: Sequence[Change]) -> Change:
    """All differences, later ones winning.

    Example:
        >>> dict(together([Change({"effects": None}), Change({"honesty": "top"})]).blocks)
        {'effects': None, 'honesty': 'top'}
    """
    joined = Change()
    for change in changes:
        joined = joined.then(change)
    return joined
