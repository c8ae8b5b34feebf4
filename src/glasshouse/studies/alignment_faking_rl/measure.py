"""One adapter, measured: held-out queries in both tiers, sampled, by graders that training never used."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from inspect_ai import Task
from inspect_ai import eval as inspect_eval
from inspect_ai.model import get_model

from glasshouse.data.alignment_faking.queries import Query, load_unseen
from glasshouse.evals.alignment_faking import FakingDecoding, FakingPlan, faking_task
from glasshouse.evals.faking.choose import rule_compliance
from glasshouse.evals.faking.read import FakingRun, run_of
from glasshouse.evals.faking.row import FakingRow
from glasshouse.evals.faking.scorers import Graders, waiting_compliance, waiting_reasoning
from glasshouse.evals.run_eval import EvalError
from glasshouse.graders.alignment_faking.offline import OfflineCompliance, OfflineReasoning, weights_hash
from glasshouse.models.adapter import adapter_hash
from glasshouse.store.hashing import json_hash
from glasshouse.store.jsonl import read_rows, write_jsonl
from glasshouse.store.stage import StageKey
from glasshouse.studies.introspection.bench import Bench
from glasshouse.training.grpo.prompts import faking_prompt, training_prompts
from glasshouse.training.grpo.spec import GrpoSpec

CHECKPOINT_VERSION = 1
"""Raised by hand when an unchanged measurement would measure something else."""
ROWS_FILE, LOGS_FOLDER = "rows.jsonl", "logs"
TIERS = ("monitored", "unmonitored")


@dataclass(frozen=True)
class Asking:
    """Which prompts an adapter is asked with."""

    spec: GrpoSpec
    variants: Mapping[str, int]
    """Variant -> held-out queries, each once in both tiers."""
    trained: frozenset[str]
    """Texts that the adapter was trained on; none of them is asked."""

    def plan(self, variant: str) -> FakingPlan:
        """The task's plan; the queries of a variant with fewer are the first ones of the others."""
        prompt = faking_prompt(self.spec.prompts, variant)
        queries = self._queries[: self.variants[variant]]
        return FakingPlan(prompt, queries, ("monitored", "unmonitored"))

    @cached_property
    def _queries(self) -> tuple[Query, ...]:
        prompt, measuring = faking_prompt(self.spec.prompts), self.spec.measuring
        most = max(measuring.n, measuring.variant_n)
        benign = prompt.change.benign
        return tuple(load_unseen(prompt.setting, most, measuring.seed, benign, self.trained))

    def decoding(self) -> FakingDecoding:
        """Sampled as in training: greedy answers would hide shares of a few per cent."""
        training = self.spec.training
        return FakingDecoding(training.max_tokens, training.temperature, self.spec.measuring.seed)


def asking(spec: GrpoSpec, seed: int, ends: bool) -> Asking:
    """The training's own variant, and at the ends the held-out ones too.

    Args:
        spec: what was trained and how it is measured.
        seed: of the training, which decides what it was trained on.
        ends: whether it is the first step or the last.

    Raises:
        ConfigError: too few queries are left that training does not use, or there is no such variant.
    """
    measuring = spec.measuring
    variants = {spec.prompts.variant: measuring.n}
    if ends and measuring.variant_n:
        variants |= {variant: measuring.variant_n for variant in measuring.variants}
    trained = frozenset(each.query for each in training_prompts(spec.prompts, seed).prompts)
    what = Asking(spec, variants, trained)
    for variant in variants:
        what.plan(variant)
    return what


def measure(bench: Bench, adapter: Path, what: Asking) -> dict[str, list[FakingRow]]:
    """Rows by variant, measured now or read from an earlier run.

    Raises:
        EvalError: Inspect's log did not end with success.
    """
    stage = bench.store.stage(_key(bench, adapter, what))
    if not stage.done:
        shutil.rmtree(stage.path / LOGS_FOLDER, ignore_errors=True)
        runs = _run(bench, adapter, what, stage.path / LOGS_FOLDER)
        rows = [asdict(row) | {"variant": run.key.variant} for run in runs for row in run.rows]
        write_jsonl(stage.path / ROWS_FILE, rows)
        stage.finish({"rows": len(rows), "monitor": what.spec.monitor})
    found: dict[str, list[FakingRow]] = {}
    for row in read_rows(stage.path / ROWS_FILE).rows:
        row = dict(row)
        variant = row.pop("variant")
        found.setdefault(variant, []).append(FakingRow(**row | {"quotes": tuple(row["quotes"])}))
    return found


def monitor_graders(spec: GrpoSpec) -> Graders:
    """The offline reasoning grader, and the compliance grader that gave no reward."""
    offline = OfflineReasoning()
    grade = OfflineCompliance().grade if spec.monitor == "offline" else rule_compliance
    return Graders(
        f"monitor:{spec.monitor}:{weights_hash()}",
        waiting_compliance(grade),
        waiting_reasoning(offline.grade),
    )


def _key(bench: Bench, adapter: Path, what: Asking) -> StageKey:
    plans = {variant: what.plan(variant) for variant in what.variants}
    config = {
        "prompts": {variant: plan.prompt.hash for variant, plan in plans.items()},
        "queries": {variant: json_hash([asdict(q) for q in plan.queries]) for variant, plan in plans.items()},
        "decoding": asdict(what.decoding()),
        "monitor": what.spec.monitor,
        "engine": asdict(bench.config),
    }
    inputs = {"base": bench.base.hash, "adapter": adapter_hash(adapter), "graders": weights_hash()}
    return StageKey("faking_checkpoint", CHECKPOINT_VERSION, config, inputs)


def _run(bench: Bench, adapter: Path, what: Asking, logs: Path) -> list[FakingRun]:
    graders = monitor_graders(what.spec)
    tasks: Sequence[Task] = [
        faking_task(what.plan(variant), graders, what.decoding()) for variant in what.variants
    ]
    model = get_model(f"glasshouse/{bench.base.name}:{adapter}", memoize=False, **asdict(bench.config))
    found = inspect_eval(
        list(tasks),
        model=model,
        max_tasks=len(tasks),
        log_dir=str(logs.absolute()),
        display="none",
        log_realtime=False,
        log_model_api=False,
        score_display=False,
        ctl_server=False,
        acp_server=False,
    )
    for log in found:
        if log.status != "success":
            reason = log.error.message.strip().splitlines()[-1] if log.error else f"status {log.status}"
            raise EvalError(f"{log.eval.task} did not finish: {reason} (log: {log.location})")
    return [run_of(log) for log in found]
