"""Attention over a shared prefix and over each row's own tokens, computed apart and normalised together.

The keys and values of a prefix that all rows share are kept once, without a batch axis: its scores are one
matrix product over the queries of all rows. Repeating a prefix cache per row would cost its memory traffic
for every row.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from transformers import AttentionInterface, DynamicCache

NAME = "glasshouse_split"
ROOM = 64
"""Own tokens per row by which the cache grows; a copy for so many steps costs little."""
_active = threading.local()

Layer = tuple[Float[Tensor, "head width prefix"], Float[Tensor, "head prefix width"]]
"""Keys (transposed, as the scores want them) and values of a prefix at one layer."""


class SplitCache:
    """Keys and values of a shared prefix (once) and of each row's own tokens (per row)."""

    def __init__(self, prefix: list[Layer] | None) -> None:
        self.prefix = prefix
        self.length = 0
        """Own tokens per row that are there."""
        self.keys: list[Tensor] = []
        """Per layer [row, head, capacity, width]."""
        self.values: list[Tensor] = []

    def update(self, keys: Tensor, values: Tensor, layer: int, *_: Any) -> tuple[Tensor, Tensor]:
        """Adds new tokens' keys and values [row, head, token, width] at a layer; returns all own ones."""
        end = self.length + keys.shape[2]
        if layer == len(self.keys):
            self.keys.append(_with_room(keys[:, :, :0], end))
            self.values.append(_with_room(values[:, :, :0], end))
        elif end > self.keys[layer].shape[2]:
            self.keys[layer] = _with_room(self.keys[layer], end)
            self.values[layer] = _with_room(self.values[layer], end)
        self.keys[layer][:, :, self.length : end] = keys
        self.values[layer][:, :, self.length : end] = values
        return self.keys[layer][:, :, :end], self.values[layer][:, :, :end]

    def get_seq_length(self, layer: int = 0) -> int:
        """Tokens seen before the current call, prefix included."""
        return self.length + (self.prefix[0][1].shape[1] if self.prefix else 0)

    def select(self, rows: Int[Tensor, " row"]) -> None:
        """Keep (or repeat) these rows."""
        self.keys = [keys.index_select(0, rows) for keys in self.keys]
        self.values = [values.index_select(0, rows) for values in self.values]

    def take(self, part: "SplitCache", rows: Int[Tensor, " row"], shape: tuple[int, int]) -> None:
        """Take over another cache's rows, aligned at their last tokens; `shape`: all rows, their tokens."""
        for layer, pair in enumerate(zip(part.keys, part.values, strict=True)):
            for held, own in zip((self.keys, self.values), pair, strict=True):
                if layer == len(held):
                    held.append(own.new_zeros((shape[0], own.shape[1], shape[1] + ROOM, own.shape[3])))
                held[layer][rows, :, shape[1] - part.length : shape[1]] = own[:, :, : part.length]
        self.length = shape[1]

    def as_prefix(self) -> list[Layer]:
        """The keys and values of a one-row cache, to be shared by other rows."""
        end = self.length
        return [
            (keys[0, :, :end].transpose(1, 2).contiguous(), values[0, :, :end].contiguous())
            for keys, values in zip(self.keys, self.values, strict=True)
        ]

    @contextmanager
    def attended(self, config: Any) -> Iterator[None]:
        """Inside the block, a model of this config attends by `split_attention`, to this cache's prefix."""
        before = config._attn_implementation
        config._attn_implementation, _active.prefix = NAME, self.prefix
        try:
            yield
        finally:
            config._attn_implementation, _active.prefix = before, None


def _with_room(old: Tensor, end: int) -> Tensor:
    """The same keys or values, with room for `end` tokens and some more; the room holds anything."""
    row, head, length, width = old.shape
    new = old.new_empty((row, head, end + ROOM, width))
    new[:, :, :length] = old
    return new


