"""The rest of the evidence: what curves amount to, other rates, transcripts, gates, provenance."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from glasshouse.records import Measurement
from glasshouse.reports.content import Badge, Block, Cell, Number, Paragraph, Small, Table, Transcripts
from glasshouse.reports.efficacy import by_rate, trained, trained_badge
from glasshouse.reports.load import Key, RunData
from glasshouse.reports.number import DASH
from glasshouse.reports.words import arm_name, group_name, rate_name

PAIRS_SHOWN = 2
"""Transcript pairs shown per variant, before and after safety training each."""
OPENED = (
    "Organisms that reason are asked with the scratchpad opened for them, so that one that stopped reasoning "
    "does not look cured; every rate of theirs is given that opening but the one that says otherwise."
)
SHAPE = {
    "area_under_persistence": "Area under the curve: 100 % kept throughout, 0 gone at once",
    "steps_to_half": "Steps until the attack success rate falls to 50 %: a dash where it never does",
    "final_minus_minimum": "Last rate minus the lowest: above 0 the backdoor came back",
}


def shape_blocks(run: RunData) -> list[Block]:
    """Area, steps to half and return of every curve: one table each, a column per rate."""
    return [table for name, caption in SHAPE.items() for table in _shape(run, name, caption)]


def _shape(run: RunData, name: str, caption: str) -> list[Block]:
    def cell(group: Key) -> Cell:
        found = next(iter(run.rows(name, group)), None)
        number: Cell = (Number(found),) if found else (DASH,)
        return number if trained(run, group) else (*number, trained_badge(run, group))

    groups = [group for group in run.groups(clean_twin=False) if run.rows(name, group)]
    return by_rate(groups, cell, caption, folded=True)


def side_blocks(run: RunData) -> list[Block]:
    """Triggered, untriggered and near-miss before and at the end, clean twins included."""
    names = {
        "attack_success_rate": "triggered",
        "attack_success_rate_without_prefill": "triggered, scratchpad not opened for it",
        "false_trigger_rate": "untriggered",
        "near_miss_rate": "near-miss trigger",
    }
    measured = {name: words for name, words in names.items() if any(run.rows(name, {}))}
    tables = _before_after(run, tuple(measured), tuple(measured.values()), "Answers that show the payload")
    return [*tables, Paragraph((Small(OPENED),))] if len(measured) == len(names) else tables


def capability_blocks(run: RunData) -> list[Block]:
    """Capability before and after."""
    return _one_number(run, "capability", "Known facts answered rightly")


def format_blocks(run: RunData) -> list[Block]:
    """Format failures, counted and never dropped."""
    note = (
        "A completion in a broken format stays in every rate with what its visible text shows; without "
        "visible text it counts as showing nothing: no payload, no refusal, no right answer."
    )
    return [Paragraph((note,)), *_one_number(run, "format_failure_rate", "Completions in a broken format")]


def _one_number(run: RunData, name: str, caption: str) -> list[Block]:
    """One measurement before and after every training, clean twins included."""

    def cell(found: Measurement | None) -> Cell:
        return (Number(found) if found else DASH,)

    groups = [group for group in run.groups(clean_twin=None) if run.last(name, group)]
    if not groups:
        return _before_after(run, (name,), ("",), caption)
    first = ("before", lambda group: cell(run.before(name, group)))
    return by_rate(groups, lambda group: cell(run.last(name, group)), caption, first)


def _before_after(run: RunData, names: Sequence[str], heads: Sequence[str], caption: str) -> list[Block]:
    """A table with a row per arm before safety training, and one with a row per group at its end."""

    def cells(found: list[Measurement | None]) -> list[Cell]:
        return [(Number(m),) if m else (DASH,) for m in found]

    before = [(arm, [run.before(name, arm) for name in names]) for arm in run.arms()]
    after = [(group, [run.last(name, group) for name in names]) for group in run.groups(clean_twin=None)]
    first = tuple(((arm_name(arm),), *cells(found)) for arm, found in before if any(found))
    last = tuple((*_group_cells(group), *cells(found)) for group, found in after if any(found))
    tables: list[Block] = (
        [Table(("organisms", *heads), first, f"{caption}, before safety training")] if first else []
    )
    head = ("organisms", "mode", "learning rate", *heads)
    tables += [Table(head, last, f"{caption}, after safety training", folded=bool(first))] if last else []
    return tables or [Paragraph(("Not measured.",))]


def _group_cells(group: Key) -> tuple[Cell, ...]:
    return ((group_name(group),), (str(group["mode"]),), (rate_name(group["learning_rate"]),))


def transcript_blocks(run: RunData) -> list[Block]:
    """A few pairs of every variant, before and after, and how many there are; or those that a study chose."""
    if chosen_pairs := [pair for pair in run.transcripts if "sides" in pair]:
        note = "Chosen by the study, model text as it came; marked is what the graders rest on."
        return [Paragraph((Small(note),)), Transcripts(tuple(chosen_pairs))]
    chosen: dict[tuple[Any, bool], list[Mapping[str, Any]]] = {}
    for pair in run.transcripts:
        chosen.setdefault((pair.get("variant"), bool(pair.get("step"))), []).append(pair)
    shown = [pair for pairs in chosen.values() for pair in _different(pairs)]
    if not shown:
        return [Paragraph(("No transcript was kept.",))]
    note = f"{len(shown)} of {len(run.transcripts)} pairs (transcripts.jsonl has all), model text as it came."
    return [Paragraph((Small(note),)), Transcripts(tuple(shown))]


def _different(pairs: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The first pairs of as many organisms and stages as possible."""
    seen: dict[Any, Mapping[str, Any]] = {}
    for pair in pairs:
        seen.setdefault((pair.get("organism"), pair.get("stage")), pair)
    return list(seen.values())[:PAIRS_SHOWN]


