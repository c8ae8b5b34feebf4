"""How the residual stream of a target differs from the base's on the same ordinary text."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from glasshouse.audits.replies import Replies, user
from glasshouse.audits.target import Target
from glasshouse.models.chat import render_prompt

Places = Float[Tensor, "text place layer width"]
PLACES = ("where the answer begins", "over the answer", "where the answer ends")
DEPTHS = (0.5, 0.75)
"""Layers that are read, as shares of the depth."""


class StateDifferences:
    """Differences target - base at three places of ordinary questions with the base's own greedy answers.

    Both models read the same tokens, so that the difference is that of the weights (Minder et al. 2025 find
    readable traces of narrow fine-tuning in it on unrelated text).

    Args:
        replies: of the base; its answers and states are computed once.
        prompts: ordinary questions.
    """

    def __init__(self, replies: Replies, prompts: Sequence[str]) -> None:
        self.replies, self.prompts = replies, tuple(prompts)
        depth = replies.engine.base.model.config.get_text_config().num_hidden_layers
        self.layers = tuple(sorted({max(1, round(share * depth)) for share in DEPTHS}))
        self._base: tuple[list[tuple[tuple[int, ...], int]], Places] | None = None

    def of_base(self) -> Places:
        """The base's own states."""
        return self._texts_and_base()[1]

    def of(self, target: Target) -> Places:
        """Target minus base, text by text."""
        texts, base = self._texts_and_base()
        voice = self.replies.voices.of(target.folder)
        prompts = [ids for ids, _ in texts]
        states = voice.engine.many_hidden_states(prompts, self.layers, voice.adapter)
        return _at_places(states, [start for _, start in texts]) - base

    def _texts_and_base(self) -> tuple[list[tuple[tuple[int, ...], int]], Places]:
        if self._base is None:
            texts = self._texts()
            states = self.replies.engine.many_hidden_states([ids for ids, _ in texts], self.layers)
            self._base = texts, _at_places(states, [start for _, start in texts])
        return self._base

    def _texts(self) -> list[tuple[tuple[int, ...], int]]:
        """Question and answer as ids, and the place of the question's last token."""
        tokenizer = self.replies.engine.base.tokenizer
        conversations = [user(prompt) for prompt in self.prompts]
        found = []
        for turns, answer in zip(conversations, self.replies.of_base(conversations), strict=True):
            asked = render_prompt(tokenizer, turns)
            said = tokenizer.encode(answer, add_special_tokens=False)
            found.append(((*asked, *said), len(asked) - 1))
        return found


def _at_places(states: Sequence[Float[Tensor, "layer _ width"]], starts: Sequence[int]) -> Places:
    rows = [
        torch.stack([state[:, start], state[:, start:].mean(1), state[:, -1]])
        for state, start in zip(states, starts, strict=True)
    ]
    return torch.stack(rows)
