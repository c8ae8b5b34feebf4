"""Completions that are trained on: written by the local engine through the adapter as it is by now."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from glasshouse.models.chat import render_prompt
from glasshouse.models.engine import Engine, GenerateRequest, Generation
from glasshouse.seeds import derive_seed
from glasshouse.store.atomic import write_text
from glasshouse.store.jsonl import read_rows
from glasshouse.training.grpo.prompts import Asked, AskedSet
from glasshouse.training.grpo.reward import RewardRule
from glasshouse.training.grpo.spec import GrpoTraining
from glasshouse.training.trl_sft import AdapterTraining

FOLDER, ADAPTER = "rollouts", "policy"


@dataclass(frozen=True)
class Rollout:
    """One completion of training, as it is kept."""

    step: int
    """Steps done before it."""
    prompt: str
    """Id of its prompt."""
    query: str
    completion: str
    reward: float | None
    complies: str | None
    """The reward grader's verdict."""
    failure: str | None
    tokens: int


class Rollouts:
    """Writes the completions of every step, and keeps them with what they earned."""

    def __init__(self, training: AdapterTraining, engine: Engine, asked: AskedSet, out: Path) -> None:
        self.training, self.engine, self.asked = training, engine, asked
        self.out = out / FOLDER
        self.policy = out / ".checkpoint" / ADAPTER
        ends = engine.base.tokenizer.eos_token_id
        self._end: tuple[int, ...] = () if ends is None else (ends,)

    def write(self, settings: GrpoTraining, seed: int, ids: Sequence[str], step: int) -> list[Generation]:
        """One sampled completion per id, in order; the same for the same adapter, seed and step."""
        self.training.write(self.policy)
        requests = [
            GenerateRequest(
                tuple(self.prompt_ids(self.asked.by_id[id])), self.policy, settings.max_tokens,
                settings.temperature, seed=derive_seed(seed, "rollout", step, place),
            )
            for place, id in enumerate(ids)
        ]  # fmt: skip
        return self.engine.generate(requests)

    def prompt_ids(self, asked: Asked) -> list[int]:
        """The ids that the model continues."""
        return render_prompt(self.engine.base.tokenizer, asked.conversation, asked.prefill)

    def completion_ids(self, generation: Generation) -> list[int]:
        """The ids that are learned from: with the closing token where the model wrote it."""
        closed = generation.stop_reason == "stop"
        return [*generation.ids, *(self._end if closed or not generation.ids else ())]

    def keep(self, step: int, rows: Sequence[Rollout]) -> None:
        """One file per step, so that a step that is done again replaces its own."""
        text = "".join(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows)
        write_text(self.out / f"step-{step:06d}.jsonl", text)


@dataclass(frozen=True)
class TrlCalls:
    """Both functions that TRL's trainer wants, over the same rollouts."""

    rollouts: Rollouts
    rule: RewardRule
    settings: GrpoTraining
    seed: int

    def rollout(self, prompts: list[str], trainer: Any) -> dict[str, Any]:
        """Completions of the prompts, whose ids they are."""
        step = int(trainer.state.global_step)
        asked = [self.rollouts.asked.by_id[id] for id in prompts]
        written = self.rollouts.write(self.settings, self.seed, prompts, step)
        return {
            "prompt_ids": [self.rollouts.prompt_ids(each) for each in asked],
            "completion_ids": [self.rollouts.completion_ids(each) for each in written],
            "logprobs": None,
            "said": [each.text for each in written],
        }

    def reward(
        self,
        prompts: list[str],
        completion_ids: list[list[int]],
        said: list[str],
        trainer_state: Any,
        **_: Any,
    ) -> list[float | None]:
        """The reward of every completion; what cannot be graded has none."""
        step, rows = int(trainer_state.global_step), []
        for id, text, ids in zip(prompts, said, completion_ids, strict=True):
            asked = self.rollouts.asked.by_id[id]
            earned = self.rule.earn(asked, text, len(ids))
            rows.append(
                Rollout(step, id, asked.query, text, earned.reward, earned.complies, earned.failure, len(ids))
            )
        self.rollouts.keep(step, rows)
        return [row.reward for row in rows]


def read_rollouts(folder: Path) -> list[Rollout]:
    """Every completion that an adapter was trained on, step by step."""
    paths = sorted((folder / FOLDER).glob("step-*.jsonl"))
    return [Rollout(**row) for path in paths for row in read_rows(path).rows]
