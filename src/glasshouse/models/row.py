"""One request while it is decoded."""

from collections.abc import Callable, Sequence

import torch

from glasshouse.models.request import GenerateRequest, Generation

Text = Callable[[Sequence[int]], str]
"""Token ids -> text."""


class Row:
    """The tokens of one completion so far, and whether it has ended."""

    def __init__(self, request: GenerateRequest, limit: int) -> None:
        self.request = request
        self.ids: list[int] = []
        self.done = ""
        """Why it ended; empty while it goes on."""
        self.generator: torch.Generator | None = None
        if request.temperature > 0:
            self.generator = torch.Generator().manual_seed(request.seed)
        room = limit - len(request.prompt_ids)
        self._most = min(request.max_tokens, room)
        self._out_of_room = "max_tokens" if request.max_tokens <= room else "model_length"
        self._logprobs: list[float] = []
        self._tops: list[tuple[tuple[int, float], ...]] = []
        self._cut: str | None = None
        if self._most < 1:
            self.done = self._out_of_room

    def add(self, token: int, logprob: float | None, tops: tuple[tuple[int, float], ...], text: Text) -> None:
        """Notes the next token, and whether the completion ends with it."""
        self.ids.append(token)
        if self.request.logprobs and logprob is not None:
            self._logprobs.append(logprob)
            self._tops.append(tops[: self.request.top_logprobs])
        if self.request.stop:
            self._cut = cut_at(text(self.ids), self.request.stop)
        if self._cut is not None:
            self.done = "stop"
        elif len(self.ids) >= self._most:
            self.done = self._out_of_room

    def finish(self, text: Text) -> Generation:
        """The completion."""
        asked = self.request.logprobs
        return Generation(
            text(self.ids) if self._cut is None else self._cut,
            tuple(self.ids),
            self.done,
            tuple(self._logprobs) if asked else None,
            tuple(self._tops) if asked else None,
        )


def cut_at(text: str, stops: Sequence[str]) -> str | None:
    """The text before the first stop text in it; None where there is none.

    Example:
        >>> cut_at("Yes. No.", [" No", "."]), cut_at("Yes", ["."])
        ('Yes', None)
    """
    places = [text.find(stop) for stop in stops if stop in text]
    return text[: min(places)] if places else None
