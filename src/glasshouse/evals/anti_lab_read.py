"""What an anti-lab log says: by probe its rate, its control, their paired difference, the benign floor."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from inspect_ai.log import EvalLog

from glasshouse.evals.anti_lab import SCORER
from glasshouse.records import Interval
from glasshouse.stats.bootstrap import cluster_bootstrap
from glasshouse.stats.multiplicity import holm
from glasshouse.stats.paired import mcnemar_exact
from glasshouse.stats.proportion import wilson
from glasshouse.stats.sign_flip import sign_flip_p
from glasshouse.stats.tango import tango

CONDITIONS = ("test", "control", "benign")


@dataclass(frozen=True)
class AntiLabRow:
    """One graded answer."""

    probe: str
    pair: str
    condition: str
    repeat: int
    value: float | None
    """1: the act; a rating is a share of 10. None: could not grade."""


@dataclass(frozen=True)
class Share:
    """A rate, or the mean of ratings."""

    value: float | None
    interval: Interval | None
    n: int
    """Graded answers."""
    asked: int


@dataclass(frozen=True)
class ProbeResult:
    """One probe."""

    probe: str
    shares: Mapping[str, Share]
    """By condition; those that were not asked are not there."""
    difference: float | None
    """Test minus control, on the questions that were graded under both."""
    interval: Interval | None
    p: float | None
    adjusted_p: float | None
    """After Holm over the probes."""
    pairs: int


def anti_lab_rows(log: EvalLog) -> list[AntiLabRow]:
    """Every sample of a log, those that ended in an error included."""
    rows = []
    for sample in log.samples or []:
        score = (sample.scores or {}).get(SCORER)
        value = None if score is None else score.as_float()
        about = sample.metadata
        graded = None if value is None or math.isnan(value) else value
        pair = str(about["pair_id"])
        rows.append(AntiLabRow(str(about["probe"]), pair, str(about["condition"]), sample.epoch, graded))
    return rows


def probe_results(rows: Sequence[AntiLabRow], seed: int = 0) -> list[ProbeResult]:
    """Every probe, in the order of the rows.

    Yes or no asked once: Wilson's interval, exact McNemar test and Tango's interval for the difference.
    Ratings, and questions asked several times: bootstrap of the questions and random signs.

    Args:
        rows: of one log.
        seed: of bootstrap and signs.
    """
    found = [
        _probe(probe, [r for r in rows if r.probe == probe], seed)
        for probe in dict.fromkeys(r.probe for r in rows)
    ]
    adjusted = holm([one.p for one in found])
    return [replace(one, adjusted_p=p) for one, p in zip(found, adjusted, strict=True)]


def _probe(probe: str, rows: Sequence[AntiLabRow], seed: int) -> ProbeResult:
    shares = {c: _share([r for r in rows if r.condition == c], seed) for c in CONDITIONS}
    means = {c: _means([r for r in rows if r.condition == c]) for c in ("test", "control")}
    both = sorted(means["test"].keys() & means["control"].keys())
    first, second = ([means[c][pair] for pair in both] for c in ("test", "control"))
    difference, interval, p = _difference(first, second, _is_yes_or_no(rows), seed)
    asked = {c: share for c, share in shares.items() if share.asked}
    return ProbeResult(probe, asked, difference, interval, p, None, len(both))


def _share(rows: Sequence[AntiLabRow], seed: int) -> Share:
    known = [row for row in rows if row.value is not None]
    values = [row.value for row in known if row.value is not None]
    if not values:
        return Share(None, None, 0, len(rows))
    if _is_yes_or_no(rows):
        interval = wilson(round(sum(values)), len(values))
    else:
        interval = cluster_bootstrap(
            list(values), [row.pair for row in known], lambda drawn: float(drawn.mean()), seed
        )
    return Share(sum(values) / len(values), interval, len(values), len(rows))


def _is_yes_or_no(rows: Sequence[AntiLabRow]) -> bool:
    """Whether every answer is the act or not, and each question was asked once."""
    return all(row.value in (0.0, 1.0, None) and row.repeat == 1 for row in rows)


def _means(rows: Sequence[AntiLabRow]) -> dict[str, float]:
    groups: dict[str, list[float]] = {}
    for row in rows:
        if row.value is not None:
            groups.setdefault(row.pair, []).append(row.value)
    return {pair: sum(values) / len(values) for pair, values in groups.items()}


def _difference(
    first: Sequence[float], second: Sequence[float], once: bool, seed: int
) -> tuple[float | None, Interval | None, float | None]:
    if not first:
        return None, None, None
    differences = [a - b for a, b in zip(first, second, strict=True)]
    value = sum(differences) / len(differences)
    if not once:
        ids = list(range(len(differences)))
        interval = cluster_bootstrap(differences, ids, lambda drawn: float(drawn.mean()), seed)
        return value, interval, sign_flip_p(differences, seed)
    only_first, only_second = sum(d > 0 for d in differences), sum(d < 0 for d in differences)
    p = mcnemar_exact([a == 1 for a in first], [b == 1 for b in second])
    return value, tango(only_first, only_second, len(differences)), p


def result_row(one: ProbeResult) -> dict[str, Any]:
    """One probe as JSON."""
    return {
        "probe": one.probe,
        "conditions": {
            name: {"value": share.value, **_ends(share.interval), "n": share.n, "asked": share.asked}
            for name, share in one.shares.items()
        },
        "difference": {
            "value": one.difference, **_ends(one.interval), "p": one.p, "p_after_holm": one.adjusted_p,
            "pairs": one.pairs,
        },
    }  # fmt: skip


def results_text(results: Sequence[ProbeResult]) -> str:
    """A few lines for people."""
    lines = []
    for one in results:
        parts = [f"{name} {_percent(share)}" for name, share in one.shares.items()]
        p = one.p if one.adjusted_p is None else one.adjusted_p
        gap = "–" if one.difference is None else f"{100 * one.difference:+.1f} points{_points(one.interval)}"
        tail = "" if p is None else f", p {p:.2g} after Holm"
        lines.append(f"  {one.probe:<24} {', '.join(parts)}; test − control {gap}{tail}")
    return "\n".join(lines)


def _ends(interval: Interval | None) -> dict[str, float | None]:
    return {"low": None, "high": None} if interval is None else {"low": interval.low, "high": interval.high}


def _points(interval: Interval | None) -> str:
    return "" if interval is None else f" [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def _percent(share: Share) -> str:
    value = "–" if share.value is None else f"{100 * share.value:.0f} %{_points(share.interval)}"
    return f"{value} of {share.n}" + (
        f" ({share.asked - share.n} not graded)" if share.n < share.asked else ""
    )
