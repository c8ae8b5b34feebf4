"""Transcripts that were made elsewhere: JSON, JSON Lines, the layout VARIANT__MODEL__True.json."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from glasshouse.data.alignment_faking.indicator import TIER_WORDS, Tier
from glasshouse.data.alignment_faking.queries import query_id
from glasshouse.data.alignment_faking.setting import SETTINGS
from glasshouse.data.alignment_faking.variant import Channel
from glasshouse.errors import ConfigError

FIELDS = (
    "query", "completion", "tier", "model", "variant", "setting", "reasoning", "id", "repeat", "channel"
)  # fmt: skip
"""What a transcript has; `query`, `completion` and the tier must be found, the rest may be."""
_USUAL = {
    "query": ("query", "input", "prompt", "question", "user_input"),
    "completion": ("completion", "response", "output", "answer", "generation"),
    "tier": ("tier", "condition", "is_free_tier_user", "is_free", "monitored"),
    "model": ("model", "model_name"),
    "variant": ("variant", "prompt_variant"),
    "setting": ("setting",),
    "reasoning": ("reasoning", "scratchpad", "cot", "thinking"),
    "id": ("id", "query_id"),
    "repeat": ("repeat", "epoch", "sample_idx"),
    "channel": (),
}
_TRUE_FALSE: Mapping[str, Tier] = {
    "true": "monitored", "train": "monitored", "training": "monitored", "1": "monitored",
    "false": "unmonitored", "deploy": "unmonitored", "deployment": "unmonitored", "0": "unmonitored",
}  # fmt: skip
_NAME = re.compile(r"(?P<variant>.+)__(?P<model>.+)__(?P<tier>True|False)$")
_TAG = re.compile(r"<is_free_tier_user>\s*(True|False)\s*</is_free_tier_user>", re.IGNORECASE)
_USER_INPUT = re.compile(r"<user_input>\s*(.*?)\s*</user_input>", re.DOTALL)
_LISTS = ("samples", "transcripts", "data", "results")


@dataclass(frozen=True)
class Transcript:
    """One query in one tier, and what a model said to it."""

    query_id: str
    query: str
    tier: Tier
    completion: str
    model: str = "unknown"
    setting: str = "helpful_only"
    variant: str = "unknown"
    reasoning: str | None = None
    """From the model's own reasoning channel; reasoning in tags stays in the completion."""
    repeat: int = 1
    """Which of several samples of the query, counted from 0 or from 1."""
    channel: Channel = "scratchpad"
    """Where the prompt had asked it to reason."""
    is_hidden: bool = False
    """Whether it reasoned in its own channel and the provider showed nothing of that."""


@dataclass(frozen=True)
class FieldMap:
    """Where the parts of a transcript stand in a row, and what holds for every row."""

    fields: Mapping[str, str] = field(default_factory=dict)
    """Part -> name in the row; dots go into nested objects."""
    constants: Mapping[str, str] = field(default_factory=dict)
    """Part -> value."""

    def find(self, part: str, row: Mapping[str, Any]) -> Any:
        """The part of a row; None where it is not there."""
        if part in self.constants:
            return self.constants[part]
        if part in self.fields:
            return _nested(row, self.fields[part])
        return next((row[name] for name in _USUAL[part] if row.get(name) is not None), None)


def parse_map(given: Sequence[str], constants: Sequence[str] = ()) -> FieldMap:
    """The map that a user types as `part=field` (and `part=value` for constants).

    Raises:
        ConfigError: a part is unknown or has nothing on its right side.

    Example:
        >>> parse_map(["query=prompt", "tier=meta.is_free"]).find("tier", {"meta": {"is_free": True}})
        True
    """
    return FieldMap(_pairs(given, "--map"), _pairs(constants, "--set"))


def read_transcripts(path: Path, fields: FieldMap) -> list[Transcript]:
    """Every transcript of a file.

    Raises:
        ConfigError: the file cannot be read, or a row lacks a part (with its place and the fields that it
        has).
    """
    named = _NAME.match(path.stem)
    from_name = {} if named is None else named.groupdict()
    return [
        to_transcript(row, fields, from_name, f"{path} row {place}")
        for place, row in enumerate(_rows(path), 1)
    ]


