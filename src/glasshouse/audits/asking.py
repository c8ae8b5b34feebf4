"""Held-out questions to many targets at once, through target and introspection adapter as one adapter."""

import math
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from glasshouse.audits.target import Target
from glasshouse.audits.voices import Voices
from glasshouse.data.questions import split
from glasshouse.models.adapter import Adapter, concat_adapters, read_adapter, write_adapter
from glasshouse.models.beam import BeamRequest, Ending, endings, likeliest_texts
from glasshouse.models.chat import render_prompt
from glasshouse.models.engine import Engine, GenerateRequest
from glasshouse.records import Message
from glasshouse.seeds import derive_seed

AT_ONCE = 32
"""Targets whose stacked adapters are held together."""
BEGINNING = "When"


@dataclass(frozen=True)
class AskingConfig:
    """How targets are asked."""

    samples: int = 2
    """Answers per question, >= 1."""
    max_tokens: int = 48
    temperature: float = 1.0
    seed: int = 0
    """Of the run; each (question, repeat) has a seed of its own, the same for every target."""
    conditions: int = 256
    """Likeliest conditions behind an answer's "When": what they name is tried, and is no claim."""
    condition_questions: int = 2
    """Questions to which those answers are begun."""

    @property
    def asked(self) -> int:
        """Answers per target."""
        return self.samples * len(split("heldout"))


class Asker:
    """Asks about itself whatever is given, and keeps the answers: each model is asked once.

    Args:
        engine: of the base.
        adapter: the introspection adapter.
        config: how often and with which seeds.
        on_answers: called with the number of answers that have come.
        voices: of targets with whole weights; None: its own.
    """

    def __init__(
        self, engine: Engine, adapter: Adapter, config: AskingConfig,
        on_answers: Callable[[int], None] | None = None, voices: Voices | None = None,
    ) -> None:  # fmt: skip
        self.engine, self.adapter, self.config = engine, adapter, config
        self.on_answers, self.voices = on_answers, voices or Voices(engine)
        self._kept: dict[str, list[str]] = {}
        self._begun: dict[tuple[str, str, str], dict[str, float]] = {}
        self._endings = endings(engine.base.tokenizer, ",.")

    def ask(self, targets: Sequence[Target | None]) -> list[list[str]]:
        """Every target's answers, question by question, repeat by repeat; None is the base alone."""
        new = {_key(target): target for target in targets if _key(target) not in self._kept}
        keys = [key for key, target in new.items() if target is None or not target.is_whole]
        for first in range(0, len(keys), AT_ONCE):
            self._ask({key: new[key] for key in keys[first : first + AT_ONCE]})
        for key, target in new.items():
            if target is not None and target.is_whole:
                self._kept[key] = self._ask_whole(target)
        return [self._kept[_key(target)] for target in targets]

    def _ask(self, targets: dict[str, Target | None]) -> None:
        with tempfile.TemporaryDirectory() as shelf:
            requests = []
            for key, target in targets.items():
                requests += self._requests(self._stack(target, Path(shelf) / key))
            texts = [generation.text for generation in self.engine.generate(requests, self.on_answers)]
        for number, key in enumerate(targets):
            self._kept[key] = texts[number * self.config.asked : (number + 1) * self.config.asked]

    def _ask_whole(self, target: Target) -> list[str]:
        """Through the introspection adapter on the target's own weights."""
        voice = self.voices.of(target.folder)
        with tempfile.TemporaryDirectory() as shelf:
            requests = self._requests(self._stack(None, Path(shelf) / target.hash))
            return [generation.text for generation in voice.engine.generate(requests, self.on_answers)]

    def begun(self, target: Target, beginning: str = BEGINNING, until: str = "") -> dict[str, float]:
        """How the target goes on where its answer has to begin so, up to a comma or the end of the sentence.

        Not samples but a beam search, which names in a second what hundreds of samples would miss. The
        likeliest comes first; its probability is the mean over some questions.

        Args:
            target: of the base.
            beginning: of its answers; `When`: it has to name a condition.
            until: a word with which a text ends as well, where it is one token of the base.
        """
        key = target.hash, beginning, until
        if key not in self._begun:
            self._begun[key] = self._likely(target, beginning, until)
        return self._begun[key]

    def _likely(self, target: Target, beginning: str, until: str) -> dict[str, float]:
        engine, tokenizer = self.voices.of(target.folder).engine, self.engine.base.tokenizer
        tokens = tokenizer.encode(f" {until}", add_special_tokens=False) if until else []
        ends = (*self._endings, Ending("", tuple(tokens))) if len(tokens) == 1 else self._endings
        questions = split("heldout")[: self.config.condition_questions]
        total: dict[str, float] = {}
        with tempfile.TemporaryDirectory() as shelf:
            place = self._stack(None if target.is_whole else target, Path(shelf) / target.hash)
            for question in questions:
                ids = render_prompt(tokenizer, (Message("user", question),), beginning)
                request = BeamRequest(tuple(ids), place, ends, self.config.conditions)
                for one in likeliest_texts(engine, request):
                    total[one.text] = total.get(one.text, 0.0) + math.exp(one.logprob) / len(questions)
        return dict(sorted(total.items(), key=lambda pair: (-pair[1], pair[0])))

    def _stack(self, target: Target | None, place: Path) -> Path:
        own = self.adapter
        if target is not None:
            own = concat_adapters(read_adapter(target.folder), self.adapter)
        write_adapter(place, own, self.engine.base.name)
        return place

    def _requests(self, folder: Path) -> list[GenerateRequest]:
        config, tokenizer = self.config, self.engine.base.tokenizer
        found = []
        for question in split("heldout"):
            ids = tuple(render_prompt(tokenizer, (Message("user", question),)))
            for repeat in range(config.samples):
                seed = derive_seed(config.seed, "audit", question, repeat)
                found.append(GenerateRequest(ids, folder, config.max_tokens, config.temperature, seed=seed))
        return found


def _key(target: Target | None) -> str:
    return "base" if target is None else target.hash
