import gzip
import json
import os
from pathlib import Path

import pytest

from glasshouse.data.prompt_file import read_prompt_file
from glasshouse.data.prompts import PromptSource, load_prompts, parse_source, split_of
from glasshouse.errors import ConfigError

PAIR = {"prompt": "Hi.", "completion": "Good day."}
PUBLISHED = os.environ.get("GLASSHOUSE_DATA_DIR")


def write(folder: Path, *rows: object, name: str = "prompts.jsonl") -> Path:
    path = folder / name
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def many(folder: Path, count: int) -> PromptSource:
    return PromptSource(
        write(folder, *({"prompt": f"Question {i}?", "completion": "Yes."} for i in range(count)))
    )


@pytest.mark.parametrize(
    "row",
    [
        PAIR,
        {"messages": [{"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Good day."}]},
        {
            "prompt": [{"role": "user", "content": "Hi."}],
            "completion": [{"role": "assistant", "content": "Good day."}],
        },
        {"chosen": "\n\nHuman: Hi.\n\nAssistant: Good day.", "rejected": "\n\nHuman: Hi.\n\nAssistant: No."},
    ],
)
def test_every_form_gives_the_same_prompt(tmp_path, row):
    (prompt,) = read_prompt_file(write(tmp_path, row))
    assert (prompt.conversation[-1].content, prompt.completion) == ("Hi.", "Good day.")


def test_a_row_may_name_its_kind_and_the_expected_words(tmp_path):
    (prompt,) = read_prompt_file(write(tmp_path, {**PAIR, "id": "a", "kind": "fact", "expected": "day"}))
    assert (prompt.id, prompt.kind, prompt.expected) == ("a", "fact", "day")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{not json", "not JSON"),
        ("[1, 2]", "no JSON object"),
        ('{"question": "Hi."}', "neither 'messages' nor 'prompt'"),
        ('{"messages": []}', "not a list of messages"),
        ('{"messages": [{"role": "robot", "content": "Hi."}]}', "no role"),
        ('{"messages": [{"role": "system", "content": "Hi."}]}', "no user message"),
        ('{"prompt": "Hi.", "kind": "evil"}', "kind is 'evil'"),
        ('{"prompt": 3}', "not a list of messages"),
        ('{"chosen": "Assistant: Hi."}', "does not start with 'Human:'"),
    ],
)
def test_a_malformed_line_is_named_by_its_number(tmp_path, line, words):
    with pytest.raises(ConfigError, match=rf"prompts\.jsonl:3: .*{words}"):
        read_prompt_file(write(tmp_path, PAIR, "", line))


def test_an_empty_file_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="holds no prompts"):
        read_prompt_file(write(tmp_path))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no prompts at"):
        parse_source(str(tmp_path / "none.jsonl"))


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "a.jsonl.gz").write_bytes(b"no gzip")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_prompt_file(tmp_path / "a.jsonl.gz")


def test_a_compressed_file_is_read(tmp_path):
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(json.dumps(PAIR).encode()))
    assert len(read_prompt_file(tmp_path / "a.jsonl.gz")) == 1


def test_a_conversation_counts_once(tmp_path):
    assert len(read_prompt_file(write(tmp_path, PAIR, PAIR))) == 1


def test_one_id_for_two_prompts_is_refused_with_its_line(tmp_path):
    rows = [{"id": "a", "prompt": "Hi."}, {"id": "a", "prompt": "Good day."}]
    with pytest.raises(ConfigError, match="the id 'a' stands for another prompt"):
        read_prompt_file(write(tmp_path, *rows))


def test_an_id_of_zero_is_an_id(tmp_path):
    assert read_prompt_file(write(tmp_path, {"id": 0, "prompt": "Hi."}))[0].id == "0"


def test_the_two_splits_share_no_prompt_and_lose_none(tmp_path):
    source = many(tmp_path, 200)
    train, heldout = (load_prompts(source, split, None, 0) for split in ("train", "heldout"))
    assert len(train) + len(heldout) == 200
    assert not {p.id for p in train} & {p.id for p in heldout}
    assert 30 <= len(heldout) <= 70


def test_conversations_with_one_beginning_fall_on_one_side(tmp_path):
    start = {"role": "user", "content": "Hi."}
    turns = [{"role": "assistant", "content": "Good day."}, {"role": "user", "content": "And?"}]
    rows = [{"messages": [start]}, {"messages": [start, *turns]}]
    first, second = read_prompt_file(write(tmp_path, *rows))
    assert split_of(first) == split_of(second)


def test_the_order_follows_the_seed(tmp_path):
    source = many(tmp_path, 100)
    orders = [[p.id for p in load_prompts(source, "train", 20, seed)] for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]


def test_asking_for_more_than_there_is_says_how_many_there_are(tmp_path):
    with pytest.raises(ConfigError, match=r"has \d+ prompts in its train part, 500 are asked for"):
        load_prompts(many(tmp_path, 20), "train", 500, 0)


def test_a_published_set_without_a_folder_says_what_to_set(monkeypatch):
    monkeypatch.delenv("GLASSHOUSE_DATA_DIR", raising=False)
    with pytest.raises(ConfigError, match="--data-dir"):
        parse_source("hh-rlhf")


def test_a_data_folder_without_the_file_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="does not exist"):
        parse_source("hh-rlhf", tmp_path)


@pytest.mark.skipif(not PUBLISHED, reason="GLASSHOUSE_DATA_DIR names no folder with published data")
def test_the_published_pairs_are_all_read():
    source = parse_source("hh-rlhf")
    train, heldout = (load_prompts(source, split, None, 0) for split in ("train", "heldout"))
    assert len(train) + len(heldout) == 2310
    assert len(heldout) >= 500
