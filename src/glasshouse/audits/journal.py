"""Where finished targets are noted, so that an interrupted audit repeats none of them."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from glasshouse.audits.record import AuditResult
from glasshouse.audits.target import Target


@runtime_checkable
class Journal(Protocol):
    """Keeps results for as long as base, adapter, questions and settings are the same."""

    def done(self, target_hash: str) -> AuditResult | None:
        """The result of a target that was finished before; None where there is none."""

    def write(self, result: AuditResult) -> None:
        """Keep a result; it is safe when this returns."""


class Memory:
    """A journal that lasts as long as the process."""

    def __init__(self) -> None:
        self._kept: dict[str, AuditResult] = {}

    def done(self, target_hash: str) -> AuditResult | None:
        """The result kept before."""
        return self._kept.get(target_hash)

    def write(self, result: AuditResult) -> None:
        """Keep a result."""
        self._kept[result.target_hash] = result


def unfinished(targets: Sequence[Target], journal: Journal) -> list[Target]:
    """Different targets of which the journal has no result, in order."""
    different = {target.hash: target for target in targets}
    return [target for target in different.values() if journal.done(target.hash) is None]
