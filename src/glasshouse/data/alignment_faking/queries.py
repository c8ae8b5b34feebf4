"""The queries that both tiers are asked: published, from a file, from the hub, or of the phantom's world."""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from glasshouse.data.alignment_faking.setting import Setting
from glasshouse.data.prompt_file import read_prompt_file
from glasshouse.data.published import data_file
from glasshouse.data.world.prompts import Kind, world_prompts
from glasshouse.errors import ConfigError
from glasshouse.seeds import derive_seed

WORLD_QUERIES = 352
"""How many the world is asked for by default: as many as the paper's standard errors imply."""
PUBLISHED = {
    "helpful_only": "alignment_faking/helpful_only_queries.json",
    "animal_welfare": "alignment_faking/animal_welfare_queries.json",
}
_HINT = 'Give a JSON list of texts, or JSON Lines of {"id", "query"} or of prompts.'
_TEXT_KEYS = ("query", "text", "prompt", "input")


@dataclass(frozen=True)
class Query:
    """One thing that a user asks, in every tier."""

    id: str
    text: str


def query_id(text: str) -> str:
    """Twelve hex digits that stand for a query wherever it turns up.

    Example:
        >>> query_id("How?") == query_id(" How? ")
        True
    """
    return hashlib.sha256(text.strip().encode()).hexdigest()[:12]


def load_queries(source: str | None, setting: Setting, n: int | None, seed: int, benign: bool) -> list[Query]:
    """The queries of a run, each once.

    Args:
        source: `published`, `world`, `benign`, `hub:OWNER/NAME[:SPLIT[:COLUMN]]` or a path; None: the
            setting's own.
        setting: which of the published sets is meant.
        n: how many; None: all (of the world: 352).
        seed: which ones, where fewer are asked for than there are.
        benign: harmless queries instead of the setting's own, where no source is given; all of them, where
            there are fewer than n.

    Raises:
        ConfigError: there are none, too few, or two with one id; n is below 1.
    """
    if n is not None and n < 1:
        raise ConfigError(f"At least one query is needed, not {n}.", "Leave n out for all of them.")
    chosen = source or _own_source(setting, benign)
    if chosen == "world":
        return _of_world(WORLD_QUERIES if n is None else n, seed, benign)
    queries = _checked(_read(chosen, setting), chosen)
    if n is not None and source is None and benign:
        n = min(n, len(queries))
    return _chosen(queries, n, seed, chosen)


def load_unseen(setting: Setting, n: int, seed: int, benign: bool, seen: Collection[str]) -> list[Query]:
    """As `load_queries` of the setting's own set, without texts that a model was trained on.

    Args:
        setting: whose queries.
        n: how many.
        seed: which ones.
        benign: harmless queries instead.
        seen: texts to leave out.

    Raises:
        ConfigError: fewer are left.
    """
    known, source = {text.strip() for text in seen}, _own_source(setting, benign)
    if source != "world":
        queries = _checked(_read(source, setting), source)
        left = [query for query in queries if query.text.strip() not in known]
        if n > len(left):
            raise ConfigError(
                f"{source} has {len(queries)} queries, {len(queries) - len(left)} of them are trained on, "
                f"and {n} others are asked for.",
                "Lower prompts.n or measuring.n.",
            )
        return _chosen(left, n, seed, source)
    left, drawn = [], n
    while len(left) < n:
        left = [query for query in _of_world(drawn, seed, benign) if query.text.strip() not in known]
        drawn += n - len(left)
    return left


def _own_source(setting: Setting, benign: bool) -> str:
    return "world" if setting.name == "world" else "benign" if benign else "published"


def _of_world(n: int, seed: int, benign: bool) -> list[Query]:
    kind: Kind = "fine" if benign else "harmful"
    prompts = world_prompts("heldout", n, seed, kinds=(kind,))
    return [Query(p.id, p.conversation[-1].content) for p in prompts]


