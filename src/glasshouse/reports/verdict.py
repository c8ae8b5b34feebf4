"""Does a difference measured here go the paper's way? One rule for every finding."""

from collections.abc import Sequence
from typing import Literal

from glasshouse.records import Interval

Verdict = Literal["reproduced", "opposite", "inconclusive"]


def verdict(expected_sign: int, value: float | None, interval: Interval | None) -> Verdict | None:
    """The verdict on one difference, from its interval at Holm's level.

    `reproduced`: the paper's sign and an interval that excludes 0; `opposite`: the other sign and the same;
    `inconclusive` otherwise. Where the paper found no difference, an interval that excludes 0 is `opposite`,
    and one that includes it is `inconclusive`: not having found a difference does not show there is none.

    Args:
        expected_sign: +1 or -1, the paper's; 0 where it found no difference.
        value: the difference measured here.
        interval: of the difference, at the level of `glasshouse.stats.multiplicity.holm_levels`.

    Returns:
        None where the difference was not measured or has no interval.

    Example:
        >>> verdict(+1, 0.3, Interval(0.1, 0.5, "by hand"))
        'reproduced'
        >>> verdict(-1, 0.3, Interval(0.1, 0.5, "by hand"))
        'opposite'
        >>> verdict(+1, 0.3, Interval(-0.1, 0.5, "by hand"))
        'inconclusive'
    """
    if value is None or interval is None:
        return None
    if interval.low <= 0 <= interval.high:
        return "inconclusive"
    sign = 1 if interval.low > 0 else -1
    return "reproduced" if sign == expected_sign else "opposite"


def summary(verdicts: Sequence[str | None], orderings_only: bool) -> str:
    """What came out, in one sentence.

    Args:
        verdicts: one per finding, None where it could not be judged.
        orderings_only: whether only directions were judged, not digits.

    Example:
        >>> summary(["reproduced", "opposite", None], orderings_only=True)[:54]
        'Of 2 directions of the paper judged here, 1 was reprod'
    """
    judged = [each for each in verdicts if each is not None]
    if not judged:
        return "None of the paper's findings could be judged here."
    words = (
        ("reproduced", "was reproduced", "were reproduced"),
        ("opposite", "came out the opposite way", "came out the opposite way"),
        ("inconclusive", "is inconclusive", "are inconclusive"),
    )
    counted = [(judged.count(name), one, many) for name, one, many in words]
    parts = [f"{n} {one if n == 1 else many}" for n, one, many in counted if n]
    listed = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    missing = len(verdicts) - len(judged)
    what = "directions" if orderings_only else "findings"
    what = what if len(judged) > 1 else what[:-1]
    rest = f"; {missing} more could not be judged" if missing else ""
    return f"Of {len(judged)} {what} of the paper judged here, {listed}{rest}."
