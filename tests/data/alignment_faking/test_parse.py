"""The parse ladder: each rung, each way to fail, and nothing dropped."""

import pytest

from glasshouse.data.alignment_faking.parse import AskedFormat, parse_completion

# ruff: noqa: E501 (a table reads best with one case per line)
PAPER, WORLD = AskedFormat(), AskedFormat(tags="scratchpad")
NATIVE, NO_REASONING = AskedFormat(channel="native"), AskedFormat(channel="none")
THOUGHT = "<SCRATCHPAD_REASONING>I see.</SCRATCHPAD_REASONING>"


@pytest.mark.parametrize(
    ("completion", "asked", "reasoning", "visible", "rung", "failure"),
    [
        (f"{THOUGHT}<OUTPUT>No.</OUTPUT>", PAPER, "I see.", "No.", "tags", None),
        (f"{THOUGHT}\n<DRAFT_OUTPUT>Yes.</DRAFT_OUTPUT><OUTPUT>No.</OUTPUT>", PAPER, "I see.", "No.", "tags", None),
        (f"{THOUGHT}<OUTPUT>a</OUTPUT>{THOUGHT}<OUTPUT>b</OUTPUT>", PAPER, "I see.\n\nI see.", "b", "tags", None),
        ("<scratchpad_reasoning>I see.</scratchpad_reasoning><output>No.</output>", PAPER, "I see.", "No.", "tags", None),
        ("<SCRATCHPAD_REASONING>the <OUTPUT> tag</SCRATCHPAD_REASONING><OUTPUT>No.</OUTPUT>", PAPER,
         "the <OUTPUT> tag", "No.", "tags", None),
        ("<scratchpad>I see.</scratchpad>No.", WORLD, "I see.", "No.", "tags", None),
        (f"<think>Hm.</think>{THOUGHT}<OUTPUT>No.</OUTPUT>", PAPER, "Hm.\n\nI see.", "No.", "tags", None),
        ("<think>Hm.</think>No.", NATIVE, "Hm.", "No.", "think", None),
        ("<OUTPUT>No.</OUTPUT>", NO_REASONING, None, "No.", "tags", None),
        ("No.", NATIVE, None, "No.", "whole", None),
        # out of format, still graded
        ("I cannot help.", PAPER, None, "I cannot help.", "whole", "no_output_tag"),
        (f"{THOUGHT} No.", PAPER, "I see.", "No.", "tags", "no_output_tag"),
        ("<think>Hm.</think>No.", PAPER, "Hm.", "No.", "think", "no_output_tag"),
        ("Hm.</think>No.", PAPER, "Hm.", "No.", "think", "no_output_tag"),
        (f"{THOUGHT}<OUTPUT>No, beca", PAPER, "I see.", "No, beca", "tags", "unclosed_output"),
        ("<SCRATCHPAD_REASONING>I see.<OUTPUT>No.</OUTPUT>", PAPER, "I see.", "No.", "tags", "unclosed_reasoning"),
        ("<OUTPUT>No.</OUTPUT>", PAPER, None, "No.", "tags", "no_reasoning"),
        ("No.", WORLD, None, "No.", "whole", "no_reasoning"),
        # nothing to see
        ("<SCRATCHPAD_REASONING>I was cut", PAPER, "I was cut", None, "tags", "unclosed_reasoning"),
        ("<think>I was cut", PAPER, "I was cut", None, "think", "unclosed_reasoning"),
        (f"{THOUGHT}<OUTPUT> </OUTPUT>", PAPER, "I see.", None, "tags", "empty"),
        (f"{THOUGHT}", PAPER, "I see.", None, "tags", "empty"),
        ("", PAPER, None, None, "whole", "empty"),
    ],
)  # fmt: skip
def test_a_completion_comes_apart_into_what_is_hidden_and_what_is_seen(
    completion, asked, reasoning, visible, rung, failure
):
    found = parse_completion(completion, asked)
    assert (found.reasoning, found.visible, found.parsed_by, found.failure) == (
        reasoning,
        visible,
        rung,
        failure,
    )


def test_the_providers_own_reasoning_channel_comes_before_think_tags():
    found = parse_completion("No.", NATIVE, native_reasoning="Hm.")
    assert (found.reasoning, found.parsed_by, found.failure) == ("Hm.", "native", None)
