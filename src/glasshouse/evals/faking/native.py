"""What came through a provider's own reasoning channel, and whether the provider keeps it to itself."""

from dataclasses import dataclass

from inspect_ai.model import ContentReasoning, ModelOutput


@dataclass(frozen=True)
class NativeReasoning:
    """The reasoning channel of one completion."""

    text: str | None
    """What can be read of it: the reasoning, or the summary of one that was redacted; None: nothing."""
    is_hidden: bool
    """Whether the model reasoned there and none of it can be read: encrypted, or counted in tokens alone."""


def native_reasoning(output: ModelOutput) -> NativeReasoning:
    """The reasoning channel of a model's output; encrypted text is never taken for reasoning.

    Args:
        output: as the provider gave it, or as a log keeps it.
    """
    parts = _parts(output)
    readable = [part.summary or "" if part.redacted else part.reasoning for part in parts]
    text = "\n\n".join(each for each in readable if each.strip()) or None
    counted = output.usage is not None and bool(output.usage.reasoning_tokens)
    return NativeReasoning(text, text is None and (counted or any(part.redacted for part in parts)))


def _parts(output: ModelOutput) -> list[ContentReasoning]:
    if not output.choices or isinstance(output.message.content, str):
        return []
    return [part for part in output.message.content if isinstance(part, ContentReasoning)]
