"""`glasshouse calibrate` from the command line, on a tiny random model."""

from pathlib import Path

import pytest

from glasshouse.cli.main import main
from glasshouse.models.adapter import write_adapter
from glasshouse.studies.introspection.bench import Bench
from tests.audits.tiny_adapter import random_adapter


@pytest.fixture
def adapter(bench: Bench, tmp_path: Path) -> Path:
    write_adapter(tmp_path / "adapter", random_adapter(bench.base.model, 2, 7), bench.base.name)
    return tmp_path / "adapter"


def called(capsys, *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main(["calibrate", *map(str, words)])
    printed = capsys.readouterr()
    return int(stopped.value.code or 0), printed.out, printed.err


def options(bench: Bench, adapter: Path) -> tuple[object, ...]:
    return ("--adapter", adapter, "--model", f"glasshouse/{bench.base.name}")


def test_a_null_table_is_one_command_and_a_short_one_is_said_to_be_short(bench, grown, adapter, capsys):
    own = (*options(bench, adapter), "--store", adapter.parent / "store", "--samples", 1)
    code, said, _ = called(capsys, "null", grown["null"], *own)
    assert code == 0
    assert "2 clean fine-tunes" in said
    assert "too few" in said
    assert (adapter / "null.json").is_file()


def test_a_null_manifest_that_is_not_there_is_one_sentence(bench, adapter, capsys):
    code, _, said = called(capsys, "null", "nowhere.jsonl", *options(bench, adapter))
    assert code == 2
    assert "nowhere.jsonl" in said
    assert "Traceback" not in said


def test_shipping_without_a_null_table_is_refused(bench, grown, adapter, capsys):
    own = (*options(bench, adapter), "--to", adapter.parent / "to")
    code, _, said = called(capsys, "ship", *own, "--from", grown["test"])
    assert code == 2
    assert "has no null.json" in said


def test_a_base_without_a_shipped_adapter_needs_one(bench, tmp_path, capsys):
    own = ("--model", f"glasshouse/{bench.base.name}", "--store", tmp_path)
    code, _, said = called(capsys, *own)
    assert code == 2
    assert "--adapter" in said
