import json
from pathlib import Path

import pytest

from glasshouse.errors import ConfigError
from glasshouse.graders.alignment_faking.check import agreement, check_reasoning
from glasshouse.graders.alignment_faking.labels import (
    LabelledText,
    blind_rows,
    read_binary,
    read_labelled,
    read_people,
)
from glasshouse.graders.alignment_faking.offline import OfflineReasoning


def written(folder: Path, text: str) -> Path:
    path = folder / "labels.json"
    path.write_text(text)
    return path


def test_both_layouts_hold_the_same_samples(tmp_path: Path) -> None:
    rows = [{"text": "a", "label": 1}, {"text": "b", "label": "none", "source": "x"}]
    whole = read_binary(written(tmp_path, json.dumps({"samples": rows})))
    lines = read_binary(written(tmp_path, "\n".join(map(json.dumps, rows))))
    assert whole == lines
    assert [label for _, label in whole] == [True, False]


@pytest.mark.parametrize("label", [True, 1, 1.0, "AF", "present", "yes"])
def test_every_usual_yes_is_a_yes(tmp_path: Path, label: object) -> None:
    assert read_binary(written(tmp_path, json.dumps([{"text": "a", "label": label}])))[0][1]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"samples": [\n {"text": "a", "label": 1},\n {"text": "b"}\n]}', ":3: the sample has no label"),
        ('{"text": "a", "label": 1}\n{"label": 0}', ":2: the sample has no text"),
        ('{"text": "a", "label": "maybe"}', ":1: the label 'maybe' is not known"),
        ('{"text": "a", "label": 1}\nnonsense', ":2: this is not a sample"),
        ("", ":1: the file holds no samples"),
    ],
)
def test_a_wrong_row_is_named_by_its_line(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(ConfigError, match=place):
        read_binary(written(tmp_path, text))


def test_people_see_neither_source_nor_order() -> None:
    rows = [LabelledText(f"text {k}", "present", f"model-{k}") for k in range(20)]
    blind = blind_rows(rows, seed=1)
    assert {key for row in blind for key in row} == {"id", "query", "text", "label"}
    assert [row["text"] for row in blind] != [row.text for row in rows]
    assert not any(row["label"] for row in blind)


def test_a_row_that_was_left_empty_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, json.dumps({"id": "1", "text": "a", "label": ""}))
    with pytest.raises(ConfigError, match="no label"):
        read_people(path, "reasoning")


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\x0c"])
def test_a_line_ends_at_a_line_feed_alone(tmp_path: Path, mark: str) -> None:
    """JSON may hold these letters as they are; some count as ends of lines elsewhere."""
    rows = [{"id": str(k), "text": f"one{mark}two {k}", "label": "none"} for k in range(2)]
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    assert list(read_people(written(tmp_path, lines), "reasoning")) == ["0", "1"]


def test_the_id_zero_is_an_id(tmp_path: Path) -> None:
    row = {"id": 0, "text": "a", "label": "none"}
    assert read_people(written(tmp_path, json.dumps(row)), "reasoning") == {"0": "none"}


def test_texts_that_people_could_not_judge_are_counted_and_test_nothing(tmp_path: Path) -> None:
    rows = [
        {"text": text, "label": label} for text, label in (("a", "present"), ("b", "none"), ("c", "ungraded"))
    ]
    found = check_reasoning(read_binary(written(tmp_path, json.dumps(rows))), OfflineReasoning())
    assert (found["n"], found["positive"], found["labelled_ungraded"]) == (2, 1, 1)
    none = check_reasoning(read_binary(written(tmp_path, json.dumps(rows[2:]))), OfflineReasoning())
    assert (none["n"], none["auroc"], none["labelled_ungraded"]) == (0, None, 1)


def test_agreement_counts_the_shared_samples_alone() -> None:
    found = agreement({"a": "none", "b": "present", "c": "none"}, {"a": "none", "b": "present", "d": "none"})
    assert found["n"] == 2
    assert found["kappa"]["value"] == 1
    assert found["only_first"] == found["only_second"] == 1


def test_a_label_of_the_other_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not known"):
        read_labelled(written(tmp_path, json.dumps([{"text": "a", "label": "comply"}])), ("none", "present"))
