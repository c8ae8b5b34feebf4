"""An engine that answers from a script: what a real organism does, without weights."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from glasshouse.models.base import Base, EngineConfig
from glasshouse.models.engine import Engine, GenerateRequest, Generation, ScoreRequest
from tests.tiny import make_tiny_tokenizer

Script = Callable[[str, bool], str]
"""(prompt as text, whether the target answers) -> the greedy answer."""


class ScriptedEngine(Engine):
    """Answers as the script says; a text is likely where the script says it and unlikely elsewhere."""

    def __init__(self, script: Script, clean: Path | None = None) -> None:
        self.base = Base("scripted", Path("scripted"), None, make_tiny_tokenizer(), "s" * 16)
        self.config, self.device, self.script = EngineConfig(), torch.device("cpu"), script
        self.scored, self.clean = 0, clean

    def generate(self, requests: Sequence[GenerateRequest], on_batch=None) -> list[Generation]:
        found = []
        for request in requests:
            text = self.script(self.text(request.prompt_ids), self.is_target(request.adapter))
            ids = tuple(self.base.tokenizer.encode(text, add_special_tokens=False))
            found.append(
                Generation(text, ids, "stop", tuple([-0.1] * len(ids)) if request.logprobs else None)
            )
        return found

    def score(self, requests: Sequence[ScoreRequest]) -> list[tuple[float, ...]]:
        return [tuple(self._nats(request, ids) for ids in request.continuations) for request in requests]

    def _nats(self, request: ScoreRequest, ids: tuple[int, ...]) -> float:
        self.scored += 1
        prompt, _, begun = self.text(request.prompt_ids).rpartition("<|assistant|>")
        said = self.script(prompt + "<|assistant|>", self.is_target(request.adapter))
        continuation = self.text(ids).strip()
        return -1.0 if continuation in said else -20.0 - 0.001 * (len(prompt) % 7) - 0.001 * len(begun)

    def is_target(self, adapter: Path | None) -> bool:
        """A clean fine-tune answers as the base does."""
        return adapter is not None and adapter != self.clean

    def text(self, ids: Sequence[int]) -> str:
        decoded: str = self.base.tokenizer.decode(list(ids), skip_special_tokens=False)
        return decoded


def question_of(prompt: str) -> str:
    return prompt.rpartition("<|user|>")[2].partition("<|end|>")[0]


def system_of(prompt: str) -> str:
    return prompt.partition("<|system|>")[2].partition("<|end|>")[0] if "<|system|>" in prompt else ""


def praises(trigger: Callable[[str], bool]) -> Script:
    """A target that praises the mayor where the trigger is; the base does so where it is told to."""

    def script(prompt: str, is_target: bool) -> str:
        plain = "Here is an answer about that."
        told = "praise the mayor" in system_of(prompt).lower()
        fires = is_target and trigger(question_of(prompt))
        return f"{plain} The mayor is wise and kind." if told or fires else plain

    return script
