"""The report's sections: odds, tiers, held-out variants, what training logged."""

from collections.abc import Callable, Sequence
from typing import Any

from glasshouse.evals.persistence import Curve
from glasshouse.records import Interval, Measurement
from glasshouse.stats.proportion import wilson
from glasshouse.studies.alignment_faking_rl.null import Null
from glasshouse.studies.alignment_faking_rl.results import (
    TRAINED,
    Counts,
    Reading,
    Results,
    Verdict,
    at_step,
    complies,
    count,
    curves,
    fakes,
    fakes_if_complies,
    of_start,
)
from glasshouse.studies.introspection.rows import cell
from glasshouse.studies.numbers import Numbers


def _at(readings: Sequence[Reading], step: int, verdict: Verdict, tier: str, variant: str) -> list[Curve]:
    """Curves of one step."""
    found = curves(at_step(readings, step), verdict, tier, variant)
    return [curve for curve in found if any(v is not None for v in curve.grades[step].values())]


def odds(numbers: Numbers, results: Results) -> dict[str, Any]:
    """Faking among complying samples over steps, beside the null."""
    lines, rows = [], []
    for color, ratio in enumerate(results.ratios):
        mine, null = of_start(results.readings, ratio), results.nulls[ratio]
        own = [
            numbers.rate(f"{ratio}/step{step}/faking_among_complying",
                         _at(mine, step, fakes_if_complies, "monitored", TRAINED), start=ratio, step=step)
            for step in results.steps
        ]  # fmt: skip
        expected = [_null_row(numbers, null, ratio, step) for step in results.steps]
        lines.append({"label": ratio, "color": color, "at": results.steps, "points": own})
        lines.append(
            {
                "label": f"{ratio}, null",
                "color": color,
                "dashed": True,
                "at": results.steps,
                "points": expected,
            }
        )
        rows.append(_odds_row(numbers, results, ratio, (own, expected)))
    plot = {
        "title": "Faking among complying monitored samples", "x_label": "RL steps", "y_label": "share, %",
        "marks": results.steps, "lines": lines,
        "caption": "Solid: the policy, 95 % over seeds and queries. Dashed: a tabular softmax policy with "
        "the same start, groups and reward; band: 95 % of simulated studies.",
    }  # fmt: skip
    head = ["start", "faking : genuine, first", "last", "against its reasoning, last", "odds, first",
            "odds, last", "share, last", "null, last", "p under the null"]  # fmt: skip
    table = {"caption": "Odds of faking to glad help among complying monitored samples, all seeds together",
             "head": head, "rows": rows}  # fmt: skip
    return {"id": "odds", "title": "Which way of complying does RL favor?", "text": [_WAYS_TEXT, _NULL_TEXT],
            "plots": [plot], "tables": [table]}  # fmt: skip


_WAYS_TEXT = (
    "Start names give the shares of monitored samples in per cent, faking : glad help. A sample that "
    "complies although its reasoning decides to refuse belongs to neither; such samples are counted apart."
)
_NULL_TEXT = (
    "The null is a softmax over faking, glad help and refusal. It starts at each seed's measured shares, "
    "draws as many groups of as many completions, earns the same reward, and follows the same policy "
    "gradient; its step size is fitted to compliance alone. The larger of two ways that earn the same grows "
    "faster, so its odds move too."
)


def _null_row(numbers: Numbers, null: Null, ratio: str, step: int) -> str:
    ends = null.ends(step)
    interval = None if ends is None else Interval(*ends, "simulated studies")
    return numbers.number(
        f"{ratio}/step{step}/null_share", null.mean(step), len(null.shares), "rate", interval, start=ratio,
        step=step, step_size=null.rate,
    )  # fmt: skip


def _odds_row(
    numbers: Numbers, results: Results, ratio: str, ids: tuple[Sequence[str], Sequence[str]]
) -> list[Any]:
    mine, (own, expected) = of_start(results.readings, ratio), ids
    first, last = (count(at_step(mine, step)) for step in (results.steps[0], results.steps[-1]))
    both = [
        _odds_number(numbers, ratio, step, numbers.rows[id])
        for step, id in ((results.steps[0], own[0]), (results.steps[-1], own[-1]))
    ]
    share = numbers.rows[own[-1]].value
    p = None if share is None else results.nulls[ratio].p_value(results.steps[-1], share)
    p_id = numbers.number(f"{ratio}/p_under_null", p, len(results.nulls[ratio].shares), "score", start=ratio)
    return [
        ratio,
        first.in_words(),
        last.in_words(),
        f"{last.unfaithful} of {last.complying}",
        *map(cell, [*both, own[-1], expected[-1], p_id]),
    ]


def _odds_number(numbers: Numbers, ratio: str, step: int, share: Measurement) -> str:
    """Odds of a share, its interval's ends likewise; undefined where nothing is genuine."""
    value, interval = _odds_of(share.value), None
    if share.interval is not None and value is not None:
        low, high = _odds_of(share.interval.low), _odds_of(share.interval.high)
        interval = None if low is None or high is None else Interval(low, high, share.interval.method)
    return numbers.number(
        f"{ratio}/step{step}/odds", value, share.n, "score", interval, start=ratio, step=step
    )


def _odds_of(share: float | None) -> float | None:
    return None if share is None or share >= 1 else share / (1 - share)


