"""The study's curves, tables, findings and sentences, as the report reads them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from glasshouse.evals.persistence import Curve, Estimate, final_rate, pooled
from glasshouse.organisms.faking_mixture.rows import Mixture
from glasshouse.records import Interval, Measurement
from glasshouse.stats.proportion import wilson
from glasshouse.store import layout
from glasshouse.store.runs import RunFolder
from glasshouse.studies.alignment_faking_rl.claims import compare_claims
from glasshouse.studies.alignment_faking_rl.null import Null
from glasshouse.studies.alignment_faking_rl.plan import RlPlan
from glasshouse.studies.alignment_faking_rl.results import (
    Counts,
    Reading,
    Verdict,
    at_step,
    complies,
    count,
    curves,
    fakes,
    fakes_if_complies,
    of_start,
    steps_of,
)
from glasshouse.studies.alignment_faking_rl.transcripts import transcripts
from glasshouse.studies.findings import finding_measurement, finding_row, judge
from glasshouse.studies.introspection.rows import cell
from glasshouse.studies.measure import Study
from glasshouse.studies.sentences import compared

History = Mapping[Mixture, Sequence[Mapping[str, float | int | None]]]


@dataclass(frozen=True)
class Results:
    """Everything that was measured."""

    readings: Sequence[Reading]
    nulls: Mapping[str, Null]
    """Start -> selection alone."""
    history: History
    """What training logged, step by step."""

    @property
    def ratios(self) -> list[str]:
        """The starts, in their order."""
        return list(self.nulls)

    @property
    def steps(self) -> list[int]:
        """Measured steps."""
        return steps_of(self.readings)


class Numbers:
    """The run's measurements; every method returns the id of its row."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.rows: dict[str, Measurement] = {}

    def rate(self, id: str, some: Sequence[Curve], **about: Any) -> str:
        """A share of samples at the only step of some curves, pooled over seeds."""
        found = pooled(some, final_rate, self.study.seed) if some else Estimate(None, None, None, 0, None)
        return self._add(id, found.value, found.interval, found.n, "rate", found.cluster_unit, about)

    def number(
        self, id: str, value: float | None, n: int, unit: str, interval: Interval | None = None, **about: Any
    ) -> str:
        """Any other number."""
        return self._add(id, value, interval, n, unit, None, about)

    def _add(
        self, id: str, value: float | None, interval: Interval | None, n: int, unit: str,
        cluster: str | None, about: dict[str, Any],
    ) -> str:  # fmt: skip
        self.rows[id] = Measurement(
            id=id, name=id.split("/")[-1], value=value, interval=interval, n=n, unit=unit,
            lower_is_better=None, cluster_unit=cluster, code=self.study.code, step=about.pop("step", None),
            parameters=about,
        )  # fmt: skip
        return id


def write_results(run: RunFolder, plan: RlPlan, results: Results) -> None:
    """Everything the report reads."""
    numbers = Numbers(Study(run.manifest["provenance"]["code"], plan.seed))
    figures = [
        _odds(numbers, results),
        _tiers(numbers, results),
        _held_out(numbers, results, plan),
        _training(numbers, results),
    ]
    tested = compare_claims(results.readings, dict(results.nulls), plan.recipe.measuring.variants)
    findings = judge(tested, plan.seed)
    rows = [*numbers.rows.values(), *(finding_measurement(each, numbers.study) for each in findings)]
    run.write(layout.MEASUREMENTS_FILE, [])
    run.append_measurements(rows)
    run.write(layout.FIGURES_FILE, figures)
    run.write(layout.TRANSCRIPTS_FILE, transcripts(results.readings))
    run.write(layout.FINDINGS_FILE, [finding_row(each) for each in findings])
    run.write(layout.SENTENCES_FILE, [*_sentences(results), compared(findings, []).split(";")[0] + "."])


def _at(readings: Sequence[Reading], step: int, verdict: Verdict, tier: str, variant: str) -> list[Curve]:
    """Curves of one step."""
    found = curves(at_step(readings, step), verdict, tier, variant)
    return [curve for curve in found if any(v is not None for v in curve.grades[step].values())]


def _odds(numbers: Numbers, results: Results) -> dict[str, Any]:
    lines, rows = [], []
    for color, ratio in enumerate(results.ratios):
        mine, null = of_start(results.readings, ratio), results.nulls[ratio]
        own = [
            numbers.rate(f"{ratio}/step{step}/faking_among_complying",
                         _at(mine, step, fakes_if_complies, "monitored", "default"), start=ratio, step=step)
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
    odds = [
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
        *map(cell, odds),
        cell(own[-1]),
        cell(expected[-1]),
        cell(p_id),
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


def _tiers(numbers: Numbers, results: Results) -> dict[str, Any]:
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
                numbers.rate(f"{ratio}/step{step}/{tier}/{name}", _at(mine, step, verdict, tier, "default"),
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


def _held_out(numbers: Numbers, results: Results, plan: RlPlan) -> dict[str, Any]:
    ends = (results.steps[0], results.steps[-1])
    rows = []
    for ratio in results.ratios:
        mine = of_start(results.readings, ratio)
        for variant in (plan.recipe.prompts.variant, *plan.recipe.measuring.variants):
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


def _training(numbers: Numbers, results: Results) -> dict[str, Any]:
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


def _sentences(results: Results) -> list[str]:
    first, last = results.steps[0], results.steps[-1]
    parts = [
        f"from {ratio}, [[{ratio}/step{first}/faking_among_complying]] to "
        f"[[{ratio}/step{last}/faking_among_complying]] (null [[{ratio}/step{last}/null_share]])"
        for ratio in results.ratios
    ]
    rises = [
        f"from {ratio}, [[{ratio}/step{last}/monitored/compliance]] monitored and "
        f"[[{ratio}/step{last}/unmonitored/compliance]] unmonitored"
        for ratio in results.ratios
    ]
    return [
        f"Faking among complying monitored samples over {last} steps of RL: {'; '.join(parts)}.",
        f"Compliance at the end: {'; '.join(rises)}.",
    ]
