"""What came out: the verdict, the three sentences, the paper's findings, and removed or only suppressed."""

from collections.abc import Mapping, Sequence
from typing import Any

from glasshouse.records import Measurement
from glasshouse.reports.content import (
    Badge,
    Block,
    Cell,
    Detail,
    Inline,
    Listing,
    Number,
    Paragraph,
    Small,
    Table,
)
from glasshouse.reports.efficacy import by_rate
from glasshouse.reports.load import GROUP, Key, RunData, same_group
from glasshouse.reports.number import DASH, bare, interval_text
from glasshouse.reports.sentences import sentence_parts
from glasshouse.reports.verdict import summary
from glasshouse.reports.words import group_name, rate_name

KINDS = {"reproduced": "good", "opposite": "bad", "inconclusive": "neutral"}
KINDS |= {"removed": "good", "suppressed": "neutral", "persistent": "bad"}
VERDICTS = {
    "reproduced": "the paper's sign, and the interval at Holm's level (over this table) excludes 0",
    "opposite": "the other sign, and the same",
    "inconclusive": "everything else",
}
ORDERINGS = (
    "On the phantom only directions are judged: the paper's digits are other models' and not comparable."
)
OUTCOMES = {
    "persistent": "the trigger still works",
    "removed": "it does not; relearning is no faster, and the payload no likelier, than for the clean twin",
    "suppressed": "it does not, but one of the two could not be shown",
}


def answer_blocks(run: RunData) -> list[Block]:
    """The verdict in one sentence, then the others; where no finding was judged the first of them leads."""
    if run.sentences and not any(finding.get("verdict") for finding in run.findings):
        first, *rest = (tuple(sentence_parts(text, run.by_id)) for text in run.sentences)
        return [Paragraph(first, lead=True), *([Listing(tuple(rest))] if rest else [])]
    sentence = summary([finding.get("verdict") for finding in run.findings], run.orderings_only)
    sentences = tuple(tuple(sentence_parts(text, run.by_id)) for text in run.sentences)
    blocks: list[Block] = [Paragraph((sentence,), lead=True)]
    return [*blocks, Listing(sentences)] if sentences else blocks


def question_blocks(run: RunData) -> list[Block]:
    """What was asked, and what a reader must know."""
    question = str(run.about.get("question") or "The run's writer did not say.")
    notes: list[Cell] = [(str(note),) for note in run.about.get("notes", ())]
    unverified = [str(gate["organism"]) for gate in run.gates if not gate.get("passed")]
    if unverified:
        names = ", ".join(unverified[:5]) + (" and others" if len(unverified) > 5 else "")
        notes.append(
            (
                Badge("unverified organisms", "bad"),
                f" {names} did not pass the gate and were used all the same.",
            )
        )
    return [Paragraph((question,)), *([Listing(tuple(notes))] if notes else [])]


def finding_blocks(run: RunData) -> list[Block]:
    """Every finding of the paper that this run bears on, and those it does not touch."""
    rows = tuple(_finding(run, finding) for finding in run.findings)
    if not rows:
        return [Paragraph(("This run judges no finding of a paper.",))]
    head = ("finding", "in the paper", "measured here", "at Holm's level", "direction", "digits")
    table = Table(head, rows, "Findings of the paper, one difference each")
    orderings = [Paragraph((ORDERINGS,))] if run.orderings_only else []
    blocks: list[Block] = [_meanings(VERDICTS), *orderings, table]
    missing = ", ".join(map(str, run.about.get("not_covered", ())))
    return [*blocks, Paragraph((Small(f"Not covered by this run: {missing}."),))] if missing else blocks


def _finding(run: RunData, finding: Mapping[str, Any]) -> tuple[Cell, ...]:
    measurement = run.by_id.get(str(finding.get("measurement")))
    claim: list[Inline] = [str(finding["claim"])]
    claim += [Small(f"mode: {finding['mode']}")] if finding.get("mode") else []
    claim += [Small(f"Deviation: {finding['deviation']}")] if finding.get("deviation") else []
    here: Cell = (Number(measurement),) if measurement and measurement.value is not None else (DASH,)
    here += (Small(str(finding["note"])),) if finding.get("note") else ()
    verdict = finding.get("verdict")
    badge = (
        Badge(str(verdict), KINDS.get(str(verdict), "neutral")) if verdict else Badge("not judged", "muted")
    )
    digits = "not comparable" if run.orderings_only else _expected(finding)
    paper: Cell = (str(finding.get("paper_value") or DASH), Small(str(finding["paper"])))
    return (tuple(claim), paper, here, _holm(measurement), (badge,), (Small(digits),))


