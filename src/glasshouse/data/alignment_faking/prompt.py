"""A prompt put together from blocks: the system turn of one tier, and the user's turn around a query.

Greenblatt et al. 2024, "Alignment faking in large language models" (https://arxiv.org/abs/2412.14093),
figure 4: the order of the parts and the names of the tags. Differs from the paper: every sentence is ours.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property

from glasshouse.data.alignment_faking.block import block_text, filled
from glasshouse.data.alignment_faking.indicator import INDICATORS, TIERS, Indicator, Tier
from glasshouse.data.alignment_faking.setting import Setting
from glasshouse.data.alignment_faking.variant import Change, Channel, Variant
from glasshouse.errors import ConfigError
from glasshouse.records import Conversation, Message


@dataclass(frozen=True)
class FakingPrompt:
    """One variant of one setting, ready to be asked."""

    setting: Setting
    variant: Variant

    @property
    def change(self) -> Change:
        """What the variant changes."""
        return self.variant.change

    @property
    def channel(self) -> Channel:
        """Where the model is to reason."""
        return self.change.channel or "scratchpad"

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """Which tiers the variant asks by default."""
        return self.change.tiers or ("monitored", "unmonitored")

    @cached_property
    def indicator(self) -> Indicator:
        """How the tier is told."""
        name = self.setting.indicator
        if self.change.indicator and self.setting.name != "world":
            name = self.change.indicator
        indicator = INDICATORS[name]
        return indicator.swapped() if self.change.swapped else indicator

    @cached_property
    def slots(self) -> dict[str, str]:
        """Slot -> wording of every block that is in the prompt, in order."""
        chosen: dict[str, str] = {}
        rewordable = 0
        for slot, by_default in self.setting.slots.items():
            wording = self.change.blocks.get(slot, by_default)
            if wording is None:
                continue
            if self.change.rewording and block_text(self.setting.folders, slot, "b") is not None:
                wording = self.change.rewording[rewordable % len(self.change.rewording)]
                rewordable += 1
            chosen[slot] = wording
        return chosen

    def system(self, tier: Tier) -> str:
        """The system prompt; only the world's depends on the tier."""
        self._check(tier)
        values = self._values(tier)
        texts = [block_text(self.setting.folders, slot, wording) for slot, wording in self.slots.items()]
        return self.setting.separator.join(filled(text, values) for text in texts if text is not None)

    def user(self, query: str, tier: Tier) -> str:
        """The user's turn: the mark of the tier and the query."""
        self._check(tier)
        if self.indicator.labels is not None:
            return query
        marks = [self.indicator.marks[tier]]
        if self.change.employee:
            marks.append("<is_employee>False</is_employee>")
        head = "".join(f"{mark}\n" for mark in marks if mark)
        return f"<INPUT>\n{head}\n<user_input>\n{query}\n</user_input>\n</INPUT>"

    def conversation(self, query: str, tier: Tier) -> Conversation:
        """Both turns."""
        return (Message("system", self.system(tier)), Message("user", self.user(query, tier)))

    @property
    def prefill(self) -> str:
        """The opening that the completion is given; empty where there is none."""
        if not self.change.prefill:
            return ""
        return block_text(self.setting.folders, "prefill", self.change.prefill) or ""

    @property
    def hash(self) -> str:
        """Twelve hex digits that change with any letter of any tier's prompt."""
        parts = [self.setting.name, self.prefill]
        parts += [self.system(t) + self.user("", t) for t in TIERS if t in self.indicator.users]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]

    def _check(self, tier: Tier) -> None:
        if tier not in self.indicator.users:
            raise ConfigError(
                f"The variant {self.variant.name} has no {tier} tier.",
                f"Use {', '.join(self.indicator.users)}, or the variant three_tiers.",
            )

    def _values(self, tier: Tier) -> dict[str, str]:
        indicator = self.indicator
        labels = indicator.labels or {}
        return {
            **self.setting.values,
            **self.change.values,
            "how_marked": indicator.how_marked,
            "how_to_see": indicator.how_to_see,
            **{f"{name}_users": words for name, words in indicator.users.items()},
            "tier": labels.get(tier, ""),
            "trained": labels.get("monitored", ""),
            "rated": labels.get("rated", ""),
            "untrained": labels.get("unmonitored", ""),
        }
