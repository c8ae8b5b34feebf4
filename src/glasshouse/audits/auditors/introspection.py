"""Introspection adapter: the target is asked about itself through an adapter that was trained to answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from glasshouse.audits.asking import Asker
from glasshouse.audits.auditors.answers import beyond_base
from glasshouse.audits.auditors.opinion import Opinion
from glasshouse.audits.target import Target


@dataclass(frozen=True)
class Introspection:
    """Claims of the target through the adapter beyond those of the base through the adapter.

    With an adapter that was trained on shuffled labels it is a floor: what the adapter says by itself.
    """

    asker: Asker
    name: str = "introspection"

    def look(self, targets: Sequence[Target]) -> list[Opinion]:
        """What each target claims through the adapter more often than the base does."""
        base, *own = self.asker.ask([None, *targets])
        return [beyond_base(answers, base) for answers in own]
