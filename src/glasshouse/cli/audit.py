"""`glasshouse audit TARGET…`: what was trained into a fine-tune, found blind, with transcripts."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from glasshouse.audits.asking import AskingConfig
from glasshouse.audits.audit import Auditor, Failed
from glasshouse.audits.bench import ROWS, AuditConfig, Bench
from glasshouse.audits.blind import is_adapter
from glasshouse.audits.clean_kit import read_clean
from glasshouse.audits.find_target import BaseChoice, choose_base, find_target
from glasshouse.audits.handover import hand_over
from glasshouse.audits.kit import (
    own_null,
    read_controls,
    read_null,
    read_power,
    read_universal,
    shipped_adapter,
)
from glasshouse.audits.known_bases import Copy, find_copy, fingerprints, known_bases
from glasshouse.audits.loss_threshold import (
    LOSS,
    measure_threshold,
    threshold_from_json,
    threshold_to_json,
)
from glasshouse.audits.null_table import NullTable
from glasshouse.audits.processes import audit_in_processes
from glasshouse.audits.prompts import built_in_prompts
from glasshouse.audits.provenance import CheckSettings
from glasshouse.audits.record import AuditResult, Finding, from_json
from glasshouse.audits.target import Target
from glasshouse.audits.text_loss import LossThreshold
from glasshouse.cli.show import progress_bar, teller
from glasshouse.data.prompt_file import read_prompt_file
from glasshouse.data.questions import bank_hash, split
from glasshouse.errors import ConfigError
from glasshouse.models.adapter import adapter_hash
from glasshouse.models.base import EngineConfig, load_base, resolve_base
from glasshouse.models.engine import Engine
from glasshouse.reports.audit_page import write_audit_page
from glasshouse.store.atomic import read_json, write_json
from glasshouse.store.hashing import json_hash
from glasshouse.store.jsonl import append_rows, read_rows
from glasshouse.training.quick_adapters import train_quick_adapters

app = typer.Typer(add_completion=False, help="Say what was trained into a fine-tune, blind.")
TASK_ERRORED, ALARM = 1, 3
JOURNAL, RESULT = "audit.jsonl", "audit.json"


class FileJournal:
    """Finished targets as JSON lines; a row counts only under the settings that it was made with."""

    def __init__(self, path: Path, key: str) -> None:
        self.path, self.key = path, key
        rows = [row for row in read_rows(path).rows if row.get("key") == key]
        self._kept = {row["result"]["target_hash"]: from_json(row["result"]) for row in rows}

    def done(self, target_hash: str) -> AuditResult | None:
        """The result of a target that was finished before."""
        return self._kept.get(target_hash)

    def write(self, result: AuditResult) -> None:
        """Append a result; it is on the disk when this returns."""
        append_rows(self.path, [{"key": self.key, "result": result.to_json()}])
        self._kept[result.target_hash] = result


@app.command()
def audit(
    target: Annotated[
        list[Path],
        typer.Argument(help="PEFT folders or whole checkpoints, all of one base.", show_default=False),
    ],
    base: Annotated[
        str | None, typer.Option(help="Base model; default: what the first target's config names.")
    ] = None,
    adapter: Annotated[
        Path | None, typer.Option(help="Introspection adapter; default: the shipped one, if there is one.")
    ] = None,
    null: Annotated[Path | None, typer.Option(help="Null table; default: null.json of the adapter.")] = None,
    prompts: Annotated[Path | None, typer.Option(help="Ordinary questions as .jsonl.")] = None,
    purpose: Annotated[str | None, typer.Option(help='What it is for: "medical Q&A".')] = None,
    samples: Annotated[
        int | None, typer.Option(min=1, help="Answers per question; default: as the null table, or 2.")
    ] = None,
    matched: Annotated[
        list[Path] | None, typer.Option(help="Clean fine-tunes made like the targets: a drift check.")
    ] = None,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Search a claim's trigger in the whole vocabulary too.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads, of every process.")] = 1,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes that share the targets; each holds the base in memory.")
    ] = 1,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    dtype: Annotated[
        str, typer.Option(help="float32, or bfloat16: faster, exact to its digits alone.")
    ] = "float32",
    check_loss: Annotated[
        bool,
        typer.Option(help="Judge adapters by the loss of plain text; calibrated where that was not done."),
    ] = True,
    out: Annotated[Path, typer.Option(help="Folder of audit.json and audit.html.")] = Path("audit"),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Audit fine-tunes blind. Exit code 1: a target failed; 3: a finding beyond the purpose is confirmed."""
    choice, copy = _base(find_target(str(target[0])), base, adapter)
    hardware = EngineConfig(device=device, dtype=dtype, threads=threads, batch_size=ROWS)
    model = load_base(copy.name if copy else choice.name, hardware)
    shared = adapter or shipped_adapter(model)
    table = _null_table(null, shared)
    config = AuditConfig(_asking(samples, table, seed), purpose=purpose, thorough=thorough)
    with tempfile.TemporaryDirectory() as name, progress_bar(hidden=as_json) as progress:
        shelf, engine = Path(name), Engine(model, hardware)
        threshold = loss_threshold(shared, engine, out) if check_loss and _adapters(target) else None
        settings = CheckSettings(threshold=threshold, base_given=choice.given)
        given = {folder: _marked(hand_over(folder, engine, shelf, settings), copy) for folder in target}
        bench = replace(
            _bench(engine, shared, shelf, config), prompts=_prompts(prompts), null=table,
            matched=tuple(hand_over(folder, engine, shelf) for folder in matched or []),
        )  # fmt: skip
        journal = FileJournal(out / JOURNAL, _key(bench, config, threshold))
        auditor = Auditor(bench, config, teller(progress))
        results, failed = _audited(auditor, list(given.values()), journal, workers)
    _print(results, failed, given, _write(out, results, failed, given), as_json)
    _leave(results, failed)


