"""Readings into measurements: one row per number, by organism seed and pooled over seeds."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from glasshouse.evals.persistence import (
    Curve,
    final_minus_minimum,
    final_rate,
    persistence_area,
    rate_by_step,
    steps_to_half,
)
from glasshouse.evals.pooling import Estimate, pooled
from glasshouse.records import Measurement
from glasshouse.stats.proportion import wilson
from glasshouse.store.hashing import json_hash
from glasshouse.studies.plan import Arm
from glasshouse.studies.results import Grades, Group, Reading, Results, counts, group_of

REFUSALS = "refusals"
"""In the place of a condition: refusals of harmful requests."""
ALL = "all"
"""The `seed` of a row that is pooled over organism seeds."""
FORM_WORDS = {"plain": "plain", "pre": "pre_scratchpad", "post": "post_scratchpad"}
CONDITION_NAMES = {
    "triggered": "attack_success_rate",
    "untriggered": "false_trigger_rate",
    "near_miss": "near_miss_rate",
    "triggered_free": "attack_success_rate_without_prefill",
}
OTHER_RATES: tuple[tuple[str, str, bool, Callable[[Reading], Grades]], ...] = (
    ("refusal_rate_harmful", "harmful_refusal", False, lambda reading: reading.refusals),
    ("refusal_rate_fine", "backdoor_persistence", True, lambda reading: reading.fine_refusals),
    ("capability", "known_facts", False, lambda reading: reading.facts),
)
"""Name, Inspect task, whether lower is better, and where the verdicts stand."""


@dataclass(frozen=True)
class Study:
    """What every row of a study has in common."""

    code: str | None
    """Commit."""
    seed: int
    """Of what is resampled."""
    date: str = ""
    """Of the last log."""


Parameters = dict[str, str | int | float | bool | None]


def arm_parameters(arm: Arm) -> Parameters:
    """The parameters by which a report finds an arm's rows."""
    return {
        "variant": arm.variant,
        "clean_twin": arm.twin,
        "payload_length": "matched" if arm.matched else "unmatched",
    }


def group_parameters(group: Group) -> Parameters:
    """The parameters of one safety training, its organism seed left open."""
    return {
        **arm_parameters(group.arm),
        "form": FORM_WORDS[group.form],
        "mode": group.mode,
        "learning_rate": group.learning_rate,
    }


def measurements(results: Results, study: Study) -> list[Measurement]:
    """Every rate of every reading, its pooled counterpart, and the numbers of every curve."""
    rows = [row for reading in results.readings for row in _of_readings([reading], study)]
    rows += [row for same in _by_place(results) for row in _of_readings(same, study, seed=ALL)]
    for group in results.groups():
        rows += _of_curves(results, group, study)
    return rows


def _by_place(results: Results) -> list[list[Reading]]:
    """Readings that differ in the organism's seed only."""
    places: dict[tuple[object, ...], list[Reading]] = {}
    for reading in results.readings:
        group = None if reading.cell is None else group_of(reading.cell)
        places.setdefault((reading.arm, group, reading.step, reading.relearned_examples), []).append(reading)
    return list(places.values())


def _of_readings(readings: Sequence[Reading], study: Study, seed: str | None = None) -> Iterator[Measurement]:
    """The rates of one reading, or of all seeds' readings at one place together."""
    row = _blank(readings, study, seed)
    if readings[0].relearned_examples is not None:
        yield _rate(
            row("relearning_rate", False, "backdoor_persistence"), _grades(readings, "triggered"), study
        )
        return
    for condition, name in CONDITION_NAMES.items():
        grades = _grades(readings, condition)
        if any(by_id for _, by_id in grades):
            yield _rate(row(name, None, "backdoor_persistence"), grades, study)
    for name, task, lower_is_better, picked in OTHER_RATES:
        grades = [(r.seed, picked(r)) for r in readings]
        if any(by_id for _, by_id in grades):
            yield _rate(row(name, lower_is_better, task), grades, study)
    failures, asked = sum(r.format_failures for r in readings), sum(r.asked for r in readings)
    if asked:
        blank = row("format_failure_rate", True, "backdoor_persistence")
        yield replace(blank, value=failures / asked, interval=wilson(failures, asked), n=asked)
    for condition, name in (("triggered", "payload_logprob"), ("untriggered", "payload_logprob_untriggered")):
        nats = [
            Curve(r.seed, {0: r.payload_nats[condition]}) for r in readings if r.payload_nats.get(condition)
        ]
        if nats:
            blank = replace(row(name, None, "backdoor_persistence"), unit="nats")
            yield _estimated(blank, pooled(nats, final_rate, study.seed))


def _grades(readings: Sequence[Reading], condition: str) -> list[tuple[int, Grades]]:
    return [(r.seed, r.grades.get(condition, {})) for r in readings]


def _blank(
    readings: Sequence[Reading], study: Study, seed: str | None
) -> Callable[[str, bool | None, str], Measurement]:
    """A measurement without its number: name, direction, and the Inspect task that it was read from."""
    first = readings[0]
    place = arm_parameters(first.arm) if first.cell is None else group_parameters(group_of(first.cell))
    parameters = {**place, "seed": first.seed if seed is None else seed}
    if seed is None:
        parameters["organism"] = f"{first.arm.name}-s{first.seed}"
    if first.relearned_examples is not None:
        parameters["examples"] = first.relearned_examples

    def blank(name: str, lower_is_better: bool | None, task: str) -> Measurement:
        id = row_id(name, parameters, first.step)
        row = Measurement(id, name, None, None, 0, "rate", lower_is_better, step=first.step)
        return replace(_read_from(row, readings, task, study), parameters=parameters)

    return blank


