"""YAML with line numbers, so that a wrong key or value is named by where it stands."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from glasshouse.errors import ConfigError

KeyPath = tuple[str | int, ...]


class _Loader(yaml.SafeLoader):
    """Safe YAML in which `1e-3` is a number, as everybody means it."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?\d+(?:\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
)


class Strict(BaseModel):
    """A piece of a spec: immutable, and no key may be misspelled."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


@dataclass(frozen=True)
class YamlFile:
    """The content of a YAML file and the line of each of its keys."""

    path: Path
    content: dict[str, Any]
    lines: Mapping[KeyPath, int]

    def where(self, path: KeyPath) -> str:
        """`FILE:LINE` of the deepest part of `path` that stands in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.path}:{self.lines.get(path, 1)}"


def read_yaml(path: Path) -> YamlFile:
    """Reads a YAML file whose top is a table of keys.

    Raises:
        ConfigError: it cannot be read, is no YAML, has a key twice, or its top is no table.
    """
    try:
        text = path.read_text()
        root = yaml.compose(text, Loader=_Loader)
        content = yaml.load(text, Loader=_Loader)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The spec {path} cannot be read: {error}.", "Check the path.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or "not YAML"
        raise ConfigError(f"{path}:{line}: {problem}.", "Check indentation, colons and quotes.") from error
    if not isinstance(content, dict) or root is None:
        raise ConfigError(f"{path}:1: the file holds no keys.", "Write one `key: value` a line.")
    lines: dict[KeyPath, int] = {}
    _collect_lines(root, (), lines, path)
    return YamlFile(path, content, lines)


def _collect_lines(node: yaml.Node, at: KeyPath, lines: dict[KeyPath, int], path: Path) -> None:
    lines.setdefault(at, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*at, key.value)
            line = key.start_mark.line + 1
            if here in lines:
                raise ConfigError(
                    f"{path}:{line}: the key {key.value!r} stands twice.", "Delete one of them."
                )
            lines[here] = line
            _collect_lines(value, here, lines, path)
    if isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _collect_lines(value, (*at, index), lines, path)


def explain(error: ValidationError, file: YamlFile, moved: Mapping[KeyPath, KeyPath]) -> ConfigError:
    """The first problem of a validation as one sentence with file and line.

    Args:
        error: what pydantic found.
        file: where the values come from.
        moved: for values that came from `matrix:`, their path in the spec -> their path in the file.
    """
    problems = sorted(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
    first = problems[0]  # a misspelled key explains the missing one
    at = tuple(first["loc"])
    source = next((moved[at[:k]] for k in range(len(at), 0, -1) if at[:k] in moved), at)
    key = ".".join(str(part) for part in at)
    if first["type"] == "extra_forbidden":
        return ConfigError(
            f"{file.where(source)}: unknown key {key!r}.", "Check its spelling and indentation."
        )
    if first["type"] == "missing":
        return ConfigError(f"{file.where(at[:-1])}: the key {key!r} is missing.", "Add it.")
    message = first["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    return ConfigError(
        f"{file.where(source)}: {key}: {message}, not {first['input']!r}.", "Correct the value."
    )