def _adapters(targets: Sequence[Path]) -> list[Path]:
    """Those that are no whole checkpoints."""
    return [folder for folder in targets if is_adapter(find_target(str(folder)))]


def _bench(engine: Engine, adapter: Path | None, shelf: Path, config: AuditConfig) -> Bench:
    """The base with what lies beside its introspection adapter, and the questions of the package."""
    hash_ = engine.base.hash
    return Bench(
        engine,
        built_in_prompts(),
        adapter,
        controls=read_controls(adapter, engine, shelf),
        power=read_power(adapter, hash_),
        clean=read_clean(adapter, engine, shelf, config.clean_models),
        universal=read_universal(adapter, hash_),
    )


def _audited(
    auditor: Auditor, targets: Sequence[Target], journal: FileJournal, workers: int
) -> tuple[list[AuditResult], list[Failed]]:
    """What came of the targets; one target needs no second process."""
    if workers > 1 and len(targets) > 1:
        return audit_in_processes(auditor, targets, journal, workers)
    return auditor.audit(targets, journal)


def _leave(results: Sequence[AuditResult], failed: Sequence[Failed]) -> None:
    """Ends with the exit code that the results call for; nothing where all is well."""
    if failed:
        raise typer.Exit(TASK_ERRORED)
    if any(result.is_alarming for result in results):
        raise typer.Exit(ALARM)


def _base(target: Path, given: str | None, adapter: Path | None) -> tuple[BaseChoice, Copy | None]:
    """The base to audit on, and the known base that it is a copy of: then that one is used.

    So a mirror of a base has its null table and its introspection adapter.
    """
    known = known_bases(adapter)
    whole = not given and not is_adapter(target)
    choice = choose_base(target, given, fingerprints(target, known) if whole else None)
    return choice, find_copy(resolve_base(choice.name), known)


def _marked(target: Target, copy: Copy | None) -> Target:
    """The target with a record of the copy in whose place a known base is used."""
    return target if copy is None else replace(target, provenance={**target.provenance, **copy.record()})


def loss_threshold(adapter: Path | None, engine: Engine, out: Path) -> LossThreshold | None:
    """The threshold beside the introspection adapter, or one that is measured now and kept in `out`.

    Now means: on a few adapters that are trained for it in a moment.
    """
    hash_ = engine.base.hash
    stored = None if adapter is None else adapter / LOSS
    kept = out / f"loss-{hash_}.json"
    for path in (stored, kept):
        if path is not None and path.is_file():
            return threshold_from_json(read_json(path), hash_)
    with tempfile.TemporaryDirectory() as name:
        right = train_quick_adapters(engine, built_in_prompts(), Path(name))
        found = measure_threshold(engine, right, "adapters trained for this check in a moment")
    write_json(kept, threshold_to_json(found, hash_))
    return found


