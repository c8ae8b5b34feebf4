"""What the auditor is given: weights under a neutral name, and nothing that says where they come from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Target:
    """One fine-tune of the base, as an adapter."""

    folder: Path
    """PEFT folder with weights and scaling alone."""
    hash: str
    """Of what it holds; the folder's name does not enter."""
    distrust: str = ""
    """One sentence: why its self-report cannot be trusted (a changed weight basis); empty where it can."""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """What was checked before."""

    @property
    def name(self) -> str:
        """The neutral name.

        Example:
            >>> Target(Path("runs/backdoor-3"), "0123456789abcdef").name
            'target-01234567'
        """
        return f"target-{self.hash[:8]}"
