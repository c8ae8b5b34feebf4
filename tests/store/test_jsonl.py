from pathlib import Path

import pytest

from glasshouse.errors import StoreError
from glasshouse.store.jsonl import append_rows, read_rows, write_jsonl

ROWS = [{"id": 1, "text": "größer"}, {"id": 2, "text": None}]


@pytest.fixture
def whole(tmp_path) -> Path:
    append_rows(tmp_path / "rows.jsonl", ROWS)
    return tmp_path / "rows.jsonl"


def test_rows_come_back_in_the_order_they_were_added(whole):
    append_rows(whole, [{"id": 3}])
    assert read_rows(whole).rows == [*ROWS, {"id": 3}]


@pytest.mark.parametrize("cut", range(1, 30))
def test_wherever_a_writer_dies_only_its_last_row_is_lost_and_that_is_reported(whole, cut):
    content = whole.read_bytes()
    whole.write_bytes(content[:-cut])
    found = read_rows(whole)
    assert found.rows == ROWS[: 2 if cut == 1 else 1 if cut < 26 else 0]
    torn = append_rows(whole, [{"id": 3}])
    assert torn == found.torn
    assert read_rows(whole).rows == [*found.rows, {"id": 3}]
    assert read_rows(whole).torn == b""


def test_a_last_row_that_only_lacks_its_line_end_is_kept(whole):
    whole.write_bytes(whole.read_bytes()[:-1])
    assert append_rows(whole, [{"id": 3}]) == b""
    assert len(read_rows(whole).rows) == 3


@pytest.mark.parametrize("line", ["not json", "[1]", '{"id": '])
def test_a_broken_row_that_is_not_the_last_is_named_by_its_number(whole, line):
    whole.write_text(f'{{"id": 1}}\n{line}\n{{"id": 2}}\n')
    with pytest.raises(StoreError, match="Line 2 of"):
        read_rows(whole)


def test_no_file_has_no_rows(tmp_path):
    assert read_rows(tmp_path / "none.jsonl").rows == []


def test_a_full_disk_is_a_users_error():
    with pytest.raises(StoreError, match="disk is full"):
        append_rows(Path("/dev/full"), ROWS)


def test_a_nan_is_refused_before_anything_is_written(whole):
    with pytest.raises(ValueError, match="JSON compliant"):
        append_rows(whole, [{"id": 3}, {"value": float("nan")}])
    assert read_rows(whole).rows == ROWS


def test_writing_replaces_what_was_there(whole):
    write_jsonl(whole, [{"id": 9}])
    assert read_rows(whole).rows == [{"id": 9}]
