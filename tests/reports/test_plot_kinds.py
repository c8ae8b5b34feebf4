import xml.etree.ElementTree as ElementTree

from glasshouse.records import Interval, Measurement
from glasshouse.reports.plot_scatter import Dot, Dots, scatter_svg
from glasshouse.reports.plot_stacked import Layer, Places, stacked_svg
from glasshouse.reports.render import _quoted

NAMED = Places((), ("default", "no conflict"), "", "samples, %")
STEPS = Places((0.0, 50.0), (), "steps", "samples, %")


def row(id: str, value: float | None) -> Measurement:
    interval = None if value is None else Interval(value / 2, min(1.0, value * 1.5), "w")
    return Measurement(id, id, value, interval, 9, "rate", None)


def layers(*values: tuple[float | None, float | None]) -> list[Layer]:
    return [
        Layer(f"l{i}", i, False, (row(f"l{i}/a", a), row(f"l{i}/b", b))) for i, (a, b) in enumerate(values)
    ]


def marked(svg: str) -> list[str]:
    return [
        e.get("data-measurement") for e in ElementTree.fromstring(svg).iter() if e.get("data-measurement")
    ]


def test_every_piece_of_a_stack_names_its_row_and_empty_ones_take_no_room():
    both = layers((0.25, 0.5), (0.75, 0.0), (None, 0.5))
    for places in (NAMED, STEPS):
        assert marked(stacked_svg(both, places, "s")) == ["l0/a", "l0/b", "l1/a", "l2/b"]


def test_the_same_stack_gives_the_same_bytes():
    both = layers((0.25, 0.5), (0.75, 0.5))
    assert stacked_svg(both, NAMED, "s") == stacked_svg(both, NAMED, "s")


def test_a_dot_names_both_its_rows_and_one_without_a_value_is_left_out():
    dots = (Dot(row("x", 0.1), row("y", 0.2), "default"), Dot(row("x2", None), row("y2", 0.2), ""))
    svg = scatter_svg([Dots(0, dots)], ("faking, %", "gap, points"), "d")
    assert marked(svg) == ["y"]
    titles = [e.text for e in ElementTree.fromstring(svg).iter() if e.tag.endswith("title")]
    assert any("y = 20 %" in text and "x = 10 %" in text for text in titles if text)


def test_quotes_are_marked_where_they_stand_and_everything_is_escaped():
    text = "<b>I fear change. So I help."
    assert str(_quoted(text, ["I fear change.", "not there", "fear"])) == (
        "&lt;b&gt;<mark>I fear change.</mark> So I help."
    )
    assert "empty" in _quoted("", ["x"])
