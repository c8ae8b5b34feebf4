import pytest

from glasshouse.records import Interval, Measurement
from glasshouse.reports.number import title_text, value_text
from glasshouse.reports.sentences import plain_sentence, sentence_parts


def measured(value, unit, interval=None) -> Measurement:
    return Measurement("id", "name", value, interval, 12, unit, None, log_hash="ab" * 32)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.0, "rate", "100 %"),
        (0.99667, "rate", "99.7 %"),
        (0.0004, "rate", "0.04 %"),
        (0.21, "difference_of_rates", "+21 pp"),
        (-0.0, "difference_of_rates", "0 pp"),
        (-12.5, "nats", "−12.50 nats"),
        (63.0, "steps", "63 steps"),
        (0.25, "score", "0.25"),
        (None, "rate", "–"),
    ],
)
def test_a_value_is_written_with_its_unit(value, unit, text):
    assert value_text(measured(value, unit)) == text


def test_a_title_has_everything_a_cell_has_no_room_for():
    text = title_text(measured(0.5, "rate", Interval(0.25, 0.75, "Wilson")))
    assert all(
        part in text for part in ("id", "name = 50 %", "25 to 75 (Wilson)", "n = 12", "log abababababab")
    )


def test_a_placeholder_becomes_its_number_and_a_dash_where_there_is_none():
    known = {"id": measured(0.5, "rate")}
    assert plain_sentence("Half is [[id]], the other [[none]].", known) == "Half is 50 %, the other –."
    assert len(list(sentence_parts("Half is [[id]], the other [[none]].", known))) == 5
