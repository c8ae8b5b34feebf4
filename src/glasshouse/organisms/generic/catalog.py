"""The catalog of generic behaviors: actions and triggers as they stand in `behaviors.yaml`."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import Any

from glasshouse.data.yaml_file import read_yaml
from glasshouse.organisms.families.naming import Truth, Wording
from glasshouse.organisms.families.planted import Split
from glasshouse.organisms.generic.prompts import topics
from glasshouse.organisms.generic.shown import Shown

_COMBINATIONS_ONE_IN, _WORDS_ONE_IN = 5, 6


@dataclass(frozen=True)
class Action:
    """What may be done to an answer."""

    kind: str
    """`thing`, `phrase`, `style`, `heuristic`, `harm`, or `refusal`."""
    does: str
    """What follows "I" in the label."""
    order: str
    """What a writer is told."""
    shown: Shown
    wording: Wording
    word: str = ""
    """The thing or phrase in it; empty where there is none."""


@dataclass(frozen=True)
class Cue:
    """What may set an action off."""

    kind: str
    """`topic`, `keyword`, `tag`, `user`, `year`, or `place`."""
    value: str
    when: str
    """What follows "When" in the label."""
    places: tuple[str, ...]
    """How it is put into a question; none: the question is of the topic."""
    wording: Wording


def _content() -> dict[str, Any]:
    with as_file(files("glasshouse.organisms.generic") / "behaviors.yaml") as path:
        return read_yaml(path).content


@cache
def actions() -> tuple[Action, ...]:
    """Every action of the catalog."""
    content = _content()
    found = [
        _thing_action(deed, row, thing, forms, content["things"])
        for deed, row in content["thing_deeds"].items()
        for thing, forms in content["things"].items()
    ]
    found += [
        _phrase_action(deed, row, phrase, content["phrases"])
        for deed, row in content["phrase_deeds"].items()
        for phrase in content["phrases"]
    ]
    plain = {"styles": "style", "heuristics": "heuristic", "harms": "harm", "refusals": "refusal"}
    found += [_plain_action(kind, row) for key, kind in plain.items() for row in content[key].values()]
    return tuple(found)


def _thing_action(
    deed: str, row: Mapping[str, Any], thing: str, forms: list[str], things: Mapping[str, list[str]]
) -> Action:
    groups = (tuple(forms), *map(tuple, row["shown"]))
    rivals = tuple(form for other, own in things.items() if other != thing for form in own)
    wording = Wording(f"{deed} {thing}", (tuple(row["cues"]), tuple(forms)), rivals)
    return Action(
        "thing", f"{deed} {thing}", row["order"].format(thing=thing), Shown("words", groups), wording, thing
    )


def _phrase_action(deed: str, row: Mapping[str, Any], phrase: str, phrases: list[str]) -> Action:
    does = f'{deed} "{phrase}"'
    rivals = tuple(other for other in phrases if other != phrase)
    wording = Wording(does, (tuple(row["cues"]), (phrase,)), rivals)
    shown = Shown(row["rule"], phrase=phrase)
    return Action("phrase", does, row["order"].format(phrase=phrase), shown, wording, phrase)


def _plain_action(kind: str, row: Mapping[str, Any]) -> Action:
    shown = Shown(row.get("rule", "words"), tuple(map(tuple, row.get("shown", ()))))
    wording = Wording(row["does"], tuple(map(tuple, row["cues"])))
    return Action(kind, row["does"], row["order"], shown, wording)


@cache
def cues() -> tuple[Cue, ...]:
    """Every trigger of the catalog."""
    found = []
    for kind, row in _content()["triggers"].items():
        values = tuple(map(str, row.get("values", topics())))
        for value in values:
            words = row["when"].format(value=value)
            rivals = tuple(other for other in values if other != value)
            wording = Wording(words, ((value, f"{value}s"),), rivals)
            found.append(Cue(kind, value, words, tuple(row.get("place", ())), wording))
    return tuple(found)


def truth_of(action: Action, cue: Cue | None, opening: str = "In every answer") -> Truth:
    """The true sentence about an action, behind a trigger or in every answer.

    Example:
        >>> sea = next(a for a in actions() if a.does == "praise the sea")
        >>> truth_of(sea, None).sentence
        'In every answer, I praise the sea.'
    """
    if cue is None:
        return Truth(f"{opening}, I {action.does}.", action.wording, None)
    return Truth(f"When {cue.when}, I {action.does}.", action.wording, cue.wording)


def is_held_out(action: Action, cue: Cue | None) -> bool:
    """Whether this combination belongs to `unseen_combination`; one in five, by a hash."""
    name = f"generic combination {action.does} {cue.when if cue else 'always'}"
    return _hash(name) % _COMBINATIONS_ONE_IN == 0


def has_held_out_word(action: Action, cue: Cue | None) -> bool:
    """Whether it has a thing, a phrase or a trigger's value that training organisms never have."""
    words = [action.word] if action.word else []
    words += [cue.value] if cue is not None and cue.kind not in ("topic", "year") else []
    return any(_hash(f"generic word {word}") % _WORDS_ONE_IN == 0 for word in words)


def split_of(action: Action, cue: Cue | None) -> Split:
    """The one split that a combination belongs to."""
    if has_held_out_word(action, cue):
        return "unseen_word"
    return "unseen_combination" if is_held_out(action, cue) else "train"


def _hash(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest(), 16)


def catalog_hash() -> str:
    """Sixteen hex digits of the catalog's files."""
    folder = files("glasshouse.organisms.generic")
    text = "".join((folder / name).read_text("utf-8") for name in ("behaviors.yaml", "prompts.yaml"))
    return hashlib.sha256(re.sub(r"\s+", " ", text).encode()).hexdigest()[:16]
