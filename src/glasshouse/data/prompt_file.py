r"""Prompts from a file: JSON Lines (also .gz) in three forms, or a folder that `datasets` saved.

    {"messages": [{"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Good day."}]}
    {"prompt": "Hi.", "completion": "Good day."}
    {"chosen": "\n\nHuman: Hi.\n\nAssistant: Good day.", "rejected": "..."}

The first two may carry `id`, `kind` (fine, harmful, fact, other) and `expected`.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from glasshouse.data.hh_rlhf import parse_dialogue
from glasshouse.errors import ConfigError
from glasshouse.records import Conversation, Message, Prompt

_KINDS = ("fine", "harmful", "fact", "other")
_ROLES = ("system", "user", "assistant")
_FORMS = 'Each line is {"messages": [...]}, {"prompt", "completion"} or {"chosen", "rejected"}.'


def read_prompt_file(path: Path) -> list[Prompt]:
    """Every prompt of a file, in its order, each conversation once.

    Raises:
        ConfigError: the file is missing, empty or malformed, or one id stands for two prompts (with the line
            number).
    """
    if path.is_dir():
        numbered: Iterator[tuple[str, object]] = _dataset_rows(path)
    else:
        numbered = _json_lines(path)
    prompts: dict[str, Prompt] = {}
    for where, row in numbered:
        try:
            prompt = parse_row(row)
        except ValueError as error:
            raise ConfigError(f"{where}: {error}.", _FORMS) from error
        known = prompts.setdefault(prompt.id, prompt)
        if known.conversation != prompt.conversation:
            raise ConfigError(
                f"{where}: the id {prompt.id!r} stands for another prompt further up.",
                "Give every prompt an id of its own, or leave the ids out.",
            )
    if not prompts:
        raise ConfigError(f"{path} holds no prompts.", _FORMS)
    return list(prompts.values())


def parse_row(row: object) -> Prompt:
    """One row in any of the three forms.

    Raises:
        ValueError: it is in none of them.

    Example:
        >>> parse_row({"prompt": "Hi.", "completion": "Good day."}).completion
        'Good day.'
    """
    if not isinstance(row, Mapping):
        raise ValueError("the row is no JSON object")
    if "chosen" in row:
        turns, completion = parse_dialogue(_text(row["chosen"], "chosen"))
        return Prompt(conversation_id(turns), turns, completion)
    if "messages" in row:
        turns = _messages(row["messages"], "messages")
    elif "prompt" in row:
        turns = _prompt_and_completion(row)
    else:
        raise ValueError("the row has neither 'messages' nor 'prompt' nor 'chosen'")
    return _prompt(row, turns)


def conversation_id(conversation: Conversation) -> str:
    """Twelve hex digits that stand for the turns."""
    text = json.dumps([(m.role, m.content) for m in conversation], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _prompt(row: Mapping[str, object], turns: Conversation) -> Prompt:
    completion = None
    if turns and turns[-1].role == "assistant":
        turns, completion = turns[:-1], turns[-1].content
    if not turns or turns[-1].role != "user":
        raise ValueError("there is no user message to answer")
    kind = row.get("kind", "other")
    if kind not in _KINDS:
        raise ValueError(f"kind is {kind!r}, not one of {', '.join(_KINDS)}")
    expected = row.get("expected")
    if expected is not None:
        expected = _text(expected, "expected")
    name = conversation_id(turns) if row.get("id") in (None, "") else str(row["id"])
    return Prompt(name, turns, completion, kind, expected)  # type: ignore[arg-type]


def _prompt_and_completion(row: Mapping[str, object]) -> Conversation:
    prompt, completion = row["prompt"], row.get("completion")
    turns = (Message("user", prompt),) if isinstance(prompt, str) else _messages(prompt, "prompt")
    if completion is None:
        return turns
    if isinstance(completion, str):
        return (*turns, Message("assistant", completion))
    return turns + _messages(completion, "completion")


def _messages(value: object, field: str) -> Conversation:
    if not isinstance(value, list) or not value:
        raise ValueError(f"'{field}' is not a list of messages")
    messages = []
    for message in value:
        if not isinstance(message, Mapping) or message.get("role") not in _ROLES:
            raise ValueError(f"a message in '{field}' has no role of {', '.join(_ROLES)}")
        messages.append(Message(message["role"], _text(message.get("content"), "content")))
    return tuple(messages)


def _text(value: object, field: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"'{field}' is no text")
    return value


def _json_lines(path: Path) -> Iterator[tuple[str, object]]:
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise ConfigError(f"The prompts file {path} cannot be read: {error}.", "Check the path.") from error
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield f"{path}:{number}", json.loads(line)
        except json.JSONDecodeError as error:
            raise ConfigError(f"{path}:{number}: not JSON ({error.msg}).", _FORMS) from error


def _dataset_rows(path: Path) -> Iterator[tuple[str, object]]:
    import datasets  # optional and slow; only for folders that it saved

    try:
        loaded = datasets.load_from_disk(str(path))
    except FileNotFoundError as error:
        raise ConfigError(f"{path} is no folder that `datasets` saved.", "Give a .jsonl file.") from error
    if isinstance(loaded, datasets.DatasetDict):
        loaded = datasets.concatenate_datasets(list(loaded.values()))
    for number, row in enumerate(loaded):
        yield f"{path} row {number}", {key: value for key, value in row.items() if value is not None}
