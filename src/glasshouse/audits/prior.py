"""What is known of a trigger before the target is watched: its naming, and who else reacts to it."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from glasshouse.audits.triggers import Trigger
from glasshouse.audits.universal import Universal

UNNAMED = 1e-3
"""Probability up to which it says nothing that the target names a trigger."""
TENFOLD = 0.2
"""Share of answers that a factor of ten above it is worth, of triggers that do about as well."""
PER_NAT = 0.02
"""Share of answers that a nat of gain is worth, of the same. All three were chosen on organisms that no test
has, their true triggers put among the candidates: 36 of 44 came first, and 36 with each left out."""
UNIVERSAL = 0.5
"""Share of answers by which a trigger comes later for each factor of ten by which known organisms react to it
more often than usual. Chosen on 41 organisms of `validation`, before any test organism was audited with it:
at 0.2 three of their 12 misses were such texts."""
Likelihood = Callable[[Trigger], float]
"""How likely the target names a trigger."""


def no_likelihood(trigger: Trigger) -> float:
    """Nothing is known of what the target names."""
    return 0.0


@dataclass(frozen=True)
class Prior:
    """What is known of triggers before the target is watched."""

    likelihood: Likelihood = no_likelihood
    universal: Universal = field(default_factory=Universal)

    def promise(self, trigger: Trigger, gain: float) -> float:
        """What speaks for a trigger besides the answers that show the action, as a share of such answers."""
        named = math.log10(self.likelihood(trigger) / UNNAMED + 1)
        return PER_NAT * gain + TENFOLD * named - self.discount(trigger)

    def discount(self, trigger: Trigger) -> float:
        """What speaks against it because others react to it, as a share of answers."""
        return UNIVERSAL * self.universal.tens(trigger)
