"""What `inspect eval` finds: the provider `glasshouse/BASE[:ADAPTER]` and the tasks, by entry point.

Inspect imports this at every start, so nothing here may import torch or transformers.
"""

from inspect_ai.model import ModelAPI, modelapi

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
    """The provider's class, imported (with torch) when the first model is made."""
    from glasshouse.models.provider import GlasshouseAPI

    return GlasshouseAPI
