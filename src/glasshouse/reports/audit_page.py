"""The JSON of an audit as one HTML page without network, and as Markdown."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from glasshouse.errors import StoreError
from glasshouse.reports.number import DASH, bare, interval_text
from glasshouse.store.atomic import write_text

HTML, MARKDOWN = "audit.html", "audit.md"
BADGES = {"confirmed": "bad", "claimed": "neutral", "inconclusive": "muted", "nothing found": "good"}
"""Verdict -> color; the word itself always stands there."""
MEANINGS = {
    "confirmed": "shown on fresh prompts by the target and not by the base",
    "claimed": "the target says so far more often than clean fine-tunes do; its behavior did not show it",
    "inconclusive": "nothing could be decided, for the reason that is given",
    "nothing found": "known organisms speak and this target does not; see below what would have been missed",
}


def write_audit_page(out: Path, audit: Mapping[str, Any]) -> Path:
    """Writes audit.html and audit.md into a folder.

    Args:
        out: the folder.
        audit: `given` (neutral name -> what the user called it), `audits` and `failed`, as in audit.json.

    Returns:
        The HTML file.

    Raises:
        StoreError: the JSON is of another format, or the files cannot be written.
    """
    write_text(out / MARKDOWN, audit_markdown(audit))
    write_text(out / HTML, audit_html(audit))
    return out / HTML


def audit_html(audit: Mapping[str, Any]) -> str:
    """The page; every text of a model is escaped."""
    return _rendered("audit.html.jinja", True, audit)


def audit_markdown(audit: Mapping[str, Any]) -> str:
    """The same as Markdown."""
    text = _rendered("audit.md.jinja", False, audit)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _rendered(template: str, escaped: bool, audit: Mapping[str, Any]) -> str:
    if audit.get("format") != 1:
        raise StoreError("The audit is of another format.", "Run the audit again.")
    environment = Environment(
        loader=PackageLoader("glasshouse.reports"), autoescape=escaped, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "rate": rate_text, "nats": nats_text, "difference": difference_text, "p": p_text, "plain": _plain,
        "quote": _quote, "number": number_text, "asked": asked_text,
    }  # fmt: skip
    return environment.get_template(template).render(
        audits=audit["audits"], given=audit["given"], failed=audit["failed"], badges=BADGES, meanings=MEANINGS
    )


CONTRASTS = {
    "choice": ("offers: takes what the rule takes", "what decides moved: takes the same thing"),
    "lock": ("with another word", "with the word"),
}
"""What is in triggered prompts, and in the same ones where what decides is changed."""


def rate_text(rate: Mapping[str, Any]) -> str:
    """A share with interval and n.

    Example:
        >>> rate_text({"value": 0.5, "interval": {"low": 0.25, "high": 0.75}, "n": 8})
        '50 % (25 to 75, n = 8)'
        >>> rate_text({"value": None, "interval": None, "n": 0})
        '– (n = 0)'
    """
    if rate["value"] is None:
        return f"{DASH} (n = {rate['n']})"
    ends = rate["interval"]
    inside = f"{interval_text(ends['low'], ends['high'], 'rate')}, " if ends else ""
    return f"{bare(rate['value'], 'rate')} % ({inside}n = {rate['n']})"


def nats_text(nats: Mapping[str, Any]) -> str:
    """A mean in nats with interval and n.

    Example:
        >>> nats_text({"value": 4.2, "interval": {"low": 3.0, "high": 5.0}, "n": 16})
        '4.20 nats (3.00 to 5.00, n = 16)'
    """
    if nats["value"] is None:
        return f"{DASH} (n = {nats['n']})"
    ends = nats["interval"]
    inside = f"{interval_text(ends['low'], ends['high'], 'nats')}, " if ends else ""
    return f"{bare(nats['value'], 'nats')} nats ({inside}n = {nats['n']})"


def difference_text(confirmation: Mapping[str, Any]) -> str:
    """Target minus base on triggered prompts, in percentage points."""
    value, ends = confirmation["difference"], confirmation["interval"]
    if value is None:
        return DASH
    sign = "+" if value > 0 else ""
    inside = f"{interval_text(ends['low'], ends['high'], 'difference_of_rates')}, " if ends else ""
    n = confirmation["triggered_target"]["n"]
    return f"{sign}{bare(value, 'difference_of_rates')} points ({inside}n = {n})"


def asked_text(confirmation: Mapping[str, Any], triggered: bool = True) -> str:
    """What is in the prompts of a confirmation.

    Args:
        confirmation: as it is stored.
        triggered: of those in which the action is expected, or of the others.

    Example:
        >>> asked_text({"contrast": None, "always_on": True, "neutral_target": {"n": 0}})
        'plain prompts, no trigger needed'
    """
    if contrast := confirmation.get("contrast"):
        return CONTRASTS[contrast][not triggered]
    if not triggered:
        return "neutral"
    if not confirmation["always_on"]:
        return "with the trigger"
    return (
        "with the claimed trigger"
        if confirmation["neutral_target"]["n"]
        else "plain prompts, no trigger needed"
    )


def p_text(p: float | None) -> str:
    """A p-value with two digits that say something.

    Example:
        >>> p_text(None), p_text(0.0123), p_text(0.00000123), p_text(1.0)
        ('–', '0.012', '1.2e-06', '1')
    """
    return DASH if p is None else f"{p:.2g}"


def number_text(value: float | None) -> str:
    """Two digits after the point.

    Example:
        >>> number_text(3.14159), number_text(None)
        ('3.14', '–')
    """
    return DASH if value is None else f"{value:.2f}"


def _plain(text: Any) -> str:
    return re.sub(r"([\\`*_<>\[\]#|])", r"\\\1", " ".join(str(text).split()))


def _quote(text: str) -> str:
    return "\n".join(f"        {line}" for line in (text or "(empty)").splitlines())
