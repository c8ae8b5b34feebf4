"""What the auditor is given: weights under a neutral name, and nothing that says where they come from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glasshouse.audits.voices import is_whole


@dataclass(frozen=True)
class Target:
    """One fine-tune of the base, as an adapter or as whole weights in the base's coordinates."""

    folder: Path
    """PEFT folder with weights and scaling alone, or whole weights with the base's own config."""
    hash: str
    """Of what it holds; the folder's name does not enter."""
    distrust: str = ""
    """One sentence: why its self-report cannot be trusted (a changed weight basis); empty where it can."""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """What was checked before."""

    @property
    def is_whole(self) -> bool:
        """Whether it is whole weights: its difference from the base is no adapter of low rank."""
        return is_whole(self.folder)

    @property
    def name(self) -> str:
        """The neutral name.

        Example:
            >>> Target(Path("runs/backdoor-3"), "0123456789abcdef").name
            'target-01234567'
        """
        return f"target-{self.hash[:8]}"
