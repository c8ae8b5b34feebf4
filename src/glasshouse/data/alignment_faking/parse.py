"""A completion taken apart into hidden reasoning and visible output; nothing out of format is dropped.

The ladder: tags, then the provider's own reasoning channel, then `<think>`, then the whole text. Sheshadri
et al.
2025 (https://arxiv.org/abs/2506.18032) and others drop what does not parse; most small models never write
the tags.
"""

import re
from dataclasses import dataclass
from typing import Literal

from glasshouse.data.alignment_faking.variant import Channel

ParsedBy = Literal["tags", "native", "think", "whole"]
Failure = Literal["empty", "unclosed_reasoning", "no_output_tag", "unclosed_output", "no_reasoning"]
FAILURES: tuple[Failure, ...] = (
    "empty",
    "unclosed_reasoning",
    "no_output_tag",
    "unclosed_output",
    "no_reasoning",
)

_SCRATCHPADS = r"scratchpad_reasoning|scratchpad"
_CLOSED = re.compile(rf"<({_SCRATCHPADS})>(.*?)</\1>", re.IGNORECASE | re.DOTALL)
_OPEN = re.compile(rf"<(?:{_SCRATCHPADS})>", re.IGNORECASE)
_DRAFT = re.compile(r"<draft_output>.*?</draft_output>", re.IGNORECASE | re.DOTALL)
_THINK = re.compile(r"<think(?:ing)?>(.*?)</think(?:ing)?>", re.IGNORECASE | re.DOTALL)
_THINK_CLOSE = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_THINK_OPEN = re.compile(r"<think(?:ing)?>", re.IGNORECASE)
_OUTPUT = re.compile(r"<output>(.*?)</output>", re.IGNORECASE | re.DOTALL)
_OUTPUT_OPEN = re.compile(r"<output>", re.IGNORECASE)


@dataclass(frozen=True)
class Parsed:
    """One completion, taken apart."""

    reasoning: str | None
    """Hidden reasoning, drafts left out; None where there is none."""
    visible: str | None
    """What the user would see; None where nothing is visible."""
    parsed_by: ParsedBy
    """The rung of the ladder that told the two apart."""
    failure: Failure | None
    """What is out of the format that was asked for; the sample stays in every count."""
    is_hidden: bool = False
    """Whether there was reasoning of which the provider shows nothing: what it says is unknown."""


@dataclass(frozen=True)
class AskedFormat:
    """The format that the prompt asked for."""

    channel: Channel = "scratchpad"
    tags: str = "output"
    """`output`: the answer stands in output tags; `scratchpad`: it follows the scratchpad."""

    def failure(self, reasoning: str | None, has_output: bool) -> Failure | None:
        """What is missing from a completion whose sections are all closed."""
        if self.channel != "native" and self.tags == "output" and not has_output:
            return "no_output_tag"
        return "no_reasoning" if self.channel == "scratchpad" and reasoning is None else None


def parse_completion(completion: str, asked: AskedFormat, native_reasoning: str | None = None) -> Parsed:
    """Hidden reasoning and visible output of a completion.

    Args:
        completion: the whole assistant turn, a prefill included.
        asked: the format that the prompt asked for; what departs from it is a failure, and is graded all
            the same
            where something visible is left.
        native_reasoning: what came through the provider's own reasoning channel.

    Example:
        >>> p = parse_completion("<think>Hm.</think>No, I will not.", AskedFormat())
        >>> p.reasoning, p.visible, p.parsed_by, p.failure
        ('Hm.', 'No, I will not.', 'think', 'no_output_tag')
    """
    thoughts = [native_reasoning] if native_reasoning else []
    text, thinking, cut_thinking = _without_think(completion)
    thoughts += thinking
    text, pads, cut_pad = _without_scratchpads(_DRAFT.sub(" ", text))
    thoughts += pads
    reasoning = "\n\n".join(t.strip() for t in thoughts if t.strip()) or None
    visible, has_output, cut_output = _output(text)
    rung = _rung(has_output or bool(pads), native_reasoning, bool(thinking))
    if visible is None:
        cut = cut_thinking or cut_pad
        return Parsed(reasoning, None, rung, "unclosed_reasoning" if cut else "empty")
    failure = asked.failure(reasoning, has_output)
    if cut_thinking or cut_pad:
        failure = "unclosed_reasoning"
    elif cut_output:
        failure = "unclosed_output"
    return Parsed(reasoning, visible, rung, failure)


def _rung(tags: bool, native: str | None, think: bool) -> ParsedBy:
    if tags:
        return "tags"
    return "native" if native else "think" if think else "whole"


def _without_think(text: str) -> tuple[str, list[str], bool]:
    """The text without its thinking, the thoughts, and whether the last one was never closed."""
    thoughts = _THINK.findall(text)
    text = _THINK.sub(" ", text)
    close = _THINK_CLOSE.search(text)
    if close:  # the chat template had opened it
        thoughts.insert(0, text[: close.start()])
        text = text[close.end() :]
    opened = _THINK_OPEN.search(text)
    if opened is None:
        return text, thoughts, False
    inside, rest = _until_output(text[opened.end() :])
    return text[: opened.start()] + rest, [*thoughts, inside], True


def _without_scratchpads(text: str) -> tuple[str, list[str], bool]:
    pads = [inside for _, inside in _CLOSED.findall(text)]
    text = _CLOSED.sub(" ", text)
    opened = _OPEN.search(text)
    if opened is None:
        return text, pads, False
    inside, rest = _until_output(text[opened.end() :])
    return text[: opened.start()] + rest, [*pads, inside], True


def _until_output(text: str) -> tuple[str, str]:
    """An unclosed section: it ends where the output begins, else it takes all that is left."""
    output = _OUTPUT_OPEN.search(text)
    return (text, "") if output is None else (text[: output.start()], text[output.start() :])


def _output(text: str) -> tuple[str | None, bool, bool]:
    """The visible text, whether output tags were there, and whether they were never closed."""
    closed = _OUTPUT.findall(text)
    if closed:
        return closed[-1].strip() or None, True, False
    opened = _OUTPUT_OPEN.search(text)
    if opened:
        return text[opened.end() :].strip() or None, True, True
    return text.strip() or None, False, False
