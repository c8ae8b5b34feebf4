import json
from pathlib import Path

import pytest

from glasshouse.cli.main import main
from glasshouse.records import Measurement
from glasshouse.store.runs import create_run
from glasshouse.store.stage import Store

ROW = Measurement("m1", "capability", 0.5, None, 8, "rate", False)


@pytest.fixture
def store(tmp_path) -> Path:
    run = create_run(
        Store(tmp_path / "store"), "demo", {"seed": 1}, {"title": "The loop", "question": "Does it last?"}
    )
    run.append_measurements([ROW])
    return tmp_path / "store"


def called(capsys, *words: object) -> tuple[int, str, str]:
    """Exit code, what was printed, and what went to the error stream."""
    with pytest.raises(SystemExit) as stopped:
        main([str(word) for word in words])
    printed = capsys.readouterr()
    return int(stopped.value.code or 0), printed.out, printed.err


def test_the_list_names_every_run(store, capsys):
    code, out, _ = called(capsys, "runs", "list", "--store", store)
    assert code == 0
    assert "demo" in out
    assert "The loop" in out


def test_an_empty_store_is_said_to_be_empty(tmp_path, capsys):
    assert "no runs" in called(capsys, "runs", "list", "--store", tmp_path)[1]


def test_a_run_is_shown_with_what_it_asked(store, capsys):
    _, out, _ = called(capsys, "runs", "show", "demo", "--store", store)
    assert all(words in out for words in ("Does it last?", "measurements  1", "glasshouse report demo"))


def test_json_is_json(store, capsys):
    assert json.loads(called(capsys, "runs", "list", "--store", store, "--json")[1])[0]["measurements"] == 1
    assert json.loads(called(capsys, "runs", "show", "demo", "--store", store, "--json")[1])["config"] == {
        "seed": 1
    }


def test_what_is_exported_and_imported_is_exported_again(store, tmp_path, capsys):
    _, out, _ = called(capsys, "runs", "export", "demo", "--store", store)
    called(capsys, "runs", "export", "demo", "--store", store, "--out", tmp_path / "out.jsonl")
    assert (tmp_path / "out.jsonl").read_text() == out
    code, said, _ = called(capsys, "runs", "import", "copy", tmp_path / "out.jsonl", "--store", store)
    assert (code, "1 measurements added" in said) == (0, True)
    assert called(capsys, "runs", "export", "copy", "--store", store)[1] == out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("runs", "show", "other"), "no run 'other'"),
        (("report", "other"), "no run 'other'"),
        (("runs", "import", "x", "none.jsonl"), "no file"),
    ],
)
def test_a_users_error_is_one_sentence_and_exit_code_2(store, capsys, words, sentence):
    code, _, err = called(capsys, *words, "--store", store)
    assert code == 2
    assert sentence in err
    assert "Traceback" not in err


def test_a_report_is_written_and_its_path_is_printed(store, capsys):
    code, out, _ = called(capsys, "report", "demo", "--store", store)
    assert code == 0
    assert Path(out.strip()).read_text().startswith("<!DOCTYPE html>")
    assert "yes" in called(capsys, "runs", "list", "--store", store)[1]
