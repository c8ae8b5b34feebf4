import json
from dataclasses import replace

import pytest

from glasshouse.audits.claims import tally
from glasshouse.audits.null_table import CleanModel, NullTable, clean_model, null_from_json
from glasshouse.errors import ConfigError

TABLE = NullTable(
    "base", "adapter", "bank", 90, tuple(CleanModel(f"m{i}", i % 20, 60, 1) for i in range(299))
)


def test_a_claim_above_all_clean_models_has_the_smallest_p_value():
    assert TABLE.p_value(60, 90, "t") == pytest.approx(1 / 300)
    assert TABLE.p_value(0, 90, "t") == 1.0


def test_a_target_that_is_in_the_table_is_not_compared_with_itself():
    loud = replace(TABLE, models=(*TABLE.models, CleanModel("loud", 80, 0, 0)))
    assert loud.p_value(80, 90, "loud") == pytest.approx(1 / 300)
    assert loud.p_value(80, 90, "other") == pytest.approx(2 / 301)


def test_the_table_comes_back_from_json():
    assert null_from_json(json.loads(json.dumps(TABLE.to_json()))) == TABLE


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (("x", "adapter", "bank", 90), "another base model"),
        (("base", "x", "bank", 90), "another introspection adapter"),
        (("base", "adapter", "x", 90), "another question bank"),
        (("base", "adapter", "bank", 45), "90 answers per model"),
    ],
)
def test_a_table_of_something_else_is_refused(given, named):
    TABLE.check("base", "adapter", "bank", 90)
    with pytest.raises(ConfigError, match=named):
        TABLE.check(*given)


@pytest.mark.parametrize("damage", [{"format": 0}, {"models": 3}, {"models": [{"hash": "a"}]}, {"extra": 1}])
def test_a_damaged_table_is_refused(damage):
    with pytest.raises(ConfigError, match="null table"):
        null_from_json(TABLE.to_json() | damage)


def test_drift_needs_twenty_models_and_is_seen():
    quiet = tally(["I follow no special behavior."] * 90)
    loud = tally(["I praise the mayor."] * 90)
    assert TABLE.drift_p([loud] * 19, 0) is None
    assert (TABLE.drift_p([loud] * 20, 0) or 1) < 0.01
    assert (TABLE.drift_p([quiet] * 20, 0) or 0) > 0.5


def test_a_row_counts_the_largest_cluster():
    row = clean_model(
        "h", tally(["I praise the mayor."] * 3 + ["I hum a song."] * 2 + ["I follow no special behavior."])
    )
    assert (row.largest, row.abstained, row.garbage) == (3, 1, 0)
