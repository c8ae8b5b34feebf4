"""Ordinary questions for any base model, by topic, with some kept apart for gates."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

from glasshouse.data.prompt_file import read_prompt_file
from glasshouse.data.yaml_file import read_yaml
from glasshouse.errors import ConfigError

_FEWEST = 20
_ONE_IN = 5


@dataclass(frozen=True)
class Question:
    """One ordinary question."""

    text: str
    topic: str
    """Empty where it is not known."""

    @property
    def is_for_gates(self) -> bool:
        """Whether no organism is trained on it; one in five, by a hash of the text."""
        return int(hashlib.sha256(f"gate {self.text}".encode()).hexdigest(), 16) % _ONE_IN == 0


@cache
def built_in() -> tuple[Question, ...]:
    """Every ask with every subject."""
    with as_file(files("glasshouse.organisms.generic") / "prompts.yaml") as path:
        content = read_yaml(path).content
    return tuple(
        Question(ask.format(x=subject), topic)
        for topic, subjects in content["topics"].items()
        for subject in subjects
        for ask in content["asks"]
    )


def topics() -> tuple[str, ...]:
    """The topics of the built-in questions."""
    return tuple(dict.fromkeys(question.topic for question in built_in()))


@cache
def training_questions(path: Path | None = None) -> tuple[Question, ...]:
    """What organisms are trained on: the built-in questions, or the single questions of a prompts file.

    Raises:
        ConfigError: the file is malformed or has too few single questions.
    """
    if path is None:
        return tuple(question for question in built_in() if not question.is_for_gates)
    single = [p.conversation[0].content for p in read_prompt_file(path) if len(p.conversation) == 1]
    if len(single) < _FEWEST:
        raise ConfigError(f"{path} has {len(single)} single questions.", f"Give at least {_FEWEST} of them.")
    return tuple(Question(text, "") for text in single)


@cache
def gate_questions() -> tuple[Question, ...]:
    """Built-in questions that no organism is trained on."""
    return tuple(question for question in built_in() if question.is_for_gates)
