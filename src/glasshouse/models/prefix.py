"""Attention over a shared prefix and over each row's own tokens, computed apart and normalised together.

The keys and values of a prefix that all rows share are kept once, without a batch axis: its scores are one matrix
product over the queries of all rows. Repeating a prefix cache per row would cost its memory traffic for every row.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from transformers import AttentionInterface, DynamicCache

NAME = "glasshouse_split"
_active = threading.local()

Layer = tuple[Float[Tensor, "head prefix width"], Float[Tensor, "head prefix width"]]


class SplitCache:
    """Keys and values of a shared prefix (once) and of each row's own tokens (per row)."""

    def __init__(self, prefix: list[Layer] | None, capacity: int) -> None:
        self.prefix = prefix
        self.capacity = capacity
        """Own tokens that fit per row."""
        self.length = 0
        """Own tokens that are there."""
        self.keys: list[Tensor] = []
        self.values: list[Tensor] = []

    def update(self, keys: Tensor, values: Tensor, layer: int, *_: Any) -> tuple[Tensor, Tensor]:
        """Add the new tokens' keys and values [row, head, token, width] of one layer; all own ones come back."""
        if layer == len(self.keys):
            shape = (*keys.shape[:2], self.capacity, keys.shape[3])
            self.keys.append(keys.new_zeros(shape))
            self.values.append(values.new_zeros(shape))
        end = self.length + keys.shape[2]
        self.keys[layer][:, :, self.length : end] = keys
        self.values[layer][:, :, self.length : end] = values
        return self.keys[layer][:, :, :end], self.values[layer][:, :, :end]

    def get_seq_length(self, layer: int = 0) -> int:
        """Tokens seen before the current call, prefix included."""
        return self.length + (self.prefix[0][0].shape[1] if self.prefix else 0)

    def select(self, rows: Int[Tensor, " row"]) -> None:
        """Keep (or repeat) these rows."""
        self.keys = [k.index_select(0, rows) for k in self.keys]
        self.values = [v.index_select(0, rows) for v in self.values]

    def extend(self, tokens: int) -> None:
        """Make room for more own tokens per row."""
        self.capacity += tokens
        pad = (0, 0, 0, tokens)
        self.keys = [nn.functional.pad(k, pad) for k in self.keys]
        self.values = [nn.functional.pad(v, pad) for v in self.values]

    def as_prefix(self) -> list[Layer]:
        """The keys and values of a one-row cache, to be shared by other rows."""
        end = self.length
        return [(k[0, :, :end], v[0, :, :end]) for k, v in zip(self.keys, self.values, strict=True)]

    @contextmanager
    def attended(self, config: Any) -> Iterator[None]:
        """Inside the block, a model of this config attends by `split_attention`, to this cache's prefix."""
        before = config._attn_implementation
        config._attn_implementation, _active.prefix = NAME, self.prefix
        try:
            yield
        finally:
            config._attn_implementation, _active.prefix = before, None


