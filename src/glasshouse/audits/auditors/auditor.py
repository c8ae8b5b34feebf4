"""What every way to audit has in common."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from glasshouse.audits.auditors.opinion import Opinion
from glasshouse.audits.target import Target


@runtime_checkable
class Auditor(Protocol):
    """One way to audit; it gets weights under neutral names and nothing else."""

    @property
    def name(self) -> str:
        """What it is called in tables."""

    def look(self, targets: Sequence[Target]) -> list[Opinion]:
        """One opinion per target, in order. An opinion does not depend on the other targets."""
