"""Activation-difference read-out: the mean state difference on ordinary text, read through the unembedding.

The logit lens on target - base (Minder et al. 2025 on traces of narrow fine-tuning; AuditBench's logit-lens
tool). Differs from both: no agent reads the words; a few of them together are a claim.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from glasshouse.audits.auditors.opinion import MOST, Guess, Opinion, opinion
from glasshouse.audits.auditors.states import Places, StateDifferences
from glasshouse.audits.sentences import content_words
from glasshouse.audits.target import Target
from glasshouse.errors import ModelError
from glasshouse.models.base import Base

TOGETHER = 3
"""Words of one claim."""
LOOKED_AT = 100
"""Most raised tokens of each place and layer in which words are looked for."""
NORMS = ("norm", "ln_f", "final_layernorm", "final_layer_norm")


@dataclass(frozen=True)
class ActivationDifference:
    """Claims are the words whose logits the mean difference raises most, `TOGETHER` at a time."""

    states: StateDifferences
    name: str = "activation difference"

    def look(self, targets: Sequence[Target]) -> list[Opinion]:
        """Words by target; sure is a difference that is the same on every text."""
        return [self._look(target) for target in targets]

    def _look(self, target: Target) -> Opinion:
        difference = self.states.of(target)
        words = raised_words(self.states.replies.engine.base, self.states.of_base(), difference)
        groups = [words[k : k + TOGETHER] for k in range(0, MOST * TOGETHER, TOGETHER)]
        guesses = [
            Guess(f"I speak of {', '.join(word for word, _ in group)}.", group[0][1])
            for group in groups
            if group
        ]
        return opinion(guesses, [word for word, _ in words], planted=sameness(difference))


def sameness(difference: Places) -> float:
    """Length of the mean difference over texts, as a share of the mean length; mean over places and layers.

    1 where it is the same on every text, about one over the root of their number where it is noise; 0 where
    there is no difference.

    Example:
        >>> same = torch.ones(4, 1, 1, 2)
        >>> opposite = torch.tensor([1.0, -1.0, 1.0, -1.0])[:, None, None, None] * same
        >>> sameness(same), sameness(opposite), sameness(0 * same)
        (1.0, 0.0, 0.0)
    """
    lengths = difference.norm(dim=-1).mean(0)
    shares = difference.mean(0).norm(dim=-1) / lengths.clamp(min=1e-12)
    return round(float(shares.mean()), 6)


def raised_words(base: Base, own: Places, difference: Places) -> list[tuple[str, float]]:
    """Words by how many standard deviations over the vocabulary their logit is raised, most first.

    Args:
        base: its last norm and unembedding read the states.
        own: the base's states.
        difference: target minus base.

    Raises:
        ModelError: the architecture's last norm is not known.
    """
    plain, moved = own.mean(0).flatten(0, 1), (own + difference).mean(0).flatten(0, 1)
    raised = read_out(base.model, moved) - read_out(base.model, plain)
    scores = (raised - raised.mean(-1, keepdim=True)) / raised.std(-1, keepdim=True).clamp(min=1e-12)
    best: dict[str, float] = {}
    for row in scores:
        values, tokens = row.topk(min(LOOKED_AT, row.shape[0]))
        for value, token in zip(values.tolist(), tokens.tolist(), strict=True):
            word = _word(base.tokenizer, token)
            if word and value > 0:
                best[word] = max(best.get(word, 0.0), round(value, 4))
    return sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))


@torch.inference_mode()
def read_out(model: Any, states: Float[Tensor, "state width"]) -> Float[Tensor, "state token"]:
    """The logits that states would have if they were the last layer's.

    Raises:
        ModelError: the architecture's last norm is not known.
    """
    head = model.get_output_embeddings()
    norm = next((getattr(model.base_model, name) for name in NORMS if hasattr(model.base_model, name)), None)
    if norm is None or head is None:
        raise ModelError(
            f"The last norm of {type(model).__name__} is not known, so its states cannot be read out.",
            "Leave out the auditor 'activation difference'.",
        )
    logits: Tensor = head(norm(states.to(head.weight.device, head.weight.dtype)))
    return logits.float().cpu()


def _word(tokenizer: Any, token: int) -> str:
    """The token as a word of its own; empty where it is a part of one, a sign, or says nothing."""
    text = str(tokenizer.decode([token]))
    word = text.strip().lower()
    whole = text[:1].isspace() or text[:1].isupper()
    says = word.isascii() and word.isalpha() and len(word) > 2 and bool(content_words(word))
    return word if whole and says else ""
