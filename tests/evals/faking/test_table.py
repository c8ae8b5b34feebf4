"""Runs side by side: scatter, published rows."""

import importlib.util
from pathlib import Path

import pytest

from glasshouse.data.alignment_faking.published_rows import PublishedRow
from glasshouse.evals.faking.analysis import analyze
from glasshouse.evals.faking.table import RunKey, compare, correlation, scatter

_spec = importlib.util.spec_from_file_location("made_up_faking", Path(__file__).parent / "made_up.py")
_made_up = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_made_up)


def runs(**counts: int):
    """Variant -> how many of 40 queries fake when monitored; the others refuse in both tiers."""
    return {
        RunKey("m", "helpful_only", name): analyze(_made_up.rows("Yf " * k + "N- " * (40 - k), "N- " * 40))
        for name, k in counts.items()
    }


def test_the_scatter_calls_its_gaps_together():
    points = scatter(runs(default=6, cut_rlhf_info=0, figure=20))
    assert [p.gap.is_called for p in points] == [False, False, True]
    assert [p.faking.value for p in points] == [0.15, 0.0, 0.5]
    assert correlation(points) == pytest.approx(1.0)


def test_correlation_needs_three_points_with_spread():
    assert correlation(scatter(runs(default=6, figure=20))) is None
    assert correlation(scatter(runs(default=6, figure=6, email=6))) is None


def test_ours_stands_beside_the_published_row_of_the_same_variant():
    published = {1: PublishedRow("helpful_only", 1, "default", 0.119, 0.017, 0.113, 0.021, 0.142, 0.028)}
    rows = compare(runs(default=5, deploy_public=5), published)
    assert [(r.quantity, r.ours, r.differs) for r in rows] == [
        ("compliance_gap", 0.125, False), ("af_rate", 0.125, False),
    ]  # fmt: skip
    assert [r.differs for r in compare(runs(default=30), published)] == [True, True]
