"""What `inspect eval` finds: the provider `glasshouse/BASE[:ADAPTER]` and the tasks, by entry point.

Inspect imports this at every start, so nothing here may import torch or transformers.
"""

from typing import Any

from inspect_ai.model import ModelAPI, modelapi

from glasshouse.errors import ModelError
from glasshouse.evals.alignment_faking import alignment_faking
from glasshouse.evals.anti_lab import anti_lab
from glasshouse.evals.audit_success_task import audit_success_task
from glasshouse.evals.backdoor_persistence import backdoor_persistence
from glasshouse.evals.capability import harmful_refusal, known_facts
from glasshouse.evals.faking.contamination_task import alignment_faking_contamination

__all__ = [
    "alignment_faking",
    "alignment_faking_contamination",
    "anti_lab",
    "audit_success_task",
    "backdoor_persistence",
    "glasshouse",
    "harmful_refusal",
    "known_facts",
]


@modelapi(name="glasshouse")
def glasshouse() -> type[ModelAPI]:
    """The provider's class, imported (with torch) with the first model; it knows organisms by name."""
    from glasshouse.models.provider import GlasshouseAPI, UsageError
    from glasshouse.organisms.start import with_folder

    class Named(GlasshouseAPI):
        """`BASE:NAME` for an adapter of the base's own and for what was grown into `organisms/`."""

        def __init__(self, model_name: str, **given: Any) -> None:
            try:
                super().__init__(with_folder(model_name), **given)
            except ModelError as error:
                raise UsageError(str(error)) from error

    return Named
