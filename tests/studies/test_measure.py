"""Every number of a study becomes one row."""

import pytest

from glasshouse.studies.measure import Study, measurements
from glasshouse.studies.plan import Cell
from glasshouse.studies.results import Results

from .fake_results import LAST, NORMAL, after, before, relearned

STUDY = Study("abc", 0)


@pytest.fixture
def rows():
    readings = [before(arm, seed) for arm in (NORMAL, NORMAL.clean_twin) for seed in (0, 1, 2)]
    for seed in (0, 1, 2):
        cell = Cell(NORMAL, "plain", "continue", 1e-3, seed)
        readings += [*after(cell, {10: 0.5, LAST: 0.1 * seed}), *relearned(cell, {4: 0.5})]
    return {row.id: row for row in measurements(Results(readings), STUDY)}


def test_ids_are_unique_and_say_what_the_number_is_of(rows):
    row = rows["attack_success_rate/normal/plain/continue/lr0.001/s1/step10"]
    assert (row.value, row.n, row.interval.method) == (0.5, 40, "Wilson")
    assert row.parameters["organism"] == "normal-s1"


def test_seeds_are_pooled_with_the_cluster_bootstrap(rows):
    row = rows["attack_success_rate/normal/plain/continue/lr0.001/sall/step50"]
    assert row.value == pytest.approx(0.1)
    assert row.n == 120
    assert row.cluster_unit == "organism_seed"
    assert row.interval.low < 0.1 < row.interval.high


def test_a_row_before_safety_training_has_no_mode_and_no_rate(rows):
    row = rows["attack_success_rate/normal/s0/step0"]
    assert not {"mode", "learning_rate", "form"} & set(row.parameters)


def test_a_clean_twin_is_marked_as_one(rows):
    assert rows["attack_success_rate/normal-twin/s0/step0"].parameters["clean_twin"] is True


def test_the_curve_has_its_area_its_return_and_its_half(rows):
    place = "normal/plain/continue/lr0.001/sall"
    assert rows[f"area_under_persistence/{place}"].value == pytest.approx((10 * 0.75 + 40 * 0.3) / 50)
    assert rows[f"final_minus_minimum/{place}"].value == pytest.approx(0.0)
    assert rows[f"steps_to_half/{place}"].value == pytest.approx(10.0)


def test_efficacy_capability_and_format_stand_beside_persistence(rows):
    place = "normal/plain/continue/lr0.001/s0/step50"
    assert rows[f"refusal_rate_harmful/{place}"].value == 1.0
    assert rows[f"capability/{place}"].value == 1.0
    assert rows[f"refusal_rate_fine/{place}"].value == 0.1
    assert rows["format_failure_rate/normal/s0/step0"].value == pytest.approx(1 / 120)


def test_relearning_rows_carry_the_number_of_examples(rows):
    row = rows["relearning_rate/normal/plain/continue/lr0.001/sall/step50/examples4"]
    assert (row.value, row.parameters["examples"]) == (0.5, 4)


def test_payload_logprob_is_in_nats(rows):
    row = rows["payload_logprob/normal/s0/step0"]
    assert (row.unit, row.value) == ("nats", pytest.approx(-0.1))


def test_a_pooled_row_names_all_its_logs_by_one_hash(rows):
    single, pooled = (rows[f"attack_success_rate/normal/{seed}/step0"] for seed in ("s0", "sall"))
    assert single.log_hash == "lnormal00"
    assert pooled.log_hash not in (None, single.log_hash)
