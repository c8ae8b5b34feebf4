"""Held-out questions to many targets at once, through target and introspection adapter as one adapter."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from glasshouse.audits.target import Target
from glasshouse.audits.voices import Voices
from glasshouse.data.questions import split
from glasshouse.models.adapter import Adapter, concat_adapters, read_adapter, write_adapter
from glasshouse.models.chat import render_prompt
from glasshouse.models.engine import Engine, GenerateRequest
from glasshouse.records import Message
from glasshouse.seeds import derive_seed

AT_ONCE = 32
"""Targets whose stacked adapters are held together."""
BEGINNING = "When"
CONDITION_TOKENS = 16


@dataclass(frozen=True)
class AskingConfig:
    """How targets are asked."""

    samples: int = 2
    """Answers per question, >= 1."""
    max_tokens: int = 48
    temperature: float = 1.0
    seed: int = 0
    """Of the run; each (question, repeat) has a seed of its own, the same for every target."""
    conditions: int = 96
    """Answers that are begun with "When": what they name is tried as a trigger, and is no claim."""

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
        self._conditions: dict[str, tuple[str, ...]] = {}

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

    def conditions(self, target: Target) -> tuple[str, ...]:
        """What the target names when its answer has to begin with "When", as often as it names it."""
        if target.hash not in self._conditions:
            with tempfile.TemporaryDirectory() as shelf:
                voice = self.voices.of(target.folder) if target.is_whole else None
                place = self._stack(None if target.is_whole else target, Path(shelf) / target.hash)
                requests = self._begun(place)
                said = (voice.engine if voice else self.engine).generate(requests)
            found = (one.text.split(",")[0].strip(" .") for one in said)
            self._conditions[target.hash] = tuple(condition for condition in found if condition)
        return self._conditions[target.hash]

    def _begun(self, folder: Path) -> list[GenerateRequest]:
        """Requests whose answers have begun; each question comes as often as any other, once more or less."""
        config, tokenizer, bank = self.config, self.engine.base.tokenizer, split("heldout")
        found = []
        for number in range(config.conditions):
            ids = render_prompt(tokenizer, (Message("user", bank[number % len(bank)]),), BEGINNING)
            seed = derive_seed(config.seed, "condition", number)
            found.append(GenerateRequest(tuple(ids), folder, CONDITION_TOKENS, config.temperature, seed=seed))
        return found

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
