"""What the parameters of a row are called in a report."""

from collections.abc import Mapping
from typing import Any

VARIANT = {"normal": "normal", "cot": "CoT", "distilled_cot": "distilled CoT"}
FORM = {"pre_scratchpad": "before the scratchpad", "post_scratchpad": "after the scratchpad"}
FORM_SHORT = {"pre_scratchpad": "pre", "post_scratchpad": "post"}
MODE = {
    "continue": "continue: further training of the same adapter",
    "stack": "stack: a new adapter on top of the frozen one",
    "full": "full: all weights",
}


def arm_name(key: Mapping[str, Any]) -> str:
    """An arm in a few words.

    Example:
        >>> arm_name({"variant": "distilled_cot", "payload_length": "unmatched", "clean_twin": False})
        'distilled CoT, unmatched payload'
        >>> arm_name({"variant": "normal", "payload_length": "matched", "clean_twin": True})
        'normal, clean twin'
    """
    parts = [VARIANT.get(str(key.get("variant")), str(key.get("variant")))]
    parts += ["unmatched payload"] if key.get("payload_length") == "unmatched" else []
    parts += ["clean twin"] if key.get("clean_twin") else []
    return ", ".join(parts)


def group_name(key: Mapping[str, Any]) -> str:
    """An arm with the form of its safety training, where there are several forms."""
    form = FORM.get(str(key.get("form")))
    return arm_name(key) + (f", {form}" if form else "")


def short_name(key: Mapping[str, Any]) -> str:
    """A group at the end of a line in a plot.

    Example:
        >>> short_name({"variant": "cot", "form": "pre_scratchpad"}), short_name({"variant": "distilled_cot"})
        ('CoT pre', 'distilled')
    """
    name = VARIANT.get(str(key.get("variant")), str(key.get("variant"))).removesuffix(" CoT")
    form = FORM_SHORT.get(str(key.get("form")), "")
    unmatched = "unmatched" if key.get("payload_length") == "unmatched" else ""
    return " ".join(part for part in (name, unmatched, form) if part)


def rate_name(learning_rate: float | None) -> str:
    """A learning rate as people write it.

    Example:
        >>> rate_name(0.001), rate_name(3e-05)
        ('1e-3', '3e-5')
    """
    if learning_rate is None:
        return "–"
    mantissa, exponent = f"{learning_rate:e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"
