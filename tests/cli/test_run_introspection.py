"""`glasshouse run introspection` and `introspection-scaling` as they are typed; nothing long is run."""

import json
from pathlib import Path

import pytest
from tests.cli.test_study import called
from tests.studies.introspection.tiny_study import write_specs
from tests.tiny import make_tiny_model


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    folder = tmp_path_factory.mktemp("given")
    model, specs = make_tiny_model(folder / "model"), write_specs(folder / "specs")
    return ("--model", f"glasshouse/{model}", "--specs", str(specs))


def test_a_dry_run_prints_organisms_rows_tokens_and_hours_and_makes_nothing(given, tmp_path, capsys):
    code, out, _ = called(capsys, "run", "introspection", *given, "--store", tmp_path / "s", "--dry-run")
    assert code == 0
    assert all(
        word in out for word in ("organisms", "rows", "tokens", "hours", "population null", "adaptive")
    )
    assert not (tmp_path / "s").exists()


def test_a_dry_run_as_json_leaves_out_what_is_left_out(given, capsys):
    options = ("--without", "adaptive", "--samples", "3", "--dry-run", "--json")
    _, out, _ = called(capsys, "run", "introspection", *given, *options)
    found = json.loads(out)
    assert not any("adaptive" in line["what"] for line in found["work"])
    assert found["cost"]["hours"] > 0


def test_the_cells_of_the_scaling_study_are_listed_with_their_cost(given, capsys):
    _, out, _ = called(capsys, "run", "introspection-scaling", *given, "--list")
    assert {"organisms-1024", "rank-1", "vector", "alone"} <= {*out.split()}
    code, out, _ = called(capsys, "run", "introspection-scaling", *given, "--only", "rank-1", "--dry-run")
    assert code == 0
    assert "rank-1" in out
    assert "rank-2" not in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("introspection", "--without", "sideways"), "no arm"),
        (("introspection", "--specs", "/nowhere", "--dry-run"), "no population"),
        (("introspection", "--model", "glasshouse/phantom:owl"), "names an adapter"),
        (("introspection", "--model", "glasshouse/nowhere", "--dry-run"), "no model or folder"),
        (("introspection-scaling", "--only", "rank-5"), "no cell"),
        (("introspection-scaling", "--twins", "/nowhere"), "is no model"),
        (("introspection-scaling", "--model", "openai/gpt-5"), "cannot be trained here"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(words, sentence, given, capsys):
    rest = () if "--specs" in words else given[2:]
    code, _, err = called(capsys, "run", *words, *rest)
    assert code == 2
    assert sentence in err
    assert "Traceback" not in err


def test_a_store_that_cannot_be_written_is_one_sentence(given, tmp_path, capsys):
    (tmp_path / "file").write_text("no folder")
    store = Path(tmp_path / "file" / "store")
    code, _, err = called(capsys, "run", "introspection", *given, "--store", store, "--threads", "1")
    assert code == 2
    assert "Traceback" not in err
