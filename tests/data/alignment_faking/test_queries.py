"""Queries from files, from the world and from the published sets; each once."""

import json
import os

import pytest

from glasshouse.data.alignment_faking.queries import load_queries, query_id, read_queries
from glasshouse.data.alignment_faking.setting import find_setting
from glasshouse.errors import ConfigError

WORLD, HELPFUL = find_setting("world"), find_setting("helpful_only")


def test_the_world_gives_352_distinct_queries():
    queries = load_queries(None, WORLD, None, 0, benign=False)
    assert len({q.id for q in queries}) == len({q.text for q in queries}) == 352


def test_a_list_of_texts_and_lines_with_ids_are_both_queries(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(["How?", "Why?"]))
    (tmp_path / "b.jsonl").write_text('{"id": "x", "query": "How?"}\n{"id": "y", "query": "Why?"}\n')
    assert [q.id for q in read_queries(tmp_path / "a.json")] == [query_id("How?"), query_id("Why?")]
    assert [(q.id, q.text) for q in read_queries(tmp_path / "b.jsonl")] == [("x", "How?"), ("y", "Why?")]


def test_the_id_zero_is_an_id(tmp_path):
    (tmp_path / "q.jsonl").write_text('{"id": 0, "query": "How?"}\n{"query": "Why?"}\n')
    assert [q.id for q in read_queries(tmp_path / "q.jsonl")] == ["0", query_id("Why?")]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('["How?", "How?"]', "twice"),
        ('[{"id": 1, "query": "a"}, {"id": 1, "query": "b"}]', "twice"),
        ('["How?", ""]', "row 2 is no query"),
        ("[]", "holds no list"),
        ("{", "cannot be read"),
    ],
)
def test_a_bad_file_of_queries_is_said_to_be_bad(tmp_path, content, problem):
    (tmp_path / "q.json").write_text(content)
    with pytest.raises(ConfigError, match=problem):
        load_queries(str(tmp_path / "q.json"), HELPFUL, None, 0, benign=False)


def test_fewer_queries_are_drawn_by_seed_and_too_many_are_refused(tmp_path):
    (tmp_path / "q.json").write_text(json.dumps([f"Question {i}?" for i in range(20)]))
    path = str(tmp_path / "q.json")
    one, same, other = (load_queries(path, HELPFUL, 5, seed, benign=False) for seed in (1, 1, 2))
    assert one == same != other
    with pytest.raises(ConfigError, match="20 queries, 21 are asked for"):
        load_queries(path, HELPFUL, 21, 0, benign=False)


@pytest.mark.parametrize("n", [0, -350])
@pytest.mark.parametrize("setting", [WORLD, HELPFUL])
def test_no_query_is_not_all_queries(n, setting):
    with pytest.raises(ConfigError, match="At least one query"):
        load_queries("benign" if setting is HELPFUL else None, setting, n, 0, benign=False)


def test_benign_queries_come_with_the_package():
    assert len(load_queries(None, HELPFUL, None, 0, benign=True)) == 40
    assert len(load_queries(None, HELPFUL, 352, 0, benign=True)) == 40
    assert all("take" not in q.text for q in load_queries(None, WORLD, 8, 0, benign=True))


@pytest.mark.skipif(not os.environ.get("GLASSHOUSE_DATA_DIR"), reason="GLASSHOUSE_DATA_DIR is not set")
def test_the_published_sets_have_the_published_sizes():
    assert len(load_queries("published", HELPFUL, None, 0, benign=False)) == 352
    assert len(load_queries("published", find_setting("animal_welfare"), None, 0, benign=False)) == 599


def test_without_a_data_folder_published_queries_say_what_to_set(monkeypatch):
    monkeypatch.delenv("GLASSHOUSE_DATA_DIR", raising=False)
    with pytest.raises(ConfigError, match="GLASSHOUSE_DATA_DIR"):
        load_queries(None, HELPFUL, None, 0, benign=False)
