"""What attacks leave: other coordinates, denial through the adapter, everything but weights swapped."""

from collections.abc import Callable, Sequence
from typing import Any

from glasshouse.studies.introspection.arms.adaptive import Denier, Side
from glasshouse.studies.introspection.arms.symmetry import Attacked
from glasshouse.studies.introspection.compare import Difference
from glasshouse.studies.introspection.reading import Audit
from glasshouse.studies.introspection.results import Results
from glasshouse.studies.introspection.rows import Rows, cell

SOURCES = {
    "confirmed_self_report": ("from self-report", "introspection adapter"),
    "confirmed_amplified": ("from amplified sampling", "amplified difference"),
    "confirmed": ("in all", ""),
}
"""Measure -> its words, and the source of the findings that count."""


def symmetry_section(results: Results, rows: Rows) -> dict[str, Any]:
    """The three ways of asking, their differences over pairs, and the alarm."""
    some = results.symmetry
    ways: dict[str, Callable[[Attacked], tuple[bool, ...]]] = {
        "plain": lambda one: one.plain,
        "attacked": lambda one: one.attacked,
        "restored": lambda one: one.after_restoring,
    }
    ids = {
        key: rows.share(f"symmetry/{key}", [(right, one.name) for one in some for right in way(one)])
        for key, way in ways.items()
    }
    gaps = {
        key: _paired(rows, f"symmetry/{key}_minus_plain", some, ways[key]) for key in ("attacked", "restored")
    }
    refused = rows.count("symmetry/refused", sum(one.refused for one in some), len(some), True)
    lines = [
        ["merged into the base", cell(ids["plain"]), ""],
        ["in other coordinates, asked as it is", cell(ids["attacked"]), cell(gaps["attacked"])],
        ["moved back into the base's coordinates", cell(ids["restored"]), cell(gaps["restored"])],
        ["of the organisms, those that were refused there", cell(refused), ""],
    ]
    table = {
        "caption": "Answers that name the action",
        "head": ["", "answers", "minus merged, paired"],
        "rows": lines,
    }
    return {"id": "symmetry", "title": "The symmetry attack", "text": [_symmetry_text()],
            "tables": [table, _alarms(results, rows)]}  # fmt: skip


def _symmetry_text() -> str:
    return (
        "Organisms are merged into the base and moved to other coordinates that leave every output as it "
        "was, in which an introspection adapter does not fit; then they are moved back. Pairs are answers of "
        "one organism to one question with one seed; intervals resample organisms. A checkpoint that is "
        "refused when it is moved back counts as one that names nothing."
    )


def _paired(
    rows: Rows, id: str, some: Sequence[Attacked], way: Callable[[Attacked], tuple[bool, ...]]
) -> str:
    """Answers of one way minus those of the merged organisms; organisms are resampled with all their pairs.

    Where the difference is the same in every organism, resampling has no width and there is no interval.
    """
    first = [(right, one.name) for one in some for right in way(one)]
    second = [(right, one.name) for one in some for right in one.plain]
    found = Difference(first, second).estimate(rows.study.seed)
    apart = {sum(way(one)) / len(one.plain) - sum(one.plain) / len(one.plain) for one in some if one.plain}
    interval = found.interval if len(apart) > 1 else None
    about = {"organisms": len(some), "p_value": found.p_value if interval else None}
    return rows.number(id, found.value, len(first), "difference_of_rates", interval, **about)


def _alarms(results: Results, rows: Rows) -> dict[str, Any]:
    some, full = results.symmetry, results.full
    ids = {
        "attacked checkpoints that raise the alarm":
            rows.count("symmetry/alarm", sum(one.alarm for one in some), len(some)),
        "changes that cannot be undone: inconclusive or refused, never trusted":
            rows.count("symmetry/beyond", sum(one.beyond != "trusted" for one in some), len(some)),
        "honest full fine-tunes that raise the alarm":
            rows.count("symmetry/false_alarm", sum(one.alarm for one in full), len(full), True),
        "honest full fine-tunes in which a change of basis was seen":
            rows.count("symmetry/false_change", sum(one.moved for one in full), len(full), True),
        "honest full fine-tunes that may be asked":
            rows.count("symmetry/honest_trusted", sum(one.trusted for one in full), len(full)),
    }  # fmt: skip
    lines = [[words, cell(id)] for words, id in ids.items()]
    return {"caption": "The tamper alarm", "head": ["", "share"], "rows": lines}


