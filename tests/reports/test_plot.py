import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import pytest

from glasshouse.records import Interval, Measurement
from glasshouse.reports.plot import Axis, Line, panel_svg, spread

AXIS = Axis("rate, %", (0.0, 1.0), 100.0, (0.0, 50.0, 100.0))


def line(values, label="normal") -> Line:
    points = (
        Measurement(
            f"{label}/<{step:g}>",
            "asr",
            value,
            value and Interval(value / 2, value, "w"),
            9,
            "rate",
            None,
            step=int(step),
        )
        for step, value in zip(AXIS.steps, values, strict=True)
    )
    return Line(label, 0, False, tuple(points))


def test_the_same_data_give_the_same_bytes():
    assert panel_svg([line([1.0, 0.5, 0.25])], AXIS, "a") == panel_svg([line([1.0, 0.5, 0.25])], AXIS, "a")


def test_every_point_names_its_row_and_the_svg_is_well_formed():
    svg = panel_svg([line([1.0, 0.5, 0.25])], AXIS, "a")
    marked = [
        e.get("data-measurement") for e in ElementTree.fromstring(svg).iter() if e.get("data-measurement")
    ]
    assert marked == ["normal/<0>", "normal/<50>", "normal/<100>"]


def test_an_undefined_point_is_left_out_and_not_drawn_at_zero():
    svg = panel_svg([line([1.0, None, 0.25])], AXIS, "a")
    assert "normal/&lt;50&gt;" not in svg
    assert svg.count("data-measurement") == 2


def test_two_panels_share_no_id():
    ids = [
        {
            e.get("id")
            for e in ElementTree.fromstring(panel_svg([line([1.0, 0.5, 0.2])], AXIS, name)).iter()
            if e.get("id")
        }
        for name in ("a", "b")
    ]
    assert ids[0]
    assert not ids[0] & ids[1]


@pytest.mark.parametrize("word", ["#0b62a8", "<metadata", "DejaVu", "http://matplotlib.org"])
def test_colors_and_fonts_are_the_pages_and_no_date_is_written(word):
    assert word not in panel_svg([line([1.0, 0.5, 0.25])], AXIS, "a")


@pytest.mark.parametrize("heights", [[0.0, 0.0, 0.0], [100.0, 100.0], [50.0, 51.0, 49.0, 50.0]])
def test_labels_do_not_overlap_and_stay_inside(heights):
    placed = sorted(spread(heights, 10.0, 0.0, 100.0))
    assert all(b - a >= 10.0 - 1e-9 for a, b in pairwise(placed))
    assert placed[0] >= 0.0
    assert placed[-1] <= 100.0
