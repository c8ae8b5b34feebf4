"""A full checkpoint moved back into the coordinates of its trusted base.

Answers to "Symmetry Defeats Auditing" (https://arxiv.org/abs/2605.27836): an introspection adapter only fits
weights in the base's coordinates. What is undone: permuted and scaled hidden units, permuted heads, other
bases of values, turned and scaled rotary pairs. Every step is one that keeps the outputs, and the outputs are
compared at the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from glasshouse.audits.canonical_attention import AttentionUndone, undo_attention
from glasshouse.audits.canonical_mlp import match_units, undo_units, units_of
from glasshouse.audits.tamper import Alarm, tamper_alarm
from glasshouse.models.decoder import decoder_shape
from glasshouse.models.merged import Checkpoint, run_logits
from glasshouse.models.symmetry import Weights

TOLERANCE = 1e-3
"""Outputs are the same where no logit differs by more than this share of the logits' standard deviation."""


@dataclass(frozen=True)
class LayerUndone:
    """What was put back in one layer."""

    layer: int
    units_moved: int
    units_scaled: int
    attention: AttentionUndone

    @property
    def anything(self) -> bool:
        """Whether the layer was in other coordinates."""
        counts = (self.attention.heads_moved, self.attention.value_bases, self.attention.pairs_turned)
        return any((self.units_moved, self.units_scaled, *counts))


@dataclass(frozen=True)
class Canonical:
    """A checkpoint in its base's coordinates, as far as that could be done."""

    checkpoint: Checkpoint
    """The target itself where the outputs would not have stayed."""
    layers: tuple[LayerUndone, ...]
    before: Alarm
    """Distances of the target as it was given."""
    after: Alarm
    """Distances of `checkpoint`."""
    difference: float
    """Largest difference of a logit, in standard deviations of the logits."""

    @property
    def same_function(self) -> bool:
        """Whether the weights that were put back compute what the given ones do."""
        return self.difference <= TOLERANCE

    @property
    def tampered(self) -> bool:
        """Whether the target was in other coordinates, or lies farther off than a fine-tune goes."""
        return self.before.fired or any(layer.anything for layer in self.layers)

    @property
    def problem(self) -> str | None:
        """One sentence: why silence of this target says nothing; None where it may be asked."""
        if not self.same_function:
            return "Moving the weights back to the base's coordinates would have changed the outputs."
        if self.after.fired:
            far = self.after.suspects
            return (
                f"{len(far)} weights, the first of them {far[0]}, lie farther from the base than a fine-tune "
                "goes, and no change of basis explains it."
            )
        return None


def canonicalize(target: Checkpoint, base: Checkpoint, ids: Sequence[int]) -> Canonical:
    """Undo changes of basis, layer by layer, and check that the outputs stayed.

    Args:
        target: the checkpoint, in any coordinates.
        base: the trusted base.
        ids: tokens of a text on which the outputs are compared, at least one.

    Raises:
        ModelError: they do not fit, or the architecture is not supported.
    """
    before = tamper_alarm(target, base)
    shape = decoder_shape(target.config)
    weights: Weights = dict(target.weights)
    trusted: Weights = dict(base.weights)
    layers = []
    for layer in range(shape.layers):
        match = match_units(units_of(weights, trusted, layer), units_of(trusted, trusted, layer))
        undo_units(weights, layer, match)
        attention = undo_attention(weights, trusted, shape, layer)
        layers.append(LayerUndone(layer, match.moved, match.scaled, attention))
    moved = Checkpoint(target.config, weights)
    if not any(layer.anything for layer in layers):
        return Canonical(target, tuple(layers), before, before, 0.0)
    difference = logit_difference(moved, target, ids)
    kept = moved if difference <= TOLERANCE else target
    return Canonical(kept, tuple(layers), before, tamper_alarm(kept, base), difference)


def logit_difference(first: Checkpoint, second: Checkpoint, ids: Sequence[int]) -> float:
    """Largest difference of a logit on one text, in standard deviations of the second model's logits."""
    given = run_logits(second, ids)
    spread = float(given.std())
    largest = float((run_logits(first, ids) - given).abs().max())
    if spread == 0 or spread != spread:
        return float("inf")
    return largest / spread