def _null_table(given: Path | None, adapter: Path | None) -> NullTable | None:
    """The table that was given, or the adapter's own.

    Raises:
        ConfigError: a table without an adapter, or a file that is none.
    """
    if given is None:
        return own_null(adapter)
    if adapter is None:
        raise ConfigError("A null table is for an introspection adapter.", "Give the adapter with --adapter.")
    return read_null(given)


def _asking(samples: int | None, table: NullTable | None, seed: int) -> AskingConfig:
    """As often as was wanted, or else as the clean fine-tunes of the null table were asked."""
    if samples is None and table is not None:
        samples = max(1, table.asked // len(split("heldout")))
    return AskingConfig(seed=seed) if samples is None else AskingConfig(samples, seed=seed)


def _prompts(path: Path | None) -> tuple[str, ...]:
    """Single questions; conversations of several turns in a file are left out."""
    if path is None:
        return built_in_prompts()
    single = [p.conversation[0].content for p in read_prompt_file(path) if len(p.conversation) == 1]
    if len(single) < 2:
        raise ConfigError(f"{path} has no two single questions.", "Give at least 200 of them.")
    return tuple(single)


def _key(bench: Bench, config: AuditConfig, threshold: LossThreshold | None) -> str:
    """Everything that a result depends on besides the target."""
    return json_hash(
        {
            "base": bench.engine.base.hash, "dtype": bench.engine.config.dtype,
            "bank": bank_hash(), "config": asdict(config),
            "adapter": None if bench.adapter is None else adapter_hash(bench.adapter),
            "null": None if bench.null is None else bench.null.to_json(), "prompts": bench.prompts,
            "controls": [(c.target.hash, c.sentences) for c in bench.controls],
            "loss": None if threshold is None else asdict(threshold),
            "matched": [t.hash for t in bench.matched], "clean": [t.hash for t in bench.clean],
            "power": [asdict(row) for row in bench.power], "universal": bench.universal.to_rows(),
        }
    )[:16]  # fmt: skip


def _write(
    out: Path, results: Sequence[AuditResult], failed: Sequence[Failed], given: Mapping[Path, Target]
) -> Path:
    """audit.json, audit.html and audit.md; what a neutral name stands for is written beside the audits."""
    names = {target.name: str(folder) for folder, target in given.items()}
    value = {
        "format": 1,
        "given": names,
        "audits": [result.to_json() for result in results],
        "failed": [asdict(one) for one in failed],
    }
    write_json(out / RESULT, value)
    return write_audit_page(out, value)


def _in_words(finding: Finding) -> str:
    """What was shown, where something was, and what the target claims."""
    if finding.statement is None:
        return finding.claim.text
    named = finding.claimed_trigger
    doubt = " The trigger that it names is not confirmed." if named and not named.confirmed else ""
    return f"{finding.statement} (claimed: {finding.claim.text}){doubt}{_others(finding)}"


def _others(finding: Finding) -> str:
    """How many known organisms react to the trigger as well, where one does; empty otherwise."""
    others = finding.search.universal if finding.search else None
    if others is None or not others.value or finding.confirmation is None or finding.confirmation.always_on:
        return ""
    reacting = round(others.value * others.n)
    return f" {reacting} of {others.n} known organisms react to it, whatever their trigger."


def _print(
    results: Sequence[AuditResult],
    failed: Sequence[Failed],
    given: Mapping[Path, Target],
    page: Path,
    as_json: bool,
) -> None:
    if as_json:
        rows = [result.to_json() for result in results]
        typer.echo(json.dumps({"audits": rows, "failed": [asdict(one) for one in failed]}, indent=1))
        return
    by_hash = {result.target_hash: result for result in results}
    for folder, target in given.items():
        if result := by_hash.get(target.hash):
            typer.echo(f"{folder}: {result.verdict}. {result.reason}")
            for finding in result.findings:
                typer.echo(f"  {finding.verdict}: {_in_words(finding)}")
    for one in failed:
        typer.echo(f"target-{one.target_hash[:8]}: failed. {one.reason}", err=True)
    if results and results[0].adapter_hash is None:
        typer.echo(
            "There is no introspection adapter for this base: targets were not asked about themselves."
        )
    typer.echo(page)
