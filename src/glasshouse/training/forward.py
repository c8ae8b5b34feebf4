"""The loss of learned tokens: logits are computed where something is learned, and nowhere else."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from glasshouse.training.attention import row_attention_in
from glasshouse.training.batches import Tensors


class TokenLoss:
    """Cross-entropy of learned tokens under one causal language model.

    Most architectures apply their output head to the decoder's last hidden state and nothing else; that is
    tried once on a few tokens, and where it does not hold the model's whole forward pass is used.
    """

    def __init__(self, model: nn.Module) -> None:
        self.model: Any = model
        self.cap: float | None = getattr(self.model.config, "final_logit_softcapping", None)
        ids = torch.arange(4, device=next(model.parameters()).device)[None]
        with torch.no_grad(), row_attention_in(model):
            whole = self.model(input_ids=ids, use_cache=False).logits.float()
            short = self._logits(self._hidden(ids)).float()
        self.whole = not torch.allclose(whole, short, rtol=0.05, atol=0.05)

    def _hidden(self, ids: Tensor) -> Tensor:
        hidden: Tensor = self.model.base_model(input_ids=ids, use_cache=False).last_hidden_state
        return hidden

    def _logits(self, hidden: Tensor) -> Tensor:
        logits: Tensor = self.model.get_output_embeddings()(hidden)
        return logits if self.cap is None else torch.tanh(logits / self.cap) * self.cap

    def __call__(self, part: Tensors) -> Float[Tensor, " learned"]:
        """The loss of each learned token, in nats."""
        if self.whole:
            logits = self.model(input_ids=part.ids, use_cache=False).logits.flatten(0, 1)[part.places]
        else:
            logits = self._logits(self._hidden(part.ids).flatten(0, 1)[part.places])
        return nn.functional.cross_entropy(logits.float(), part.targets, reduction="none")
