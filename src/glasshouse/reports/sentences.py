"""Sentences in which `[[ID]]` stands for a measurement: as text for the terminal, as parts for the report."""

import re
from collections.abc import Iterator, Mapping

from glasshouse.records import Measurement
from glasshouse.reports.content import Inline, Number
from glasshouse.reports.number import DASH, value_text

PLACEHOLDER = re.compile(r"\[\[(.+?)\]\]")


def plain_sentence(text: str, by_id: Mapping[str, Measurement]) -> str:
    """The sentence with every number in its place; a dash where there is no such measurement.

    Example:
        >>> rate = Measurement("asr", "attack_success_rate", 0.25, None, 8, "rate", None)
        >>> plain_sentence("It still works in [[asr]] of the answers.", {"asr": rate})
        'It still works in 25 % of the answers.'
    """
    return PLACEHOLDER.sub(lambda found: value_text(by_id[found[1]]) if found[1] in by_id else DASH, text)


def sentence_parts(text: str, by_id: Mapping[str, Measurement]) -> Iterator[Inline]:
    """The sentence as words and numbers."""
    for i, part in enumerate(PLACEHOLDER.split(text)):
        if i % 2 == 0:
            yield part
        else:
            yield Number(by_id[part]) if part in by_id else DASH
