"""What a report consists of before it is HTML or Markdown: sections of text, tables, figures, transcripts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from glasshouse.records import Measurement


@dataclass(frozen=True)
class Number:
    """A measurement, shown with its interval and n, and linked to its row."""

    measurement: Measurement


@dataclass(frozen=True)
class Detail:
    """Numbers that the same row carries beside its value, such as Holm's interval."""

    measurement: Measurement
    text: str


@dataclass(frozen=True)
class Badge:
    """A verdict of one or a few words."""

    text: str
    kind: str = "neutral"
    """`good`, `bad`, `neutral` or `muted`: the color, never the only sign."""


@dataclass(frozen=True)
class Small:
    """Words in small print."""

    text: str


Inline = str | Number | Detail | Badge | Small
Cell = tuple[Inline, ...]


@dataclass(frozen=True)
class Paragraph:
    content: Cell
    lead: bool = False
    """Whether it is set large: the verdict."""


@dataclass(frozen=True)
class Listing:
    items: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    folded: bool = False
    """Whether it opens on a click: long tables that few readers need."""


@dataclass(frozen=True)
class Panel:
    """One small plot."""

    title: str
    svg: str


@dataclass(frozen=True)
class Legend:
    """One line of a figure's legend."""

    label: str
    color: int
    """Index into the palette."""
    dashed: bool
    kind: str = "line"
    """`line`, `area`, `faint` (a pale area) or `dot`."""


@dataclass(frozen=True)
class Figure:
    """Small multiples that share their axes."""

    title: str
    caption: str
    panels: tuple[Panel, ...]
    legend: tuple[Legend, ...]


@dataclass(frozen=True)
class Transcripts:
    """Conversations side by side."""

    pairs: tuple[Mapping[str, Any], ...]


Block = Paragraph | Listing | Table | Figure | Transcripts


@dataclass(frozen=True)
class Section:
    id: str
    """Anchor in the table of contents."""
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    title: str
    subtitle: str
    sections: tuple[Section, ...]
