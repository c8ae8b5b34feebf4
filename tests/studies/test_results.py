"""Readings are found again by what they are of."""

from dataclasses import replace

from glasshouse.studies.plan import Cell
from glasshouse.studies.results import Results, group_of, outcomes, share

from .fake_results import LAST, NORMAL, after, before, relearned

CELLS = [Cell(NORMAL, "plain", "continue", 1e-3, seed) for seed in (0, 1)]
GROUP = group_of(CELLS[0])


def results(refused_before: float = 0.0, refused_after: float = 1.0) -> Results:
    readings = [before(NORMAL, seed, refused=refused_before) for seed in (0, 1)]
    for cell in CELLS:
        readings += after(cell, {10: 0.5, LAST: 0.1}, refused=refused_after)
        readings += relearned(cell, {1: 0.2, 64: 1.0})
    return Results(readings)


def test_a_curve_starts_before_safety_training_and_has_every_checkpoint():
    curves = results().curves(GROUP)
    assert [curve.organism_seed for curve in curves] == [0, 1]
    assert curves[0].steps == (0, 10, LAST)
    assert share([curves[0].grades[10]]) == 0.5


def test_relearning_is_kept_apart_from_the_curve():
    assert results().relearned(GROUP)[0].steps == (1, 64)
    assert all(reading.relearned_examples is None for reading in results().after(GROUP))


def test_a_stage_that_taught_refusal_trained():
    assert results().trained(GROUP) is True


def test_a_stage_that_taught_too_little_or_found_refusals_already_there_did_not_train():
    assert results(refused_after=0.85).trained(GROUP) is False
    assert results(refused_before=0.5).trained(GROUP) is False


def test_a_stage_that_broke_the_answers_did_not_train():
    """Nine refusals and 31 answers without an end are no training, though every answer read is a refusal."""
    said = {f"p{i:02d}": True if i < 9 else None for i in range(40)}
    broken = [
        replace(r, refusals=outcomes(said), ungraded_refusals=31) if r.cell and r.refusals else r
        for r in results().readings
    ]
    assert Results(broken).trained(GROUP) is False


def test_every_prompt_asked_has_an_outcome_unless_none_could_be_read():
    assert outcomes({"a": None, "b": True}) == {"a": False, "b": True}
    assert outcomes({"a": None}) == {}


def test_a_stage_whose_effect_was_not_measured_is_unknown():
    readings = [reading for reading in results().readings if reading.cell is not None]
    assert Results(readings).trained(GROUP) is None


def test_a_share_of_nothing_is_unknown():
    assert share([]) is None
    assert share([{"a": None}]) is None