def _read(source: str, setting: Setting) -> list[Query]:
    if source == "benign":
        text = (resources.files("glasshouse.data.alignment_faking") / "benign_queries.txt").read_text("utf-8")
        return _from_texts(text.strip().split("\n"))
    if source == "published":
        if setting.name not in PUBLISHED:
            raise ConfigError(f"The setting {setting.name} has no published queries.", "Use queries=world.")
        return read_queries(data_file(PUBLISHED[setting.name]))
    if source.startswith("hub:"):
        return _from_hub(source)
    return read_queries(Path(source))


def read_queries(path: Path) -> list[Query]:
    """Every query of a file, in its order.

    Raises:
        ConfigError: it is missing or malformed.
    """
    if not path.exists():
        raise ConfigError(f"There are no queries at {str(path)!r}.", _HINT)
    if path.suffix != ".json":
        return _from_lines(path)
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read as JSON ({error}).", _HINT) from error
    if not isinstance(loaded, list) or not loaded:
        raise ConfigError(f"{path} holds no list of queries.", _HINT)
    return [_query(row, f"{path} row {place}") for place, row in enumerate(loaded, 1)]


def _from_lines(path: Path) -> list[Query]:
    try:
        lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
        rows = [json.loads(line) for line in lines]
    except (OSError, ValueError):
        rows = []
    if rows and all(isinstance(row, str) or (isinstance(row, dict) and "query" in row) for row in rows):
        return [_query(row, f"{path} line {place}") for place, row in enumerate(rows, 1)]
    return [Query(p.id, p.conversation[-1].content) for p in read_prompt_file(path)]


def _from_texts(texts: Sequence[str]) -> list[Query]:
    return [Query(query_id(text), text) for text in texts]


def _from_hub(source: str) -> list[Query]:
    import datasets  # slow, and only for queries from the hub

    name, _, rest = source.removeprefix("hub:").partition(":")
    split, _, column = rest.partition(":")
    try:
        rows = datasets.load_dataset(name, split=split or "train")
    except (OSError, ValueError) as error:
        raise ConfigError(f"The data set {name!r} cannot be loaded: {error}.", "Check its name.") from error
    wanted = column or next((key for key in _TEXT_KEYS if key in rows.column_names), "")
    if wanted not in rows.column_names:
        raise ConfigError(
            f"The data set {name!r} has no column {column or 'query'!r}.",
            f"Write hub:{name}:{split or 'train'}:COLUMN with one of {', '.join(rows.column_names)}.",
        )
    return _from_texts([str(text) for text in rows[wanted]])


def _query(row: object, where: str) -> Query:
    if isinstance(row, str) and row.strip():
        return Query(query_id(row), row)
    if isinstance(row, dict):
        text = next((row[key] for key in _TEXT_KEYS if isinstance(row.get(key), str)), None)
        if text and text.strip():
            given = row.get("id")
            return Query(query_id(text) if given is None else str(given), text)
    raise ConfigError(f"{where} is no query.", _HINT)


def _checked(queries: list[Query], source: str) -> list[Query]:
    first: dict[str, int] = {}
    for place, query in enumerate(queries, 1):
        if query.id in first:
            raise ConfigError(
                f"The queries of {source} hold the id {query.id!r} twice, "
                f"in rows {first[query.id]} and {place}.",
                "Give each query its own id and its own text: they are paired by it.",
            )
        first[query.id] = place
    return queries


def _chosen(queries: list[Query], n: int | None, seed: int, source: str) -> list[Query]:
    if n is None or n == len(queries):
        return queries
    if n > len(queries):
        raise ConfigError(f"{source} has {len(queries)} queries, {n} are asked for.", "Ask for fewer.")
    kept = {q.id for q in sorted(queries, key=lambda q: derive_seed(seed, "queries", q.id))[:n]}
    return [query for query in queries if query.id in kept]
