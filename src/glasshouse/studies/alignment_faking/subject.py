"""Who is asked: a model by Inspect's name, with a label for people and the hashes of what it is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from inspect_ai.model import Model, get_model

from glasshouse.evals.model_errors import plain_model_errors
from glasshouse.models.adapter import adapter_hash
from glasshouse.models.base import EngineConfig, folder_hash, resolve_base
from glasshouse.organisms.start import PREFIX, parse_start


@dataclass(frozen=True)
class Subject:
    """One model under test."""

    name: str
    """As Inspect names it."""
    label: str
    """Short, unique within a study."""
    hashes: Mapping[str, str] = field(default_factory=dict)
    """`base` and `adapter` of a local model; nothing is known of a model behind an API."""

    @property
    def is_local(self) -> bool:
        """Whether the local engine runs it."""
        return self.name.startswith(PREFIX)

    def open(self, engine: EngineConfig, model_args: Mapping[str, Any]) -> Model:
        """The model as Inspect sees it.

        Raises:
            ConfigError: there is no such provider, or its key or package is missing.
        """
        given = {**asdict(engine), **model_args} if self.is_local else dict(model_args)
        with plain_model_errors():
            return get_model(self.name, memoize=False, **given)


def find_subjects(models: Sequence[str]) -> list[Subject]:
    """Every model, hashed where it lies on this machine.

    Raises:
        ConfigError: a local name is none.
        ModelError: a base or an adapter is not there.
    """
    subjects = [_subject(name) for name in models]
    labels = [one.label for one in subjects]
    return [
        one if labels.count(one.label) == 1 else Subject(one.name, one.name, one.hashes) for one in subjects
    ]


def _subject(name: str) -> Subject:
    if not name.startswith(PREFIX):
        return Subject(name, name)
    start = parse_start(name)
    hashes = {"base": folder_hash(resolve_base(start.base))}
    if start.adapter is None:
        return Subject(name, Path(start.base).name, hashes)
    adapter = start.adapter.absolute()
    label = f"{Path(start.base).name}:{_folder_name(adapter)}"
    return Subject(f"{PREFIX}{start.base}:{adapter}", label, hashes | {"adapter": adapter_hash(adapter)})


def _folder_name(adapter: Path) -> str:
    """The name of an organism's folder, where the weights lie in `adapter` below it."""
    return adapter.parent.name if adapter.name == "adapter" else adapter.name
