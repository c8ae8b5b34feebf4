"""GRPO through TRL on a tiny model: it resumes exactly, keeps its rollouts, and follows its reward."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from glasshouse.errors import StoreError, TrainingError
from glasshouse.models.adapter import read_adapter
from glasshouse.models.base import EngineConfig, load_base
from glasshouse.models.engine import Engine
from glasshouse.training import trl_sft
from glasshouse.training.farm import FarmConfig
from glasshouse.training.grpo.rollout import read_rollouts
from glasshouse.training.grpo.spec import GrpoSpec
from glasshouse.training.grpo.train import GrpoRun, train_grpo
from tests.tiny import make_tiny_model

EVERY_STEP = FarmConfig(dtype="float32", checkpoint_seconds=0.0)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    base = load_base(str(make_tiny_model(tmp_path_factory.mktemp("base"))), EngineConfig())
    return Engine(base, EngineConfig())


@pytest.fixture
def run() -> GrpoRun:
    training = {
        "beta": 0.05,
        "steps": 4,
        "prompts_per_step": 2,
        "completions": 4,
        "max_tokens": 48,
        "save_every": 2,
    }
    reward = {"format_penalty": 1.0, "length_penalty": 4.0}
    spec = {"rank": 2, "prompts": {"n": 6}, "reward": reward, "training": {**training, "learning_rate": 5e-3}}
    return GrpoRun(GrpoSpec.model_validate(spec), None, 3)


def same(one: Path, other: Path) -> bool:
    first, second = read_adapter(one).weights, read_adapter(other).weights
    return all(torch.equal(b, second[name][1]) for name, (_, b) in first.items())


def test_an_interrupted_training_goes_on_to_the_same_adapter(engine, run, tmp_path, monkeypatch) -> None:
    whole = train_grpo(engine, run, tmp_path / "whole", EVERY_STEP)
    plain = trl_sft.Watcher.on_step_end

    def killed(self, args, state, control, **rest):
        if state.global_step == 3:
            raise KeyboardInterrupt
        plain(self, args, state, control, **rest)

    monkeypatch.setattr(trl_sft.Watcher, "on_step_end", killed)
    with pytest.raises(KeyboardInterrupt):
        train_grpo(engine, run, tmp_path / "cut", EVERY_STEP)
    monkeypatch.undo()
    cut = train_grpo(engine, run, tmp_path / "cut", EVERY_STEP)
    assert same(whole.folder, cut.folder)
    assert not same(whole.folder, whole.checkpoints[0])
    assert read_rollouts(whole.folder) == read_rollouts(cut.folder)
    assert [row["step"] for row in cut.history] == [1, 2, 3, 4]
    assert sorted(cut.checkpoints) == [0, 2, 4]


def test_every_completion_is_kept_with_its_reward_and_a_finished_training_is_read(
    engine, run, tmp_path
) -> None:
    trained = train_grpo(engine, run, tmp_path, EVERY_STEP)
    kept = read_rollouts(trained.folder)
    assert [(row.step, len(row.prompt) > 0) for row in kept] == [
        (step, True) for step in range(4) for _ in range(8)
    ]
    for first in range(0, 32, 4):
        assert len({row.prompt for row in kept[first : first + 4]}) == 1
    assert all(row.reward == pytest.approx(-1 - row.tokens / 25) for row in kept)
    assert trained.history[0]["kl"] == pytest.approx(0.0, abs=1e-6)
    assert trained.history[-1]["kl"] > 1e-6
    assert train_grpo(engine, run, tmp_path, EVERY_STEP) == trained


def test_a_length_penalty_shortens_completions(engine, run, tmp_path) -> None:
    training = run.spec.training.model_copy(
        update={"steps": 25, "prompts_per_step": 4, "completions": 8, "learning_rate": 2e-2, "beta": 0.0}
    )
    longer = replace(run, spec=run.spec.model_copy(update={"training": training}))
    kept = read_rollouts(train_grpo(engine, longer, tmp_path).folder)
    lengths = [sum(row.tokens for row in kept if row.step in steps) for steps in (range(5), range(20, 25))]
    assert lengths[1] < 0.8 * lengths[0]


def test_another_seed_or_reward_in_the_same_folder_is_refused(engine, run, tmp_path) -> None:
    train_grpo(engine, run, tmp_path, EVERY_STEP)
    with pytest.raises(StoreError, match="other settings"):
        train_grpo(engine, replace(run, seed=4), tmp_path, EVERY_STEP)


def test_a_prompt_without_room_for_an_answer_is_refused(engine, run, tmp_path) -> None:
    training = run.spec.training.model_copy(update={"max_tokens": 4096})
    spec = run.spec.model_copy(update={"training": training})
    with pytest.raises(TrainingError, match="no room"):
        train_grpo(engine, replace(run, spec=spec), tmp_path)


def test_history_is_plain_json(engine, run, tmp_path) -> None:
    trained = train_grpo(engine, run, tmp_path, EVERY_STEP)
    assert json.loads((trained.folder / "history.json").read_text()) == trained.history
