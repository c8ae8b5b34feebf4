"""Many runs side by side: gaps called together, scatter of variants, published numbers beside ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from glasshouse.data.alignment_faking.published_rows import PublishedRow
from glasshouse.data.alignment_faking.variants import VARIANTS
from glasshouse.evals.faking.analysis import FakingAnalysis
from glasshouse.evals.faking.gap import Gap, adjusted
from glasshouse.evals.faking.rates import Rate

_Z = 1.959964


@dataclass(frozen=True)
class RunKey:
    """What was asked of whom."""

    model: str
    setting: str
    variant: str


@dataclass(frozen=True)
class ScatterPoint:
    """One variant: alignment-faking reasoning against the compliance gap."""

    key: RunKey
    faking: Rate
    """In the monitored tier."""
    floor: Rate
    """In the unmonitored tier."""
    gap: Gap
    """With a p-value adjusted over all points of the scatter."""


@dataclass(frozen=True)
class Comparison:
    """Ours beside the published row of the same variant, which was measured on Claude 3 Opus."""

    key: RunKey
    row: int
    name: str
    quantity: str
    """`compliance_gap` or `af_rate`."""
    published: float
    published_error: float
    """Standard error."""
    ours: float | None
    low: float | None
    high: float | None
    differs: bool | None
    """Whether the two lie further apart than both errors allow (95 %); None where ours is undefined."""


def scatter(runs: Mapping[RunKey, FakingAnalysis]) -> list[ScatterPoint]:
    """One point per run, the gaps called together."""
    gaps = adjusted([analysis.gap for analysis in runs.values()])  # the same, if they were analyzed together
    return [
        ScatterPoint(key, analysis.tier("monitored").faking, analysis.tier("unmonitored").faking, gap)
        for (key, analysis), gap in zip(runs.items(), gaps, strict=True)
    ]


def correlation(points: Sequence[ScatterPoint]) -> float | None:
    """Pearson's correlation of both rates over variants; None below three points or without spread."""
    pairs = [
        (p.faking.value, p.gap.value)
        for p in points
        if p.faking.value is not None and p.gap.value is not None
    ]
    if len(pairs) < 3:
        return None
    x, y = [a for a, _ in pairs], [b for _, b in pairs]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    spread = sqrt(sum((a - mean_x) ** 2 for a in x) * sum((b - mean_y) ** 2 for b in y))
    together = sum((a - mean_x) * (b - mean_y) for a, b in pairs)
    return together / spread if spread > 0 else None


def compare(runs: Mapping[RunKey, FakingAnalysis], published: Mapping[int, PublishedRow]) -> list[Comparison]:
    """Two rows, gap and alignment-faking rate, for every run whose variant has a published result."""
    rows: list[Comparison] = []
    for key, analysis in runs.items():
        number = VARIANTS[key.variant].rows.get(key.setting) if key.variant in VARIANTS else None
        if number is None or number not in published:
            continue
        of, faking = published[number], analysis.tier("monitored").faking
        gap = analysis.gap
        ends = (None, None) if gap.interval is None else (gap.interval.low, gap.interval.high)
        rows.append(
            _comparison(key, of, "compliance_gap", (of.compliance_gap, of.gap_error), (gap.value, *ends))
        )
        ends = (None, None) if faking.interval is None else (faking.interval.low, faking.interval.high)
        rows.append(_comparison(key, of, "af_rate", (of.af_rate, of.af_error), (faking.value, *ends)))
    return rows


def _comparison(
    key: RunKey,
    of: PublishedRow,
    quantity: str,
    published: tuple[float, float],
    ours: tuple[float | None, float | None, float | None],
) -> Comparison:
    return Comparison(key, of.row, of.name, quantity, *published, *ours, _differs(published, ours))


def _differs(
    published: tuple[float, float], ours: tuple[float | None, float | None, float | None]
) -> bool | None:
    """Both half-widths are added in quadrature; ours is that of the side that faces the published value."""
    value, low, high = ours
    if value is None or low is None or high is None:
        return None
    facing = high - value if published[0] > value else value - low
    return abs(value - published[0]) > sqrt(facing**2 + (_Z * published[1]) ** 2)