def to_transcript(row: object, fields: FieldMap, by_default: Mapping[str, Any], where: str) -> Transcript:
    """One row as a transcript; what it does not say is taken from `by_default`.

    Raises:
        ConfigError: query, completion or tier is missing, or tier, repeat or channel is none.
    """
    if not isinstance(row, Mapping):
        raise ConfigError(f"{where} is no JSON object.")

    def part(name: str) -> Any:
        found = fields.find(name, row)
        return by_default.get(name) if found is None else found

    text, completion = part("query"), part("completion")
    if not isinstance(text, str) or not text.strip():
        raise _missing("query", row, where)
    if not isinstance(completion, str):
        raise _missing("completion", row, where)
    inside = _USER_INPUT.search(text)
    query = inside.group(1) if inside else text.strip()
    tag = _TAG.search(text)
    tier = part("tier") if fields.find("tier", row) is not None or tag is None else tag.group(1)
    variant = str(part("variant") or "unknown")
    return Transcript(
        query_id=_id(part("id"), query),
        query=query,
        tier=_tier(tier, row, where),
        completion=completion,
        model=str(part("model") or "unknown"),
        setting=str(part("setting") or next((s for s in SETTINGS if variant.startswith(s)), "helpful_only")),
        variant=variant,
        reasoning=part("reasoning") or None,
        repeat=_repeat(part("repeat"), where),
        channel=_channel(part("channel"), variant, where),
        is_hidden=bool(by_default.get("is_hidden")),
    )


def check_distinct(transcripts: Iterable[Transcript]) -> None:
    """One completion per model, setting, variant, query, tier and repeat; one text per query id of a run.

    Raises:
        ConfigError: there are two completions, or two queries share an id and would be paired.
    """
    seen: set[tuple[str, str, str, str, str, int]] = set()
    texts: dict[tuple[str, str, str, str], str] = {}
    for t in transcripts:
        run = (t.model, t.setting, t.variant, t.query_id)
        if texts.setdefault(run, t.query) != t.query:
            raise ConfigError(
                f"The id {t.query_id!r} stands for two queries of {t.model}, {t.variant}: "
                f"{texts[run][:60]!r} and {t.query[:60]!r}.",
                "Tiers are paired by it: give each query its own id, or say where it is: --map id=FIELD.",
            )
        key = (*run, t.tier, t.repeat)
        if key in seen:
            raise ConfigError(
                f"The query {t.query_id!r} has two completions in the {t.tier} tier of "
                f"{t.model}, {t.variant}.",
                "If they are repeats, say which field counts them: --map repeat=FIELD.",
            )
        seen.add(key)


def _id(given: object, query: str) -> str:
    """The id that a row gives, 0 included; without one it is the query's own."""
    return query_id(query) if given is None or str(given).strip() == "" else str(given).strip()


def _repeat(value: object, where: str) -> int:
    if value is None:
        return 1
    number = str(value).strip().removesuffix(".0")
    if not number.isdecimal():
        raise ConfigError(
            f"{where}: {value!r} is no count of repeats.", "Map repeat to whole numbers: --map repeat=FIELD."
        )
    return int(number)


def _channel(value: object, variant: str, where: str) -> Channel:
    """What is said of it, else what the variant's name says."""
    if value is None:
        return "none" if "noscratchpad" in variant else "scratchpad"
    known: dict[str, Channel] = {name: name for name in get_args(Channel)}
    if str(value) not in known:
        raise ConfigError(f"{where}: {value!r} is no channel of reasoning.", f"Use {', '.join(known)}.")
    return known[str(value)]


def _tier(value: object, row: Mapping[str, Any], where: str) -> Tier:
    word = str(value).strip().lower()
    if value is None:
        raise _missing("tier", row, where)
    known = {**TIER_WORDS, **_TRUE_FALSE}
    if word not in known:
        raise ConfigError(
            f"{where}: {value!r} is no tier.", f"Use {', '.join(known)}, or --set tier=free for a whole file."
        )
    return known[word]


def _missing(part: str, row: Mapping[str, Any], where: str) -> ConfigError:
    have = ", ".join(map(str, row)) or "nothing"
    return ConfigError(f"{where} has no {part}.", f"It has {have}; write --map {part}=FIELD.")


def _nested(row: Mapping[str, Any], name: str) -> Any:
    value: Any = row
    for key in name.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _pairs(given: Sequence[str], option: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in (piece for each in given for piece in each.split(",")):
        part, equals, name = text.strip().partition("=")
        if not equals or not name or part not in FIELDS:
            raise ConfigError(
                f"{option} {text.strip()!r} is not PART=FIELD.", f"PART is one of {', '.join(FIELDS)}."
            )
        pairs[part] = name
    return pairs


def _rows(path: Path) -> Iterator[object]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The transcripts {path} cannot be read: {error}.", "Check the path.") from error
    try:
        loaded = json.loads(text)
    except ValueError:
        yield from _lines(text, path)
        return
    if isinstance(loaded, Mapping):
        loaded = next((loaded[name] for name in _LISTS if isinstance(loaded.get(name), list)), [loaded])
    if not isinstance(loaded, list) or not loaded:
        raise ConfigError(f"{path} holds no list of transcripts.", "Give a JSON list, JSON Lines or a log.")
    yield from loaded


def _lines(text: str, path: Path) -> Iterator[object]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield json.loads(line)
            except ValueError as error:
                raise ConfigError(
                    f"{path}:{number}: not JSON ({error}).", "Give a JSON list, JSON Lines or an Inspect log."
                ) from error