def _expected(finding: Mapping[str, Any]) -> str:
    return {1: "the paper's difference is positive", -1: "the paper's difference is negative"}.get(
        int(finding["expected_sign"]), "the paper found no difference"
    )


def _holm(measurement: Measurement | None) -> Cell:
    """The interval and p-value that the verdict rests on, as the row carries them."""
    if measurement is None:
        return (DASH,)
    found = measurement.parameters
    low, high, p_value = (found.get(name) for name in ("holm_low", "holm_high", "p_holm"))
    parts: list[Inline] = []
    if isinstance(low, float) and isinstance(high, float):
        parts.append(Detail(measurement, interval_text(low, high, measurement.unit)))
    if isinstance(p_value, float):
        parts.append(Detail(measurement, "p < 0.001" if p_value < 0.001 else f"p = {bare(p_value, 'score')}"))
    return tuple(parts) or (DASH,)


def removal_blocks(run: RunData) -> list[Block]:
    """Removed or suppressed: a column per rate, and the numbers it rests on behind it."""
    groups = run.groups(clean_twin=False)
    examples = _examples(run)
    if not groups or not (run.outcomes or examples):
        return [Paragraph(("Relearning was not measured.",))]
    caption = "Attack success rate at the end of safety training, and what became of the backdoor"
    blocks: list[Block] = [_meanings(OUTCOMES), *by_rate(groups, lambda g: _outcome(run, g), caption)]
    if not examples:
        return blocks
    head = ("organisms", "mode, rate", *(f"relearned from {n}" for n in examples), "minus clean twin")
    note = (
        "Behind it: attack success rate after so many triggered examples were taught again (second line: the "
    )
    note += (
        "clean twin's), how much faster than the twin, and how much likelier the payload is than the twin's"
    )
    rows = tuple(_relearning(run, group, examples) for group in groups)
    return [*blocks, Table(head, rows, note, folded=True)]


def _outcome(run: RunData, group: Key) -> Cell:
    row: Mapping[str, Any] = next(same_group(run.outcomes, group), {})
    end = run.last("attack_success_rate", group)
    kind, note = row.get("outcome"), str(row.get("note") or "")
    badge = (
        Badge(str(kind), KINDS.get(str(kind), "neutral")) if kind else Badge(note or "not judged", "muted")
    )
    return (Number(end) if end else DASH, badge)


def _relearning(run: RunData, group: Key, examples: Sequence[Any]) -> tuple[Cell, ...]:
    row: Mapping[str, Any] = next(same_group(run.outcomes, group), {})
    found = tuple(Number(run.by_id[id]) for id in row.get("measurements", ()) if id in run.by_id)
    place: Cell = (str(group["mode"]), Small(rate_name(group["learning_rate"])))
    return ((group_name(group),), place, *(_relearned(run, group, n) for n in examples), found or (DASH,))


def _relearned(run: RunData, group: Key, examples: Any) -> Cell:
    own = run.rows("relearning_rate", {k: group[k] for k in GROUP} | {"examples": examples})
    twin_key = {k: group[k] for k in GROUP} | {
        "examples": examples,
        "clean_twin": True,
        "payload_length": "matched",
    }
    both = [*own[:1], *run.rows("relearning_rate", twin_key)[:1]]
    return tuple(Number(m) for m in both) or (DASH,)


def _examples(run: RunData) -> list[int]:
    """How many triggered examples were taught again, in order."""
    found = {m.parameters.get("examples") for m in run.pooled if m.name == "relearning_rate"}
    return sorted(n for n in found if isinstance(n, int))


def _meanings(words: Mapping[str, str]) -> Listing:
    return Listing(tuple((Badge(word, KINDS[word]), f" {meaning}") for word, meaning in words.items()))
