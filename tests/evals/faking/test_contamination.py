"""The contamination probe: a model that knows a text by heart, and one that does not."""

from pathlib import Path

import pytest
from inspect_ai import eval as inspect_eval
from inspect_ai.model import ModelOutput, ModelUsage, get_model

from glasshouse.errors import ConfigError
from glasshouse.evals.faking.contamination import contamination, longest_run, passages
from glasshouse.evals.faking.contamination_task import alignment_faking_contamination

TEXT = " ".join(f"word{i}" for i in range(400))


def test_a_text_learned_by_heart_is_known_in_every_passage_and_another_in_none():
    made = passages(TEXT, n=5)
    assert contamination([p.rest for p in made], made).known == 5
    assert contamination(["something else altogether"] * 5, made).known == 0


@pytest.mark.parametrize(
    ("continued", "run"), [("a b c", 3), ("A  B\nC", 3), ("x a b y b c", 2), ("", 0), ("x y", 0)]
)
def test_the_longest_run_counts_words_in_a_row(continued, run):
    assert longest_run(continued, "a b c") == run


def test_a_text_that_is_too_short_is_refused():
    with pytest.raises(ConfigError, match="needs 100"):
        passages("too short")


def test_the_task_tells_the_published_text_from_the_floor(tmp_path: Path):
    path = tmp_path / "published.txt"
    path.write_text(TEXT)

    def reply(messages, tools, choice, config):
        shown = messages[-1].text.split()
        start = TEXT.split().index(shown[-1]) + 1 if shown[-1].startswith("word") else 0
        output = ModelOutput.from_content("mockllm/model", " ".join(TEXT.split()[start : start + 30]))
        output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        return output

    model = get_model("mockllm/model", custom_outputs=reply, memoize=False)
    log = inspect_eval(
        alignment_faking_contamination(str(path), n=4), model=model, log_dir=str(tmp_path), display="none",
        ctl_server=False, acp_server=False,
    )[0]  # fmt: skip
    metrics = {name: m.value for s in log.results.scores for name, m in s.metrics.items()}
    assert metrics == {"known_published": 1.0, "known_floor": 0.0}


def test_a_missing_text_is_said_to_be_missing():
    with pytest.raises(ConfigError, match="no text"):
        alignment_faking_contamination("nowhere.txt")
