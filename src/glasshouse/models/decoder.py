"""Where the heads, rotary pairs and hidden units of a decoder lie in its weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from transformers import AutoConfig

from glasshouse.errors import ModelError, first_line

SUPPORTED = ("llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3_text")
"""Decoders with gated hidden units, grouped heads, and rotary pairs (i, i + half a head)."""
NORMED = ("qwen3", "gemma3_text")
"""Those that normalize queries and keys inside each head."""


@dataclass(frozen=True)
class DecoderShape:
    """The numbers that cut a decoder's weights into their parts."""

    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    qk_norm: bool
    """Whether queries and keys are normalized, so that only the signs of their pairs are free."""

    @property
    def group(self) -> int:
        """Query heads per key-value head."""
        return self.heads // self.kv_heads


def decoder_shape(config: Mapping[str, Any]) -> DecoderShape:
    """The shape that a config.json states, defaults filled in.

    Raises:
        ModelError: another architecture than `SUPPORTED`, or a config that cannot be read.
    """
    full = full_config(config)
    heads = full.num_attention_heads
    head_dim = getattr(full, "head_dim", None) or full.hidden_size // heads
    kind = str(config["model_type"])
    return DecoderShape(full.num_hidden_layers, heads, full.num_key_value_heads, head_dim, kind in NORMED)


def full_config(config: Mapping[str, Any]) -> Any:
    """The configuration of transformers for a config.json; no code of the folder is run.

    Raises:
        ModelError: another architecture than `SUPPORTED`, or fields of a wrong kind.
    """
    kind = config.get("model_type")
    if kind not in SUPPORTED:
        raise ModelError(
            f"Full checkpoints of the architecture '{kind}' cannot be audited.",
            f"Audit an adapter instead, or use one of: {', '.join(SUPPORTED)}.",
        )
    fields = {key: value for key, value in config.items() if key not in ("model_type", "auto_map")}
    try:
        return AutoConfig.for_model(kind, **fields)
    except Exception as error:  # every field has its own check and its own exception
        raise ModelError(
            f"The config.json cannot be used: {first_line(error)}.", "Save the model again."
        ) from error