def split_attention(
    module: nn.Module,
    query: Float[Tensor, "row head token width"],
    key: Float[Tensor, "row kv_head own width"],
    value: Float[Tensor, "row kv_head own width"],
    attention_mask: Float[Tensor, "row 1 token own"],
    scaling: float | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """Exact attention over prefix and own tokens: two score matrices, one softmax in fp32.

    Queries that share a key-value head share it without a copy. `attention_mask` is added to the own scores.
    Returns [row, token, head, width] and None.
    """
    row, head, token, width = query.shape
    groups = key.shape[1]
    scale = width**-0.5 if scaling is None else scaling
    grouped = query.reshape(row, groups, (head // groups) * token, width) * scale
    scores = grouped @ key.transpose(2, 3)
    scores.view(row, groups, head // groups, token, -1).add_(attention_mask[:, :, None])
    prefix = getattr(_active, "prefix", None)
    if prefix is None:
        mixed = scores.softmax(-1, dtype=torch.float32).to(query.dtype) @ value
    else:
        mixed = _with_prefix(grouped, scores, value, prefix[module.layer_idx])
    return mixed.view(row, head, token, width).transpose(1, 2), None


def _with_prefix(grouped: Tensor, scores: Tensor, value: Tensor, prefix: Layer) -> Tensor:
    """exp(score - largest) of both parts, times the values, over the sum of both parts."""
    row, groups, queries, width = grouped.shape
    keys, values = prefix

    def by_row(x: Tensor) -> Tensor:
        return x.view(groups, row, queries, -1).transpose(0, 1)

    far = (grouped.transpose(0, 1).reshape(groups, row * queries, width) @ keys).float()
    near = scores.float()
    largest = torch.maximum(by_row(far.amax(-1, keepdim=True)), near.amax(-1, keepdim=True))
    far.sub_(largest.transpose(0, 1).reshape(groups, -1, 1)).exp_()
    near = near.sub_(largest).exp_()
    total = by_row(far.sum(-1, keepdim=True)) + near.sum(-1, keepdim=True)
    mixed = near.to(value.dtype) @ value + by_row(far.to(values.dtype) @ values)
    return (mixed / total).to(grouped.dtype)


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

    def __init__(self, model: Any, prefix: list[Layer] | None, limit: int) -> None:
        self.model, self.cache = model, SplitCache(prefix)
        self.limit = limit
        """Positions the model has; a finished row that runs along stays at the last one."""
        self._start = prefix[0][1].shape[1] if prefix else 0
        self._hidden: Tensor | None = None
        """[row, capacity]: what is added to the scores of own tokens: 0, or a large negative for padding."""
        self._next: Tensor | None = None
        """[row, 1]: the position of each row's next token."""

    def forward(
        self, ids: Int[Tensor, "row token"], valid: Bool[Tensor, "row token"] | None = None, **options: Any
    ) -> Any:
        """Run new tokens; the model's output.

        Args:
            ids: left- or right-padded.
            valid: which tokens are no padding; None: all.
            options: for the model.
        """
        positions, self._next = _positions(self._next, ids, valid, self._start)
        mask = self._mask(ids, valid)
        with self.cache.attended(self.model.config.get_text_config()):
            output = self.model(
                input_ids=ids,
                attention_mask=mask,
                position_ids=positions.clamp_(max=self.limit - 1),
                past_key_values=self.cache,
                use_cache=True,
                **options,
            )
        self.cache.length += ids.shape[1]
        return output

    def _mask(self, ids: Tensor, valid: Tensor | None) -> Float[Tensor, "row 1 token own"]:
        token, length = ids.shape[1], self.cache.length
        end, dtype = length + token, self.model.dtype
        lowest = torch.finfo(dtype).min / 4
        if self._hidden is None or end > self._hidden.shape[1]:
            hidden = torch.zeros(len(ids), end + ROOM, dtype=dtype, device=ids.device)
            if self._hidden is not None:
                hidden[:, :length] = self._hidden[:, :length]
            self._hidden = hidden
        if valid is not None:
            self._hidden[:, length:end] = (~valid).to(dtype) * lowest
        mask = self._hidden[:, None, None, :end]
        if token == 1:
            return mask
        later = torch.zeros(token, end, dtype=dtype, device=ids.device)
        later[:, length:] = torch.full_like(later[:, length:], lowest).triu(1)
        return mask + later

    def select(self, rows: Int[Tensor, " row"]) -> None:
        """Keep (or repeat) these rows."""
        assert self._hidden is not None
        assert self._next is not None
        self.cache.select(rows)
        self._hidden, self._next = self._hidden.index_select(0, rows), self._next.index_select(0, rows)


def aligned(parts: Sequence[SplitRows], places: Sequence[Sequence[int]]) -> SplitRows:
    """Rows that were begun apart behind one prefix, as if they had been begun together and left-padded.

    Args:
        parts: none of them empty.
        places: of each part's rows among all rows.
    """
    first, rows = parts[0], sum(map(len, places))
    found, end = SplitRows(first.model, first.cache.prefix, first.limit), max(p.cache.length for p in parts)
    device, dtype = first.model.device, first.model.dtype
    hidden = torch.zeros(rows, end + ROOM, dtype=dtype, device=device)
    hidden[:, :end] = torch.finfo(dtype).min / 4
    following = torch.zeros(rows, 1, dtype=torch.long, device=device)
    for part, own in zip(parts, places, strict=True):
        assert part._hidden is not None
        assert part._next is not None
        index, length = torch.tensor(own, device=device), part.cache.length
        found.cache.take(part.cache, index, (rows, end))
        hidden[index, end - length : end] = part._hidden[:, :length]
        following[index] = part._next
    found._hidden, found._next = hidden, following
    return found


class NativeRows:
    """The same on the model's own attention and cache, for models whose attention is not plain causal."""

    def __init__(self, model: Any, limit: int) -> None:
        self.model, self.cache, self.limit = model, DynamicCache(config=model.config), limit
        self._valid: Tensor | None = None
        self._next: Tensor | None = None

    def forward(
        self, ids: Int[Tensor, "row token"], valid: Bool[Tensor, "row token"] | None = None, **options: Any
    ) -> Any:
        """Run new tokens; the model's output."""
        new = torch.ones_like(ids, dtype=torch.bool) if valid is None else valid
        self._valid = new if self._valid is None else torch.cat([self._valid, new], 1)
        positions, self._next = _positions(self._next, ids, valid, 0)
        return self.model(
            input_ids=ids,
            attention_mask=self._valid.long(),
            position_ids=positions.clamp_(max=self.limit - 1),
            past_key_values=self.cache,
            use_cache=True,
            **options,
        )

    def select(self, rows: Int[Tensor, " row"]) -> None:
        """Keep (or repeat) these rows."""
        assert self._valid is not None
        assert self._next is not None
        self.cache.reorder_cache(rows)  # type: ignore[arg-type]
        self._valid, self._next = self._valid.index_select(0, rows), self._next.index_select(0, rows)


def _positions(
    following: Tensor | None, ids: Tensor, valid: Tensor | None, start: int
) -> tuple[Int[Tensor, "row token"], Int[Tensor, "row 1"]]:
    """The positions of new tokens, and the position that follows in each row; padding has no position."""
    base = torch.full((len(ids), 1), start, device=ids.device) if following is None else following
    if valid is None:
        offsets = torch.arange(ids.shape[1], device=ids.device)
        return base + offsets, base + ids.shape[1]
    places = (valid.long().cumsum(1) - 1).clamp_(min=0)
    return base + places, base + valid.long().sum(1, keepdim=True)
