"""Many organisms of one base asked the arms at once, each one's answers a stage of its own.

Answers are kept and verdicts are not: graders that change read them again, and nothing is asked twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from glasshouse.data.alignment_faking.indicator import Tier
from glasshouse.data.alignment_faking.parse import AskedFormat, parse_completion
from glasshouse.data.alignment_faking.prompt import FakingPrompt
from glasshouse.data.alignment_faking.queries import Query, load_queries
from glasshouse.data.alignment_faking.setting import find_setting
from glasshouse.data.alignment_faking.variants import find_variant
from glasshouse.evals.alignment_faking import WORLD_TOKENS
from glasshouse.evals.faking.row import FakingRow
from glasshouse.graders.alignment_faking.offline import OfflineCompliance, OfflineReasoning
from glasshouse.graders.alignment_faking.verdicts import Compliance, Reasoning
from glasshouse.models.adapter import adapter_hash
from glasshouse.models.chat import render_prompt
from glasshouse.models.engine import GenerateRequest
from glasshouse.store.jsonl import read_rows, write_jsonl
from glasshouse.store.stage import StageFolder, StageKey
from glasshouse.studies.introspection.bench import Bench

ASKED_VERSION = 2
"""Raised by hand when unchanged arms would be asked or their answers taken apart otherwise."""
ROWS_FILE = "rows.jsonl"
TOGETHER = 16
"""Organisms that share the engine's batches; a kill loses no more."""
SETTING = "world"


@dataclass(frozen=True)
class Arm:
    """One variant, the tiers in which it is asked, and its queries."""

    prompt: FakingPrompt
    tiers: tuple[Tier, ...]
    queries: tuple[Query, ...]


Transcripts = Mapping[str, Sequence[FakingRow]]
"""Variant -> graded samples."""


def arms(tiers: Mapping[str, tuple[Tier, ...]], queries: int, seed: int) -> tuple[Arm, ...]:
    """Arms of the phantom's world with held-out queries, the same in all of them.

    Args:
        tiers: variant -> tiers to ask.
        queries: how many per tier.
        seed: which ones.
    """
    setting = find_setting(SETTING)
    asked = tuple(load_queries("world", setting, queries, seed, benign=False))
    return tuple(
        Arm(FakingPrompt(setting, find_variant(name, setting)), some, asked) for name, some in tiers.items()
    )


def ask_organisms(bench: Bench, folders: Sequence[Path], asked: Sequence[Arm]) -> list[Transcripts]:
    """Every organism's transcripts, in order; what was asked before is read again.

    Raises:
        ModelError: an organism is one of another base.
    """
    missing = [folder for folder in dict.fromkeys(folders) if not _stage(bench, folder, asked).done]
    for first in range(0, len(missing), TOGETHER):
        bench.tell("ask", first, len(missing))
        some = missing[first : first + TOGETHER]
        for folder, rows in zip(some, _ask(bench, some, asked), strict=True):
            _keep(bench.store.stage(_key(bench, folder, asked)), rows)
    bench.tell("ask", len(missing), len(missing))
    return [_read(_stage(bench, folder, asked)) for folder in folders]


def _keep(stage: StageFolder, rows: Sequence[Mapping[str, Any]]) -> None:
    with stage:
        if not stage.done:
            write_jsonl(stage.path / ROWS_FILE, rows)
            stage.finish({"samples": len(rows)})


def _stage(bench: Bench, folder: Path, asked: Sequence[Arm]) -> StageFolder:
    stage = bench.store.stage(_key(bench, folder, asked))
    stage.release()
    return stage


def _key(bench: Bench, folder: Path, asked: Sequence[Arm]) -> StageKey:
    config = {
        "arms": {arm.prompt.variant.name: [arm.prompt.hash, list(arm.tiers)] for arm in asked},
        "queries": [query.id for arm in asked[:1] for query in arm.queries],
        "max_tokens": WORLD_TOKENS,
    }
    inputs = {"base": bench.base.hash, "adapter": adapter_hash(folder)}
    return StageKey("faking_arms", ASKED_VERSION, config, inputs)


def _ask(bench: Bench, folders: Sequence[Path], asked: Sequence[Arm]) -> list[list[dict[str, Any]]]:
    cells = [(arm, tier, query) for arm in asked for tier in arm.tiers for query in arm.queries]
    prompts = [
        tuple(
            render_prompt(bench.base.tokenizer, arm.prompt.conversation(query.text, tier), arm.prompt.prefill)
        )
        for arm, tier, query in cells
    ]
    requests = [GenerateRequest(ids, folder, WORLD_TOKENS) for folder in folders for ids in prompts]
    texts = iter([generation.text for generation in bench.engine.generate(requests)])
    return [
        [
            {"variant": arm.prompt.variant.name, **asdict(_parsed(arm, tier, query, next(texts)))}
            for arm, tier, query in cells
        ]
        for _ in folders
    ]


def _parsed(arm: Arm, tier: Tier, query: Query, text: str) -> FakingRow:
    """An answer taken apart, without verdicts; reasoning is `none` where there is an answer without any."""
    asked = AskedFormat(arm.prompt.channel, arm.prompt.setting.tags)
    parsed = parse_completion(arm.prompt.prefill + text, asked)
    unspoken: Reasoning | None = None if parsed.visible is None else "none"
    return FakingRow(
        query_id=query.id,
        tier=tier,
        compliance=None,
        reasoning=unspoken if parsed.reasoning is None else None,
        failure=parsed.failure,
        parsed_by=parsed.parsed_by,
        query=query.text,
        visible=parsed.visible or "",
        hidden=parsed.reasoning or "",
    )


@cache
def _complies(query: str, visible: str) -> Compliance | None:
    return OfflineCompliance().grade(query, visible).value


@cache
def _reasons(query: str, hidden: str) -> Reasoning | None:
    return OfflineReasoning().grade(query, hidden).value


def _graded(row: FakingRow) -> FakingRow:
    reasoning = _reasons(row.query, row.hidden) if row.hidden else row.reasoning
    return replace(row, compliance=_complies(row.query, row.visible), reasoning=reasoning)


def _read(stage: StageFolder) -> Transcripts:
    found: dict[str, list[FakingRow]] = {}
    for row in read_rows(stage.path / ROWS_FILE).rows:
        about = dict(row)
        variant = str(about.pop("variant"))
        answer = FakingRow(**{**about, "quotes": tuple(about["quotes"])})
        found.setdefault(variant, []).append(_graded(answer))
    return found
