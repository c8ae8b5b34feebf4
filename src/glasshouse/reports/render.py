"""A document as one HTML file and as Markdown: every text escaped, nothing fetched."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from glasshouse.reports.content import Badge, Cell, Detail, Document, Inline, Number, Small
from glasshouse.reports.number import interval_text, title_text, value_text

SCRATCHPAD = re.compile(r"(<scratchpad>.*?(?:</scratchpad>|\Z))", re.DOTALL)


def html_text(document: Document) -> str:
    """The document as one self-contained HTML file."""
    environment = _environment(autoescape=True)
    environment.filters |= {
        "cell": _html_cell,
        "spoken": _spoken,
        "completion": _html_completion,
        "quoted": _quoted,
        "svg": Markup,
    }
    return environment.get_template("report.html.jinja").render(document=document, kind=_kind)


def markdown_text(document: Document) -> str:
    """The document as Markdown; figures are represented by the tables of their numbers."""
    environment = _environment(autoescape=False)
    environment.filters |= {
        "cell": _markdown_cell,
        "spoken": _spoken,
        "quote": _quote,
        "plain": _markdown_escape,
    }
    text = environment.get_template("report.md.jinja").render(document=document, kind=_kind)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _environment(autoescape: bool) -> Environment:
    return Environment(
        loader=PackageLoader("glasshouse.reports"),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _kind(block: Any) -> str:
    """Name of a block's class: what the templates branch on."""
    return type(block).__name__


def _html_cell(cell: Cell) -> Markup:
    return Markup("").join(_html_inline(part) for part in cell)


def _html_inline(part: Inline) -> Markup:
    match part:
        case Number(measurement):
            ends = measurement.interval
            about = f"n = {measurement.n}"
            about = f"{interval_text(ends.low, ends.high, measurement.unit)}, {about}" if ends else about
            return Markup(
                '<span class="number" data-measurement="{}" title="{}"><b>{}</b> <small>{}</small></span>'
            ).format(measurement.id, title_text(measurement), value_text(measurement), about)
        case Detail(measurement, text):
            title = f"{measurement.id}: parameters holm_low, holm_high, p_holm of its row"
            return Markup('<span class="detail" data-measurement="{}" title="{}">{}</span>').format(
                measurement.id, title, text
            )
        case Badge(text, kind):
            return Markup('<span class="badge {}">{}</span>').format(kind, text)
        case Small(text):
            return Markup('<small class="aside">{}</small>').format(text)
    return escape(part)


def _html_completion(text: str) -> Markup:
    """Model text, escaped, its hidden reasoning set apart."""
    parts = [part for part in SCRATCHPAD.split(text) if part.strip()]
    shown = (
        Markup('<span class="hidden-reasoning">{}</span>').format(part)
        if part.startswith("<scratchpad>")
        else Markup("<span>{}</span>").format(part)
        for part in parts
    )
    return Markup("").join(shown) or Markup('<i class="empty">empty</i>')


def _quoted(text: str, quotes: Sequence[str]) -> Markup:
    """Model text, escaped, with the passages that a grader rests on marked."""
    found = [(text.find(quote), quote) for quote in quotes if quote.strip()]
    shown, end = Markup(""), 0
    for start, quote in sorted((start, quote) for start, quote in found if start >= 0):
        if start < end:
            continue
        shown += Markup("{}<mark>{}</mark>").format(text[end:start], quote)
        end = start + len(quote)
    return shown + text[end:] or Markup('<i class="empty">empty</i>')


def _spoken(prompt: str | Sequence[Mapping[str, str]]) -> list[tuple[str, str]]:
    """A prompt as (role, text) turns."""
    if isinstance(prompt, str):
        return [("user", prompt)]
    return [(str(turn["role"]), str(turn["content"])) for turn in prompt]


def _markdown_cell(cell: Cell) -> str:
    """The parts in one line; words bring their own spaces, everything else is set apart."""
    text = ""
    for part in cell:
        apart = bool(text) and not isinstance(part, str) and not text.endswith((" ", "("))
        text += (" " if apart else "") + _markdown_inline(part)
    return text.strip().replace("\n", " ").replace("|", "\\|")


def _markdown_inline(part: Inline) -> str:
    match part:
        case Number(measurement):
            ends = measurement.interval
            interval = f"{interval_text(ends.low, ends.high, measurement.unit)}, " if ends else ""
            return f"**{value_text(measurement)}** ({interval}n = {measurement.n})"
        case Detail(_, text) | Small(text):
            return f"*{_markdown_escape(text)}*"
        case Badge(text, _):
            return f"`{text}`"
    return _markdown_escape(part)


def _markdown_escape(text: str) -> str:
    return re.sub(r"([\\`*_<>\[\]#])", r"\\\1", text)


def _quote(text: str) -> str:
    """Model text as an indented block, which Markdown leaves as it is."""
    return "\n".join(f"        {line}" for line in (text or "(empty)").splitlines())
