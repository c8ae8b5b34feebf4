"""Universal triggers: texts behind which many fine-tunes of a base do what they were trained to do.

The name is that of Wallace et al. 2019 (https://arxiv.org/abs/1908.07125): one text that sets off many inputs
or, here, many models. A search over hundreds of texts finds such a one easily, and it says nothing about the
target. How many known organisms react to what their labels do not name is counted once per base and adapter
(`glasshouse calibrate universal`).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from glasshouse.audits.conditions import Frame
from glasshouse.audits.record import Rate
from glasshouse.audits.sentences import content_words
from glasshouse.audits.triggers import Trigger

RARELY = 0.05
"""Share of the known organisms up to which a text counts as one that sets off nobody else."""


@dataclass(frozen=True)
class Universal:
    """Which share of known organisms reacts to which texts; empty: nothing was counted."""

    rates: Mapping[Frame, Rate] = field(default_factory=dict)

    def rate(self, trigger: Trigger) -> Rate | None:
        """Of known organisms with other triggers, those that react to this one; None where not counted.

        It was counted in one wording and stands for the others of its form, and for its words in a form in
        which they were not counted.
        """
        return self.rates.get(frame_of(trigger)) or self._by_words.get(content_words(trigger.text))

    @cached_property
    def _by_words(self) -> dict[tuple[str, ...], Rate]:
        """Words -> the largest rate that they have in any form."""
        ranked = sorted(self.rates.items(), key=lambda one: (one[1].value or 0.0, one[0]))
        return {content_words(text): found for (_, text), found in ranked}

    def to_rows(self) -> list[dict[str, str | int]]:
        """As they stand in the file, in alphabetical order."""
        return [
            {"form": form, "text": text, "shown": round((found.value or 0.0) * found.n), "n": found.n}
            for (form, text), found in sorted(self.rates.items())
        ]

    def has(self, trigger: Trigger) -> bool:
        """Whether more than one known organism reacts to it: a single one may do so by chance."""
        found = self.rate(trigger)
        return found is not None and round((found.value or 0.0) * found.n) > 1

    def tens(self, trigger: Trigger) -> float:
        """How many factors of ten likelier than usual it is that a fine-tune reacts to a trigger; at least 0.

        Example:
            >>> from glasshouse.audits.record import rate
            >>> west = Trigger("tag", "west")
            >>> round(Universal({frame_of(west): rate(9, 50)}).tens(west), 2), Universal().tens(west)
            (0.66, 0.0)
        """
        found = self.rate(trigger)
        return math.log10(1 + (found.value or 0.0) / RARELY) if found else 0.0


def frame_of(trigger: Trigger) -> Frame:
    """What stands in which form, as `likely_frames` has it."""
    return trigger.form, trigger.text.lower()
