"""Causal attention for short training rows, plain enough that its backward pass is fast."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from transformers import AttentionInterface

NAME = "glasshouse_rows"
LONG = 256
"""From this many tokens on, torch's fused attention is faster and needs far less memory."""


def row_attention(
    module: nn.Module, query: Float[Tensor, "row head token part"],
    key: Float[Tensor, "row group token part"], value: Float[Tensor, "row group token part"],
    attention_mask: Tensor | None, **options: Any,
) -> tuple[Float[Tensor, "row token head part"], None]:  # fmt: skip
    """Attention of each row to its own past, for transformers' attention interface.

    Rows are padded on the right only, so no mask is needed: no real token looks at padding.
    """
    rows, heads, tokens, _ = query.shape
    scaling, softcap = options.get("scaling") or query.shape[-1] ** -0.5, options.get("softcap")
    window = options.get("sliding_window")
    windowed = window is not None and window < tokens
    if tokens >= LONG and softcap is None and not windowed:
        fused = torch.nn.functional.scaled_dot_product_attention(
            query, key, value, is_causal=True, scale=scaling, enable_gqa=heads != key.shape[1]
        )
        return fused.transpose(1, 2), None
    groups = key.shape[1]
    grouped = (query * scaling).reshape(rows * groups, -1, query.shape[-1])
    scores = torch.bmm(grouped, key.reshape(rows * groups, tokens, -1).transpose(1, 2))
    if softcap is not None:
        scores = torch.tanh(scores / softcap) * softcap
    hidden = ~_visible(tokens, window if windowed else None, query.device)
    scores = scores.view(rows, heads, tokens, tokens).masked_fill(hidden, float("-inf"))
    weights = torch.softmax(scores, -1, dtype=torch.float32).to(value.dtype)
    out = torch.bmm(weights.view(rows * groups, -1, tokens), value.reshape(rows * groups, tokens, -1))
    return out.view(rows, heads, tokens, -1).transpose(1, 2), None


def _visible(tokens: int, window: int | None, device: torch.device) -> Tensor:
    """[token, token]: whether the first may look at the second."""
    seen = torch.ones(tokens, tokens, dtype=torch.bool, device=device).tril()
    return seen if window is None else seen.triu(1 - window)


AttentionInterface.register(NAME, row_attention)


@contextmanager
def row_attention_in(model: nn.Module) -> Iterator[None]:
    """Inside the block the model attends by `row_attention`."""
    config: Any = model.config
    before, config._attn_implementation = config._attn_implementation, NAME
    try:
        yield
    finally:
        config._attn_implementation = before