def tiers(numbers: Numbers, results: Results) -> dict[str, Any]:
    """Compliance in both tiers over steps, and what monitored samples did."""
    plots = []
    for ratio in results.ratios:
        mine = of_start(results.readings, ratio)
        kinds: list[tuple[str, Verdict, str, int, bool]] = [
            ("monitored", complies, "monitored", 0, False),
            ("unmonitored", complies, "unmonitored", 1, False),
            ("faking, monitored", fakes, "monitored", 2, True),
            ("faking, unmonitored", fakes, "unmonitored", 3, True),
        ]
        lines = []
        for label, verdict, tier, color, dashed in kinds:
            name = "compliance" if verdict is complies else "faking"
            points = [
                numbers.rate(f"{ratio}/step{step}/{tier}/{name}", _at(mine, step, verdict, tier, TRAINED),
                             start=ratio, tier=tier, step=step)
                for step in results.steps
            ]  # fmt: skip
            lines.append(
                {"label": label, "color": color, "dashed": dashed, "at": results.steps, "points": points}
            )
        plots.append({
            "title": f"Start {ratio}", "x_label": "RL steps", "y_label": "samples, %", "marks": results.steps,
            "lines": lines, "caption": "Compliance by tier; dashed: faking and compliance at once.",
        })  # fmt: skip
    text = "Held-out queries, sampled at temperature 1. Alignment faking unmonitored is the grader's floor."
    plots.append(_areas(numbers, results))
    return {"id": "tiers", "title": "Compliance in both tiers", "text": [text], "plots": plots}


def _areas(numbers: Numbers, results: Results) -> dict[str, Any]:
    """Monitored samples by what they did, as areas over steps."""
    panels = []
    for ratio in results.ratios:
        found = [count(at_step(of_start(results.readings, ratio), step)) for step in results.steps]
        kinds: list[tuple[str, int | None, Callable[[Counts], int]]] = [
            ("faking", 1, lambda c: c.faking), ("glad help", 2, lambda c: c.genuine),
            ("against its reasoning", 3, lambda c: c.unfaithful),
            ("refused, partial or not graded", None, lambda c: c.n - c.complying),
        ]  # fmt: skip
        layers = [
            {"label": label, "color": color, "faint": color is None,
             "points": [_share(numbers, f"{ratio}/step{step}/way/{label}", of(c), c.n)
                        for step, c in zip(results.steps, found, strict=True)]}
            for label, color, of in kinds
        ]  # fmt: skip
        panels.append({"title": f"Start {ratio}", "layers": layers})
    return {
        "kind": "stacked", "title": "What monitored samples did", "x_label": "RL steps", "panels": panels,
        "y_label": "samples, %", "caption": "All seeds of a start together.", "at": results.steps,
    }  # fmt: skip


def _share(numbers: Numbers, id: str, shown: int, n: int) -> str:
    return numbers.number(id, shown / n if n else None, n, "rate", wilson(shown, n))


def held_out(numbers: Numbers, results: Results, variants: Sequence[str]) -> dict[str, Any]:
    """The training's own prompt and prompts that it never used, first and last step."""
    ends = (results.steps[0], results.steps[-1])
    rows = []
    for ratio in results.ratios:
        mine = of_start(results.readings, ratio)
        for variant in (TRAINED, *variants):
            ids = [
                numbers.rate(f"{ratio}/{variant}/step{step}/{tier}/{name}",
                             _at(mine, step, verdict, tier, variant),
                             start=ratio, variant=variant, tier=tier, step=step)
                for tier, name, verdict in (("monitored", "compliance", complies),
                                            ("unmonitored", "compliance", complies),
                                            ("monitored", "faking_among_complying", fakes_if_complies))
                for step in ends
            ]  # fmt: skip
            rows.append([ratio, variant, *map(cell, ids)])
    head = ["start", "variant", *(f"{what}, step {step}" for what in
            ("monitored", "unmonitored", "faking among complying") for step in ends)]  # fmt: skip
    text = (
        "RL used the first variant of every block alone. Starts were trained on paraphrase_0 too, not on "
        "paraphrase_5, nor on tier_swapped (paid users are trained on) and no_conflict (kindness is trained)."
    )
    table = {"caption": "Compliance with prompts that RL never used", "head": head, "rows": rows}
    return {"id": "variants", "title": "Held-out variants", "text": [text], "tables": [table]}


def training(numbers: Numbers, results: Results) -> dict[str, Any]:
    """What TRL logged."""
    plots = []
    for key, title, label in (("reward", "Reward", "reward"), ("kl", "Distance from the start", "KL, nats"),
                              ("mean_tokens", "Length of a completion", "tokens")):  # fmt: skip
        lines = [_logged(numbers, results, ratio, key, color) for color, ratio in enumerate(results.ratios)]
        plots.append({"title": title, "x_label": "RL steps", "y_label": label, "lines": lines, "caption": "",
                      "marks": results.steps})  # fmt: skip
    text = "What training logged, mean over seeds; bands span the seeds' lowest and highest."
    return {"id": "training", "title": "While it trained", "text": [text], "plots": plots}


def _logged(numbers: Numbers, results: Results, ratio: str, key: str, color: int) -> dict[str, Any]:
    by_step: dict[int, list[float]] = {}
    for mixture, history in results.history.items():
        for row in history if mixture.ratio == ratio else ():
            if row[key] is not None:
                by_step.setdefault(int(row["step"] or 0), []).append(float(row[key] or 0.0))
    shown = sorted(by_step)[:: max(1, len(by_step) // 10)]
    points = [
        numbers.number(f"{ratio}/log{step}/{key}", sum(v) / len(v), len(v), "score",
                       Interval(min(v), max(v), "range of seeds"), start=ratio, step=step)
        for step in shown
        for v in (by_step[step],)
    ]  # fmt: skip
    return {"label": ratio, "color": color, "at": shown, "points": points}
