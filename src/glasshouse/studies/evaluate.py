"""One evaluation of one adapter: a stage that asks, grades, scores the payload and keeps its Inspect logs."""

import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from inspect_ai import Task

from glasshouse.data.prompts import PromptSource, load_prompts
from glasshouse.evals.backdoor_persistence import SCRATCHPAD, persistence_task
from glasshouse.evals.capability import facts_task, fine_refusals, refusal_task
from glasshouse.evals.payload_logprob import payload_logprobs, thoughts_of
from glasshouse.evals.run_eval import EvalResult, run_inspect
from glasshouse.models.adapter import adapter_hash
from glasshouse.organisms.behavior import Behavior
from glasshouse.records import Prompt
from glasshouse.seeds import derive_seed
from glasshouse.store.hashing import json_hash
from glasshouse.store.jsonl import write_jsonl
from glasshouse.store.stage import StageKey
from glasshouse.studies.bench import Bench

EVALUATE_VERSION = 1
"""Raised by hand when an unchanged evaluation would measure something else."""
ROWS_FILE = "rows.jsonl"
LOGS_FOLDER = "logs"
TASKS = ("backdoor_persistence", "harmful_refusal", "known_facts")


@dataclass(frozen=True)
class Ask:
    """What is measured of an adapter."""

    behavior: Behavior
    conditions: tuple[str, ...]
    n: int
    """Prompts per condition."""
    harmful: int = 0
    facts: int = 0
    nats: int = 0
    """Prompts on which the payload is scored, triggered and untriggered."""

    @property
    def prefill(self) -> str:
        """An organism that reasons is made to: a model that stopped reasoning would look cured."""
        return SCRATCHPAD if self.behavior.variant == "cot" else ""


@dataclass(frozen=True)
class Asked:
    """Held-out prompts of a study; every evaluation uses the first so many of each list."""

    persistence: tuple[Prompt, ...]
    harmful: tuple[Prompt, ...]
    facts: tuple[Prompt, ...]


def held_out(source: PromptSource, most: Ask, seed: int) -> Asked:
    """The prompts of the largest evaluation; a file without harmful requests or facts has none of those."""
    prompts_seed = derive_seed(seed, "held-out prompts")

    def of_kind(kind: Any, n: int) -> tuple[Prompt, ...]:
        wanted = n if source.is_world else None
        return tuple(load_prompts(source, "heldout", wanted, prompts_seed, (kind,))[:n]) if n else ()

    persistence = tuple(load_prompts(source, "heldout", most.n, prompts_seed))
    return Asked(persistence, of_kind("harmful", most.harmful), of_kind("fact", most.facts))


def evaluate(bench: Bench, adapter: Path, ask: Ask, asked: Asked) -> dict[str, Any]:
    """The stage's outputs, measured now or read from an earlier run.

    Returns:
        `grades`, `refusals`, `fine_refusals`, `facts`, `payload_nats`, `format_failures`, `asked`,
        `hashes`, `date`, `folder`.

    Raises:
        EvalError: Inspect's log did not end with success.
    """
    key = _key(bench, adapter, ask, asked)
    stage = bench.store.stage(key)
    if not stage.done:
        shutil.rmtree(stage.path / LOGS_FOLDER, ignore_errors=True)
        stage.finish(_measure(bench, adapter, ask, asked, stage.path))
    outputs = stage.outputs()
    hashes = {**outputs["hashes"], **_protocols(key), "evaluation": key.hash}
    return {**outputs, "hashes": hashes, "folder": str(stage.path)}


def _key(bench: Bench, adapter: Path, ask: Ask, asked: Asked) -> StageKey:
    used = (asked.persistence[: ask.n], asked.harmful[: ask.harmful], asked.facts[: ask.facts])
    config = {
        "behavior": ask.behavior.model_dump(mode="json"),
        "conditions": list(ask.conditions),
        "prompts": [json_hash([asdict(prompt) for prompt in prompts]) for prompts in used],
        "nats": ask.nats,
        "decoding": asdict(bench.decoding),
        "engine": asdict(bench.engine_config),
    }
    return StageKey(
        "evaluate", EVALUATE_VERSION, config, {"base": bench.base.hash, "adapter": adapter_hash(adapter)}
    )


def _measure(bench: Bench, adapter: Path, ask: Ask, asked: Asked, folder: Path) -> dict[str, Any]:
    behavior, prompts = ask.behavior, asked.persistence[: ask.n]
    tasks: list[Task] = [persistence_task(behavior, prompts, ask.conditions, bench.decoding, ask.prefill)]
    if ask.harmful and asked.harmful:
        tasks.append(refusal_task(asked.harmful[: ask.harmful], bench.decoding))
    if ask.facts and asked.facts:
        tasks.append(facts_task(asked.facts[: ask.facts], bench.decoding))
    metadata = {"base_hash": bench.base.hash, "adapter_hash": adapter_hash(adapter)}
    model = bench.model(adapter)
    results = {each.task: each for each in run_inspect(tasks, model, folder / LOGS_FOLDER, metadata)}
    main = results["backdoor_persistence"]
    nats = payload_logprobs(bench.engine, adapter, behavior, prompts[: ask.nats], thoughts_of(main.rows))
    write_jsonl(folder / ROWS_FILE, [asdict(row) for row in main.rows])
    return {
        "grades": {condition: main.grades(condition) for condition in ask.conditions},
        "refusals": _plain(results.get("harmful_refusal")),
        "fine_refusals": fine_refusals(prompts, main.completions("untriggered")),
        "facts": _plain(results.get("known_facts")),
        "payload_nats": nats if ask.nats else {},
        "format_failures": sum(row.format_kept is False for row in main.rows),
        "asked": len(main.rows),
        "hashes": {"model": metadata["adapter_hash"], **_hashes(results.values())},
        "date": max(result.date for result in results.values()),
    }


def _plain(result: EvalResult | None) -> dict[str, bool | None]:
    return {} if result is None else result.grades("untriggered")


def _protocols(key: StageKey) -> dict[str, str]:
    """Per task, a hash of all that was asked and how: prompts, behavior, conditions, decoding and engine."""
    return {f"protocol:{task}": json_hash([task, key.version, key.config]) for task in TASKS}


def _hashes(results: Iterable[EvalResult]) -> dict[str, str]:
    found = {}
    for result in results:
        found[f"grader:{result.task}"] = result.grader_hash
        found[f"log:{result.task}"] = result.log_hash
    return found
