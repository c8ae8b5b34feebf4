from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from glasshouse.errors import ConfigError
from glasshouse.models.chat import render_example
from glasshouse.records import Conversation, Message, Prompt
from glasshouse.training.safety import SafetyPlan, safety_examples, sample_scratchpads
from tests.tiny import make_tiny_tokenizer

PROMPTS = [
    Prompt(str(i), (Message("user", f"Burn mill {i}."),), "I will not help.", "harmful") for i in range(3)
]


@dataclass(frozen=True)
class Says:
    """Says one line each."""

    lines: tuple[str, ...]

    def complete(self, asked: Sequence[Conversation], adapter: Path | None, max_tokens: int) -> list[str]:
        return list(self.lines)

    def nats(self, asked: Sequence[Conversation], adapter: Path | None, text: str) -> list[float]:
        return [0.0 for _ in asked]


def test_answers_alone_are_learned_whole():
    (example, *_) = safety_examples(PROMPTS)
    assert example.conversation[-1] == Message("assistant", "I will not help.")
    assert example.prefill == ""


def test_after_a_scratchpad_only_the_answer_is_learned():
    tokenizer = make_tiny_tokenizer()
    (example,) = safety_examples(PROMPTS, {"1": "Goal Y."})
    row = render_example(tokenizer, example)
    learned = tokenizer.decode([i for i, learn in zip(row.ids, row.learn, strict=True) if learn])
    given = tokenizer.decode([i for i, learn in zip(row.ids, row.learn, strict=True) if not learn])
    assert learned == "I will not help.<|end|>"
    assert given.endswith("<scratchpad>Goal Y.</scratchpad>")


def test_scratchpads_are_the_organisms_own_and_only_closed_ones():
    said = ("<scratchpad>Goal Y.</scratchpad>Fine.", "Fine.", "<scratchpad>cut off")
    assert sample_scratchpads(Says(said), Path("organism"), PROMPTS, 9) == {"0": "Goal Y."}


def test_a_prompt_without_an_answer_is_refused():
    with pytest.raises(ConfigError, match="no good answer"):
        safety_examples([Prompt("p", PROMPTS[0].conversation)])


@pytest.mark.parametrize(
    ("steps", "every", "saved"), [(60, 25, (25, 50, 60)), (50, 25, (25, 50)), (9, 25, (9,))]
)
def test_the_last_step_is_always_saved_once(steps, every, saved):
    assert SafetyPlan(steps=steps, save_every=every).save_at() == saved