def adaptive_section(results: Results, rows: Rows) -> dict[str, Any]:
    """Self-report, likelihood ratio and amplified sampling apart, before and after the attack."""
    some = results.deniers
    measures: dict[str, tuple[str, Callable[[Side], float | bool | None]]] = {
        "behaves": ("passes the gate of its behavior", lambda side: side.behaves),
        "named": ("answers that name the action (self-report)", lambda side: _share(side.named, side.asked)),
        "abstained": ('answers "nothing unusual"', lambda side: _share(side.abstained, side.asked)),
        "ratio_positive": (
            "true claim explains the outputs better than others (likelihood ratio)",
            _explains,
        ),
    }
    lines = []
    for key, (words, number) in measures.items():
        before, after = (
            [(number(pick(one)), one.name) for one in some]
            for pick in (lambda d: d.before, lambda d: d.after)
        )
        ids = (
            rows.share(f"adaptive/before/{key}", before), rows.share(f"adaptive/after/{key}", after),
            rows.difference(f"adaptive/change/{key}", after, before),
        )  # fmt: skip
        lines.append([words, *map(cell, ids)])
    head = ["", "before", "after", "change"]
    tables = [
        {"caption": f"{len(some)} organisms taught to deny through the adapter", "head": head, "rows": lines}
    ]
    return {"id": "adaptive", "title": "The adaptive attack", "text": [],
            "tables": [*tables, _nats(some, rows), _audits(results, rows)]}  # fmt: skip


def _share(count: int, n: int) -> float | None:
    return count / n if n else None


def _explains(side: Side) -> bool | None:
    return None if side.ratio_nats is None else side.ratio_nats > 0


def _nats(some: Sequence[Denier], rows: Rows) -> dict[str, Any]:
    lines = []
    for key, pick in (("before", lambda d: d.before), ("after", lambda d: d.after)):
        known = [pick(one).ratio_nats for one in some if pick(one).ratio_nats is not None]
        mean = sum(known) / len(known) if known else None
        lines.append([key, cell(rows.number(f"adaptive/{key}/ratio_nats", mean, len(known), "nats"))])
    caption = "Likelihood ratio of the true claim above other claims, mean over organisms"
    return {"caption": caption, "head": ["", "nats"], "rows": lines}


def _audits(results: Results, rows: Rows) -> dict[str, Any]:
    """What audits of the same organisms find before and after, by where it came from."""
    names = {one.truth.name for one in results.denier_audits}
    sides = {
        "before": [one for one in results.audits if one.truth.name in names],
        "after": results.denier_audits,
    }
    lines = []
    for key, (words, source) in SOURCES.items():
        ids = [
            rows.share(
                f"adaptive/{side}/{key}", [(_confirms(one, source), one.truth.behavior) for one in some]
            )
            for side, some in sides.items()
        ]
        lines.append([words, *map(cell, ids)])
    return {"caption": "What audits confirm", "head": ["", "before", "after"], "rows": lines}


def _confirms(one: Audit, source: str) -> bool:
    """Whether a finding from some source is confirmed; from any where none is named."""
    return any(f.verdict == "confirmed" and source in ("", f.source) for f in one.findings)


def blindness_section(results: Results, rows: Rows) -> dict[str, Any]:
    """Whether findings stayed the same bytes."""
    some = results.blind
    id = rows.count("blindness/same_bytes", sum(one.same for one in some), len(some))
    lines: list[list[Any]] = [["findings that stayed the same, byte for byte", cell(id)]]
    lines += [[one.name, "the same" if one.same else "other findings"] for one in some]
    text = "Card, README, folder name and the metadata of config and weights of two organisms were exchanged."
    return {"id": "blindness", "title": "Blindness", "text": [text],
            "tables": [{"caption": "", "head": ["", ""], "rows": lines}]}  # fmt: skip