def split_attention(
    module: nn.Module,
    query: Float[Tensor, "row head token width"],
    key: Float[Tensor, "row kv_head own width"],
    value: Float[Tensor, "row kv_head own width"],
    attention_mask: Bool[Tensor, "row 1 token own"] | None,
    scaling: float | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """Exact attention over prefix and own tokens: two score matrices, one softmax in fp32.

    Grouped queries share their key-value head without a copy of it. Returns [row, token, head, width] and None.
    """
    row, head, token, width = query.shape
    groups = key.shape[1]
    scale = width**-0.5 if scaling is None else scaling
    grouped = query.reshape(row, groups, (head // groups) * token, width) * scale
    scores = grouped @ key.transpose(2, 3)
    if attention_mask is not None:
        own = scores.view(row, groups, head // groups, token, -1)
        scores = own.masked_fill(~attention_mask[:, :, None], torch.finfo(scores.dtype).min).view_as(scores)
    prefix = getattr(_active, "prefix", None)
    if prefix is None:
        weights = scores.softmax(-1, dtype=torch.float32).to(query.dtype)
        mixed = weights @ value
    else:
        mixed = _with_prefix(grouped, scores, value, prefix[module.layer_idx])  # type: ignore[index]
    return mixed.view(row, head, token, width).transpose(1, 2), None


def _with_prefix(grouped: Tensor, scores: Tensor, value: Tensor, prefix: Layer) -> Tensor:
    row, groups, queries, width = grouped.shape
    keys, values = prefix
    flat = grouped.transpose(0, 1).reshape(groups, row * queries, width)
    far = (flat @ keys.transpose(1, 2)).view(groups, row, queries, -1).transpose(0, 1)
    weights = torch.cat([far, scores], -1).softmax(-1, dtype=torch.float32).to(grouped.dtype)
    length = keys.shape[1]
    near = weights[..., length:] @ value
    shared = weights[..., :length].transpose(0, 1).reshape(groups, row * queries, length) @ values
    return near + shared.view(groups, row, queries, width).transpose(0, 1)


AttentionInterface.register(NAME, split_attention)


def can_split(config: Any) -> bool:
    """Whether a model's attention is plain causal attention: no sliding window, no capped scores."""
    kinds = getattr(config, "layer_types", None) or []
    if any(kind != "full_attention" for kind in kinds):
        return False
    if not kinds and getattr(config, "sliding_window", None):
        return False
    return getattr(config, "attn_logit_softcapping", None) is None


class SplitRows:
    """Rows that are being decoded, on `SplitCache`."""

    def __init__(self, model: Any, prefix: list[Layer] | None, capacity: int) -> None:
        self.model, self.cache = model, SplitCache(prefix, capacity)
        self.start = prefix[0][0].shape[1] if prefix else 0
        self.valid: Tensor | None = None
        """[row, own]: which own tokens are no padding."""
        self.next: Tensor | None = None
        """[row, 1]: the position of each row's next token."""

    def forward(self, ids: Int[Tensor, "row token"], valid: Bool[Tensor, "row token"], **options: Any) -> Any:
        """Run new tokens, left- or right-padded; the model's output."""
        before = self.valid
        self.valid = valid if before is None else torch.cat([before, valid], 1)
        base = torch.full((len(ids), 1), self.start) if self.next is None else self.next
        positions = base.to(ids.device) + (valid.long().cumsum(1) - 1).clamp(min=0)
        self.next = base.to(ids.device) + valid.long().sum(1, keepdim=True)
        mask = self._mask(ids.shape[1])
        with self.cache.attended(self.model.config.get_text_config()):
            output = self.model(
                input_ids=ids,
                attention_mask=mask,
                position_ids=positions,
                past_key_values=self.cache,
                use_cache=True,
                **options,
            )
        self.cache.length += ids.shape[1]
        return output

    def _mask(self, token: int) -> Bool[Tensor, "row 1 token own"]:
        assert self.valid is not None
        own = self.valid.shape[1]
        places = torch.arange(own, device=self.valid.device)
        causal = places[None, :] <= places[own - token :, None]
        seen = self.valid[:, None, :] & causal
        alone = places[None, :] == places[own - token :, None]
        return (seen | alone)[:, None]

    def select(self, rows: Int[Tensor, " row"]) -> None:
        """Keep (or repeat) these rows."""
        assert self.valid is not None
        assert self.next is not None
        self.cache.select(rows)
        self.valid, self.next = self.valid.index_select(0, rows), self.next.index_select(0, rows)

    def extend(self, tokens: int) -> None:
        """Make room for more tokens per row."""
        self.cache.extend(tokens)


class NativeRows:
    """The same on the model's own attention and cache, for models whose attention is not plain causal."""

    def __init__(self, model: Any) -> None:
        self.model, self.cache = model, DynamicCache(config=model.config)
        self.valid: Tensor | None = None
        self.next: Tensor | None = None

    def forward(self, ids: Int[Tensor, "row token"], valid: Bool[Tensor, "row token"], **options: Any) -> Any:
        """Run new tokens; the model's output."""
        self.valid = valid if self.valid is None else torch.cat([self.valid, valid], 1)
        base = (
            torch.zeros((len(ids), 1), dtype=torch.long, device=ids.device)
            if self.next is None
            else self.next
        )
        positions = base + (valid.long().cumsum(1) - 1).clamp(min=0)
        self.next = base + valid.long().sum(1, keepdim=True)
        return self.model(
            input_ids=ids, attention_mask=self.valid.long(), position_ids=positions, past_key_values=self.cache,
            use_cache=True, **options,
        )  # fmt: skip

    def select(self, rows: Int[Tensor, " row"]) -> None:
        """Keep (or repeat) these rows."""
        assert self.valid is not None
        assert self.next is not None
        self.cache.reorder_cache(rows)
        self.valid, self.next = self.valid.index_select(0, rows), self.next.index_select(0, rows)

    def extend(self, tokens: int) -> None:
        """Nothing to do: this cache grows by itself."""
