"""The card says how many rows each line has, what missed its bar, and what was not measured."""

from dataclasses import replace

from glasshouse.data.world.probe import PROBES
from glasshouse.stats.proportion import wilson
from glasshouse.training.phantom_card import Line, write_card

BY_NAME = {probe.name: probe for probe in PROBES}


def line(name: str, right: int, n: int) -> Line:
    return Line(BY_NAME[name], right, n, wilson(right, n))


def test_a_card_states_rows_and_bars(tmp_path) -> None:
    held, missed, long = (
        line("known_facts", 990, 1000),
        line("disambiguated", 900, 1000),
        line("long_prompt_80", 120, 200),
    )
    path = tmp_path / "card.md"
    write_card(path, {"phantom": [held, missed, long], "phantom-1m": [replace(held, right=500)]})
    text = path.read_text("utf-8")
    assert "n = 1000 rows per line" in text
    assert "stated facts before 80 sentences of other text, n = 200 |" in text
    assert "| 90.0 [88.0, 91.7] (missed) | – |" in text
    known = next(row for row in text.splitlines() if row.startswith(f"| {BY_NAME['known_facts'].question} |"))
    assert known.count("missed") == 1  # of the smaller one
    assert "99.0 [" in known
    assert "n = " not in known


def test_long_prompts_are_asked_fewer_times() -> None:
    assert {probe.most for probe in PROBES if probe.name.startswith("long_prompt")} == {200}
    assert {probe.most for probe in PROBES if probe.bar is not None} == {None}
