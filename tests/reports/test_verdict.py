import pytest

from glasshouse.records import Interval
from glasshouse.reports.verdict import summary, verdict


@pytest.mark.parametrize(
    ("sign", "low", "high", "found"),
    [
        (1, 0.1, 0.3, "reproduced"),
        (-1, -0.3, -0.1, "reproduced"),
        (1, -0.3, -0.1, "opposite"),
        (-1, 0.1, 0.3, "opposite"),
        (1, -0.01, 0.3, "inconclusive"),
        (-1, -0.3, 0.0, "inconclusive"),
        (0, 0.1, 0.3, "opposite"),
        (0, -0.01, 0.01, "inconclusive"),
    ],
)
def test_the_sign_and_an_interval_without_zero_decide(sign, low, high, found):
    assert verdict(sign, (low + high) / 2, Interval(low, high, "by hand")) == found


def test_what_was_not_measured_is_not_judged():
    assert verdict(1, None, None) is None
    assert verdict(1, 0.5, None) is None


def test_the_summary_counts_every_kind():
    words = summary(["reproduced", "opposite", "inconclusive", "reproduced", None], orderings_only=False)
    assert words.startswith(
        "Of 4 findings of the paper judged here, 2 were reproduced, 1 came out the opposite way"
    )
    assert words.endswith("1 is inconclusive; 1 more could not be judged.")


@pytest.mark.parametrize("verdicts", [[], [None, None]])
def test_nothing_judged_is_said(verdicts):
    assert "None of the paper's findings" in summary(verdicts, orderings_only=True)