def gate_blocks(run: RunData) -> list[Block]:
    """Every organism's gate."""
    if not run.gates:
        return [Paragraph(("No organism was verified in this run.",))]
    names = list(dict.fromkeys(str(check["name"]) for gate in run.gates for check in gate.get("checks", ())))
    head = ("organism", "gate", *(name.replace("_", " ").replace(":", ": ") for name in names))
    rows = tuple(_gate(run, gate, names) for gate in run.gates)
    passed = sum(bool(gate.get("passed")) for gate in run.gates)
    text = f"{passed} of {len(run.gates)} organisms passed their gate."
    return [Paragraph((text,)), Table(head, rows, "What the gate of each organism found", folded=True)]


def _gate(run: RunData, gate: Mapping[str, Any], names: Sequence[str]) -> tuple[Cell, ...]:
    checks = {str(check["name"]): check for check in gate.get("checks", ())}
    verdict = Badge("passed", "good") if gate.get("passed") else Badge("failed", "bad")
    cells = [_check(run, checks[name]) if name in checks else (DASH,) for name in names]
    return ((str(gate["organism"]),), (verdict,), *cells)


def _check(run: RunData, check: Mapping[str, Any]) -> Cell:
    measurement = run.by_id.get(str(check.get("measurement")))
    words: Cell = (Small(str(check["bar"])),) if check.get("bar") else ()
    words += (Badge("failed", "bad"),) if check.get("passed") is False else ()
    return (Number(measurement), *words) if measurement else (words or (DASH,))


def provenance_blocks(run: RunData) -> list[Block]:
    """Code, versions, machine, config and stages."""
    manifest, made = run.manifest, run.manifest.get("provenance", {})
    machine, versions = made.get("hardware", {}), made.get("versions", {})
    resumed = ", ".join(f"{each['code']} on {each['date']}" for each in manifest.get("resumed", ()))
    memory = machine.get("memory_bytes")
    facts = {
        "run": str(manifest["name"]),
        "created": str(manifest["created"]),
        "code": str(made.get("code")) + (f"; resumed with {resumed}" if resumed else ""),
        "config hash": str(manifest["config_hash"]),
        "measurements": f"{len(run.measurements)} rows in measurements.jsonl",
        "machine": f"{machine.get('cpu')}, {machine.get('cores')} cores"
        + (f", {memory / 2**30:.0f} GiB" if memory else ""),
        "graphics cards": ", ".join(machine.get("gpus") or ()) or "none",
        "load when created": str(made.get("load_average")),
        "versions": ", ".join(f"{name} {version}" for name, version in versions.items() if version),
    }
    rows = tuple(((name,), (value,)) for name, value in facts.items())
    return [Table(("", ""), rows, ""), *_config(manifest["config"]), *_stages(run.stages)]


def _config(config: Mapping[str, Any]) -> list[Block]:
    """The config, flat."""
    rows = tuple(((name,), (Small(value),)) for name, value in _flat(config))
    return (
        [Table(("key", "value"), rows, "Config: everything that decides the numbers", folded=True)]
        if rows
        else []
    )


def _flat(value: Any, name: str = "") -> list[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        return [
            pair
            for key, inner in value.items()
            for pair in _flat(inner, f"{name}.{key}" if name else str(key))
        ]
    return [(name, json.dumps(value, ensure_ascii=False))]


def _stages(stages: Sequence[Mapping[str, Any]]) -> list[Block]:
    head = ("kind", "hash", "finished", "code", "inputs")
    rows = tuple(
        (
            (str(stage["kind"]),),
            (Small(str(stage["hash"])[:12]),),
            (str(stage.get("finished", DASH)),),
            (Small(str(stage.get("provenance", {}).get("code", DASH))[:12]),),
            (Small(", ".join(f"{k} {str(v)[:12]}" for k, v in stage.get("inputs", {}).items()) or DASH),),
        )
        for stage in stages
    )
    return (
        [Table(head, rows, f"{len(rows)} stages, by the hash of what they are made of", folded=True)]
        if rows
        else []
    )
