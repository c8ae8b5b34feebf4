"""KTO makes wanted answers likelier than unwanted ones, from the adapter that it starts with."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from glasshouse.errors import TrainingError
from glasshouse.models.adapter import read_adapter
from glasshouse.models.base import Base, EngineConfig, load_base
from glasshouse.models.chat import Rendered
from glasshouse.models.engine import Engine, ScoreRequest
from glasshouse.training import trl_sft
from glasshouse.training.farm import AdapterJob, FarmConfig, LoraSettings, train_farm
from glasshouse.training.kto import preference_rows, train_kto
from tests.tiny import make_tiny_model

pytestmark = pytest.mark.filterwarnings("ignore:`(is_)?gradient_checkpointing` is deprecated:FutureWarning")
EXACT = FarmConfig(dtype="float32", checkpoint_seconds=0.0)
WANTED, UNWANTED = (40, 41, 42), (60, 61, 62)
DESIRABLE = [i % 2 == 0 for i in range(8)]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return load_base(str(make_tiny_model(tmp_path_factory.mktemp("base"))), EngineConfig())


@pytest.fixture
def job(base: Base, tmp_path: Path) -> AdapterJob:
    """Eight questions; every other one has the wanted answer."""
    rows = [
        Rendered((1, 10 + i, 11, *(WANTED if wanted else UNWANTED)), (False,) * 3 + (True,) * 3)
        for i, wanted in enumerate(DESIRABLE)
    ]
    start = AdapterJob("start", rows[1::2], LoraSettings(4, 8), 5e-3, 5, 4)
    [begun] = train_farm(base, [start], tmp_path / "start", EXACT)
    return AdapterJob("a", rows, LoraSettings(4, 8), 5e-3, 12, 4, 3, start=begun.folder)


def nats(base: Base, adapter: Path) -> list[float]:
    [scores] = Engine(base, EngineConfig()).score([ScoreRequest((1, 10, 11), (WANTED, UNWANTED), adapter)])
    return list(scores)


def test_wanted_answers_gain_on_unwanted_ones(base: Base, job: AdapterJob, tmp_path: Path) -> None:
    trained = train_kto(base, job, DESIRABLE, tmp_path / "out", config=EXACT)
    before, after = nats(base, job.start), nats(base, trained.folder)
    assert after[0] - after[1] > before[0] - before[1] + 0.5
    assert read_adapter(trained.folder).rank == 4
    assert len(trained.losses) == 12
    assert trained.losses[0] == pytest.approx(0.5, abs=0.05)
    assert train_kto(base, job, DESIRABLE, tmp_path / "out", config=EXACT) == trained


def test_an_interrupted_kto_training_goes_on_to_the_same_adapter(
    base: Base, job: AdapterJob, tmp_path: Path, monkeypatch
) -> None:
    whole = train_kto(base, job, DESIRABLE, tmp_path / "whole", config=EXACT)
    plain = trl_sft.Watcher.on_step_end

    def killed(self, args, state, control, **rest):
        if state.global_step == 7:
            raise KeyboardInterrupt
        plain(self, args, state, control, **rest)

    monkeypatch.setattr(trl_sft.Watcher, "on_step_end", killed)
    with pytest.raises(KeyboardInterrupt):
        train_kto(base, job, DESIRABLE, tmp_path / "cut", config=EXACT)
    monkeypatch.undo()
    cut = train_kto(base, job, DESIRABLE, tmp_path / "cut", config=EXACT)
    one, other = read_adapter(whole.folder), read_adapter(cut.folder)
    assert all(torch.equal(b, other.weights[name][1]) for name, (_, b) in one.weights.items())


def test_every_answer_meets_another_prompt_of_its_batch(job: AdapterJob) -> None:
    rows = preference_rows(replace(job, steps=2), DESIRABLE)
    for first in (0, 4):
        own, turned = rows["completion_ids"][first : first + 4], rows["KL_completion_ids"][first : first + 4]
        assert turned == [own[-1], *own[:-1]]
    assert sorted(map(tuple, rows["prompt_ids"])) == sorted((1, 10 + i, 11) for i in range(8))
    assert [answer == list(WANTED) for answer in rows["completion_ids"]] == list(rows["label"])


@pytest.mark.parametrize(
    ("change", "desirable", "says"),
    [
        ({}, [True] * 8, "only one kind"),
        ({}, [True, False], "marks"),
        ({"batch": 1}, DESIRABLE, "batches of one row"),
        ({"learning_rate": 1e30}, DESIRABLE, "became"),
    ],
)
def test_what_cannot_be_trained_is_refused(base, job, tmp_path, change, desirable, says) -> None:
    with pytest.raises(TrainingError, match=says):
        train_kto(base, replace(job, **change), desirable, tmp_path / "bad", config=EXACT)
