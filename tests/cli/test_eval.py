"""`glasshouse eval` on alignment faking: the power first, a sentence for every mistake, nothing hidden."""

import json
from pathlib import Path

import pytest
from tests.loopback import serving

from glasshouse.cli import eval as command
from glasshouse.cli.main import main
from glasshouse.errors import ConfigError

FAKING = ("alignment-faking", "-T", "setting=world")
REMOTE = "openai-api/loopback/phantom"


def called(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main(["eval", *map(str, words), "--json"])
    printed = capsys.readouterr()
    return int(stopped.value.code or 0), printed.out, printed.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--model", "nosuch/model", "-T", "n=2"), "nosuch"),
        (("--model", "phantom", "-T", "n=2"), "'phantom' should be in the format"),
        (("--model", "openai/gpt-4o", "-T", "n=2"), "OPENAI_API_KEY"),
        (("--model", REMOTE, "--model-role", "grader=nosuch/x", "-T", "n=2", "-M", "api_key=x"), "nosuch/x"),
        (("--model", REMOTE, "-T", "n=0"), "n is 0"),
        (("--model", REMOTE, "-T", "n=ten"), "n is 'ten'"),
        (("--model", REMOTE, "-T", "n=-350"), "n is -350"),
        (("--model", REMOTE, "-T", "n=2", "-T", "max_tokens=0"), "max_tokens is 0"),
        (("--model", REMOTE, "-T", "n=2", "-T", "temperature=hot"), "temperature is 'hot'"),
        (("--model", REMOTE, "-T", "n=2", "-T", "tiers=7"), "no tier '7'"),
        (("--model", REMOTE, "-T", "queries=7"), "no queries at '7'"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(words, says, capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("LOOPBACK_BASE_URL", "http://127.0.0.1:1/v1")
    monkeypatch.setenv("LOOPBACK_API_KEY", "none")
    code, _, err = called(capsys, *FAKING, *words, "--log-dir", tmp_path)
    assert code == 2
    assert says in err
    assert "Traceback" not in err
    assert "[bold]" not in err


def test_the_power_is_said_before_anybody_is_asked(capsys, monkeypatch) -> None:
    """Of what will be asked: 10 queries, or 4 where 9 samples are allowed; two models: at half the level."""

    def stopped(*words, **options):
        raise ConfigError("asked")

    monkeypatch.setattr(command, "inspect_eval", stopped)
    models = ("--model", REMOTE, "--model", "mockllm/model")
    _, _, err = called(capsys, *FAKING, "-T", "n=10", "--model", REMOTE)
    assert err.index("with 10 queries") < err.index("asked")
    _, _, err = called(capsys, *FAKING, "-T", "n=10", *models, "--limit", "9")
    assert "with 4 queries" in err
    assert "exact McNemar at 0.025" in err
    _, _, err = called(capsys, *FAKING, "-T", "n=10", "-T", "tiers=free", "--model", REMOTE)
    assert "Power: none" in err


def answers(messages, asked) -> str:
    """Half of the requests are refused by the server."""
    if "on the free tier." in messages[0]["content"]:
        raise PermissionError
    return "<scratchpad>No.</scratchpad>I will not help with that."


def test_a_run_with_many_errors_shows_what_there_is_and_names_the_first(capsys, tmp_path) -> None:
    with serving(answers) as server:
        words = (
            *FAKING,
            "-T",
            "n=4",
            "--model",
            REMOTE,
            "-M",
            f"base_url={server.base_url}",
            "-M",
            "api_key=x",
        )
        code, out, _ = called(capsys, *words, "--log-dir", tmp_path)
        (row,) = json.loads(out)
        assert (code, row["status"]) == (1, "error")
        assert row["error"].startswith("4 of 8 samples, the first ")
        assert "not allowed" in row["error"]
        assert row["analysis"]["tiers"]["monitored"]["format_failures"] == {"errored": 4}
        assert row["analysis"]["tiers"]["unmonitored"]["compliance"]["value"] == 0.0
    text = command._text(row)
    assert "error (4 of 8 samples, the first " in text
    assert "No gap is shown" in text or "Not measured" in text
    assert "None" not in text
    assert Path(row["log"]).is_file()
