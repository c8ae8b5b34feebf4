from pathlib import Path

import pytest
from inspect_ai.log import EvalConfig, EvalDataset, EvalLog, EvalSample, EvalSpec, write_eval_log
from inspect_ai.model import ModelOutput
from inspect_ai.scorer import Score

from glasshouse.errors import StoreError
from glasshouse.store.inspect_log import LogRow, log_hash, log_rows

ROWS = [LogRow("a", 1, "yes", True), LogRow("a", 2, "no", False), LogRow("b", 1, "", None)]


def sample(id: str, repeat: int, completion: str, grade: Score) -> EvalSample:
    output = ModelOutput.from_content("mockllm/model", completion)
    return EvalSample(id=id, epoch=repeat, input="?", target="", output=output, scores={"payload": grade})


@pytest.fixture
def log(tmp_path) -> Path:
    spec = EvalSpec(
        created="2026-01-01T00:00:00+00:00",
        task="t",
        dataset=EvalDataset(),
        model="mockllm/model",
        config=EvalConfig(),
    )
    samples = [
        sample("b", 1, "", Score.unscored()),
        sample("a", 2, "no", Score(value=False)),
        sample("a", 1, "yes", Score(value=True)),
    ]
    write_eval_log(EvalLog(eval=spec, samples=samples), str(tmp_path / "log.eval"))
    return tmp_path / "log.eval"


def test_the_rows_of_a_log_are_sorted_and_an_unscored_sample_has_no_grade(log):
    assert log_rows(log) == ROWS


def test_the_order_of_the_samples_does_not_change_the_hash():
    assert log_hash(ROWS) == log_hash(ROWS[::-1])


@pytest.mark.parametrize(
    "changed", [ROWS[0]._replace(completion="Yes"), ROWS[0]._replace(grade=None), ROWS[0]._replace(repeat=3)]
)
def test_another_answer_grade_or_repeat_changes_the_hash(changed):
    assert log_hash([changed, *ROWS[1:]]) != log_hash(ROWS)


def test_plain_tuples_have_the_hash_of_rows():
    assert log_hash([tuple(row) for row in ROWS]) == log_hash(ROWS)


def test_a_missing_or_broken_log_is_a_users_error(tmp_path):
    with pytest.raises(StoreError, match="There is no log"):
        log_rows(tmp_path / "none.eval")
    (tmp_path / "broken.eval").write_text("no zip")
    with pytest.raises(StoreError, match="is not an Inspect log"):
        log_rows(tmp_path / "broken.eval")