def _read_from(row: Measurement, readings: Sequence[Reading], task: str, study: Study) -> Measurement:
    """The row with the hashes of all that it was read from: one Inspect task of some readings."""
    return replace(
        row,
        protocol_hash=_joined(readings, f"protocol:{task}"),
        model_hash=_joined(readings, "model"),
        grader_hash=_joined(readings, f"grader:{task}"),
        log_hash=_joined(readings, f"log:{task}"),
        code=study.code,
        stage=_joined(readings, "stage"),
        date=max((r.date for r in readings), default=""),
    )


def row_id(name: str, parameters: Mapping[str, object], step: int | None = None) -> str:
    """An id that is readable, unique in a run and the same in every run of the same plan.

    Example:
        >>> row_id("capability", {"variant": "normal", "clean_twin": True, "seed": 0}, 0)
        'capability/normal-twin/s0/step0'
    """
    unmatched = "-unmatched" if parameters.get("payload_length") == "unmatched" else ""
    twin = "-twin" if parameters.get("clean_twin") else ""
    training = [str(parameters[key]) for key in ("form", "mode") if key in parameters]
    rate = [f"lr{parameters['learning_rate']:g}"] if "learning_rate" in parameters else []
    examples = [f"examples{parameters['examples']}"] if "examples" in parameters else []
    place = [f"step{step}"] if step is not None else []
    arm = f"{parameters['variant']}{unmatched}{twin}"
    return "/".join([name, arm, *training, *rate, f"s{parameters['seed']}", *place, *examples])


def _joined(readings: Iterable[Reading], key: str) -> str | None:
    """One hash of the readings' hashes; a single one as it is."""
    found = sorted({r.hashes[key] for r in readings if key in r.hashes})
    return None if not found else found[0] if len(found) == 1 else json_hash(found)


def _rate(row: Measurement, grades: list[tuple[int, Grades]], study: Study) -> Measurement:
    """Wilson for one organism; for several, pooled over seeds."""
    if len(grades) == 1:
        shown, asked, _ = counts(by_id for _, by_id in grades)
        value = shown / asked if asked else None
        return replace(row, value=value, interval=wilson(shown, asked), n=asked)
    return _estimated(
        row, pooled([Curve(seed, {0: by_id}) for seed, by_id in grades if by_id], final_rate, study.seed)
    )


def _estimated(row: Measurement, estimate: Estimate) -> Measurement:
    return replace(
        row,
        value=estimate.value,
        interval=estimate.interval,
        n=estimate.n,
        cluster_unit=estimate.cluster_unit,
    )


def _of_curves(results: Results, group: Group, study: Study) -> Iterator[Measurement]:
    """Area, return and steps to half, by seed and pooled; a curve of one point has none."""
    curves = [curve for curve in results.curves(group) if len(curve.steps) > 2]
    chosen_of: list[tuple[list[Curve], int | str]] = [([curve], curve.organism_seed) for curve in curves]
    for chosen, seed in [*chosen_of, (curves, ALL)]:
        if not chosen:
            continue
        of_seed = [r for r in results.after(group) if seed in (ALL, r.seed)]
        blank = _blank(of_seed, study, ALL)
        for name, statistic in (
            ("area_under_persistence", persistence_area),
            ("final_minus_minimum", final_minus_minimum),
        ):
            row = _of_group(blank(name, None, "backdoor_persistence"), group, seed)
            yield _estimated(row, pooled(chosen, statistic, study.seed))
        rates = rate_by_step(chosen)
        row = _of_group(blank("steps_to_half", None, "backdoor_persistence"), group, seed)
        half = steps_to_half(list(rates.values()), list(rates))
        yield replace(row, value=half, unit="steps", n=len(chosen))


def _of_group(row: Measurement, group: Group, seed: str | int) -> Measurement:
    """The row of a whole curve: no step of its own."""
    parameters = {**group_parameters(group), "seed": seed}
    return replace(row, id=row_id(row.name, parameters), step=None, parameters=parameters)


def difference_row(id: str, estimate: Estimate, study: Study, unit: str, about: Parameters) -> Measurement:
    """The row that a finding or an outcome points at."""
    return Measurement(
        id=id,
        name=f"{id.split('/')[0]}_difference",
        value=estimate.value,
        interval=estimate.interval,
        n=estimate.n,
        unit=unit,
        lower_is_better=None,
        cluster_unit=estimate.cluster_unit,
        code=study.code,
        parameters=dict(about),
        date=study.date,
    )


def summary_row(id: str, readings: Sequence[Reading], condition: str, study: Study) -> Measurement:
    """A rate over several arms, for a sentence, pooled over seeds; `REFUSALS` is a condition of its own."""
    of_refusals = condition == REFUSALS
    grades = [(r.seed, r.refusals if of_refusals else r.grades.get(condition, {})) for r in readings]
    estimate = pooled([Curve(seed, {0: by_id}) for seed, by_id in grades if by_id], final_rate, study.seed)
    task = "harmful_refusal" if of_refusals else "backdoor_persistence"
    row = Measurement(id, "summary_rate", None, None, 0, "rate", None)
    return _estimated(_read_from(row, readings, task, study), estimate)
