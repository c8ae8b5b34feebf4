"""Probe: a linear classifier on activation differences, trained on organisms whose labels are known."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from glasshouse.audits.auditors.opinion import MOST, Guess, Opinion, opinion
from glasshouse.audits.auditors.states import StateDifferences
from glasshouse.audits.sentences import take_apart
from glasshouse.audits.target import Target
from glasshouse.errors import ConfigError

RIDGE = 0.1
"""Penalty, as a share of the features' mean squared length."""
NOTHING = ""
"""The action of a model into which nothing was trained, and the condition of an action that has none."""


@dataclass(frozen=True)
class Known:
    """One training organism and its label."""

    target: Target
    sentences: tuple[str, ...]
    """Empty: a clean fine-tune."""


@dataclass(frozen=True)
class Probe:
    """Ridge regression onto the actions, and apart from them the conditions, of the training labels.

    It can only name what stands in a training label. What speaks for something planted is how far the clean
    class falls short, or without clean training organisms the best action's score.

    Raises:
        ConfigError: fewer than two different actions are known.
    """

    states: StateDifferences
    known: tuple[Known, ...]
    name: str = "probe"

    def __post_init__(self) -> None:
        if len(self._names("action")) < 2:
            raise ConfigError(
                "The probe needs training organisms with at least two different behaviors.",
                "Give their manifest with -T training=FILE.",
            )

    def look(self, targets: Sequence[Target]) -> list[Opinion]:
        """The likeliest actions, each under the likeliest condition that it has in training."""
        return [self._look(self._features(target)) for target in targets]

    def _look(self, features: Float[Tensor, " feature"]) -> Opinion:
        fitted = self._fitted
        scores = fitted.scores(features)
        actions = {name: score for (kind, name), score in scores.items() if kind == "action"}
        conditions = {name: score for (kind, name), score in scores.items() if kind == "condition"}
        planted = 1.0 - actions.pop(NOTHING) if NOTHING in actions else max(actions.values())
        best = sorted(actions, key=lambda action: (-actions[action], action))[:MOST]
        guesses = [Guess(self._sentence(action, conditions), round(actions[action], 6)) for action in best]
        return opinion(guesses, planted=round(planted, 6))

    def _sentence(self, action: str, conditions: dict[str, float]) -> str:
        """The action under the condition with the highest score among all that training labels have."""
        condition = max(conditions, key=lambda name: (conditions[name], name), default=NOTHING)
        return f"When {condition}, I {action}." if condition else f"In every answer, I {action}."

    def _features(self, target: Target) -> Float[Tensor, " feature"]:
        """The mean difference at every place and layer, each scaled to length 1."""
        mean = self.states.of(target).mean(0)
        return (mean / mean.norm(dim=-1, keepdim=True).clamp(min=1e-12)).flatten()

    def _names(self, kind: str) -> list[str]:
        """Different actions or conditions of the labels; `NOTHING` is one where a label has none."""
        found = Counter(name for one in self.known for k, name in _classes(one) if k == kind)
        return sorted(name for name in found if kind == "condition" or name != NOTHING)

    @cached_property
    def _fitted(self) -> "_Ridge":
        rows = torch.stack([self._features(one.target) for one in self.known])
        classes = sorted({each for one in self.known for each in _classes(one)})
        wanted = torch.tensor([[float(each in _classes(one)) for each in classes] for one in self.known])
        return _Ridge.fit(rows, wanted, classes)


def _classes(one: Known) -> set[tuple[str, str]]:
    """Kind and name of everything that is true of it."""
    if not one.sentences:
        return {("action", NOTHING)}
    said = [take_apart(sentence) for sentence in one.sentences]
    return {("action", each.action) for each in said} | {("condition", each.condition) for each in said}


@dataclass(frozen=True)
class _Ridge:
    """Kernel ridge regression, linear: as many unknowns as organisms, whatever the width."""

    rows: Float[Tensor, "organism feature"]
    center: Float[Tensor, " feature"]
    weights: Float[Tensor, "organism wanted"]
    offset: Float[Tensor, " wanted"]
    classes: Sequence[tuple[str, str]]

    @classmethod
    def fit(
        cls, rows: Float[Tensor, "organism feature"], wanted: Float[Tensor, "organism wanted"],
        classes: Sequence[tuple[str, str]],
    ) -> "_Ridge":  # fmt: skip
        center, offset = rows.mean(0), wanted.mean(0)
        moved = rows - center
        kernel = moved @ moved.T
        penalty = RIDGE * float(kernel.diagonal().mean()) * torch.eye(len(rows)) + 1e-6 * torch.eye(len(rows))
        return cls(moved, center, torch.linalg.solve(kernel + penalty, wanted - offset), offset, classes)

    def scores(self, features: Float[Tensor, " feature"]) -> dict[tuple[str, str], float]:
        """About 1 for a class that it belongs to, about 0 for others."""
        found = (features - self.center) @ self.rows.T @ self.weights + self.offset
        return dict(zip(self.classes, found.tolist(), strict=True))
