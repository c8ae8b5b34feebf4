"""PEFT LoRA folders, read and written without importing PEFT (which costs seconds)."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from glasshouse.errors import ModelError, StoreError

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
PREFIX = "base_model.model."
INEXACT = (
    "use_dora", "modules_to_save", "fan_in_fan_out", "lora_bias", "trainable_token_indices", "use_qalora",
    "layer_replication", "target_parameters", "alora_invocation_tokens", "use_bdlora", "arrow_config",
    "velora_config", "kasa_config", "monteclora_config",
)  # fmt: skip
"""Settings of PEFT under which a layer does not compute y = W x + scale · B A x."""
PLAIN_STARTS = (None, True, False, "gaussian", "eva", "orthogonal", "mica")
"""Starts of A and B that leave the base's own weights alone; PiSSA and others change those too."""


@dataclass(frozen=True)
class Adapter:
    """One LoRA adapter: y = W x + scale · B A x on some linear layers."""

    rank: int
    """Largest rank of any layer."""
    alpha: float
    rslora: bool
    targets: tuple[str, ...]
    """Last parts of the names of the layers it sits on."""
    weights: Mapping[str, tuple[Tensor, Tensor]]
    """Layer name -> A [rank, in], B [out, rank], in fp32."""
    scale: Mapping[str, float]
    """Layer name -> the factor of B·A."""
    config: Mapping[str, Any]
    """adapter_config.json as it was read; empty for an adapter made here."""


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG
    if not path.is_file():
        raise ModelError(f"{folder} is no adapter: it has no {CONFIG}.", "Give a PEFT folder.")
    try:
        config: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ModelError(f"{path} is not JSON.", "Write the adapter again.") from error
    if not isinstance(config, dict):
        raise ModelError(f"{path} is no JSON object.", "Write the adapter again.")
    kind = config.get("peft_type", "LORA")
    if kind != "LORA":
        raise ModelError(f"{folder} is a {kind} adapter; only LORA is supported.", "Merge it into its base.")
    for key in INEXACT:
        if config.get(key):
            raise ModelError(f"{folder} uses {key}, which is not supported.", "Merge it into its base.")
    start = config.get("init_lora_weights")
    if start not in PLAIN_STARTS:
        problem = f"{folder} was started with '{start}', which changes the base's own weights."
        raise ModelError(problem, "Convert it to plain LoRA when saving it, or merge it into its base.")
    if config.get("bias", "none") != "none":
        raise ModelError(f"{folder} trains biases, which is not supported.", "Merge it into its base.")
    return config


def _alpha(name: str, config: Mapping[str, Any]) -> float:
    """A layer's alpha: PEFT takes the first pattern that matches the end of its name."""
    for pattern, alpha in (config.get("alpha_pattern") or {}).items():
        if re.match(rf"(.*\.)?({pattern})$", name):
            return float(alpha)
    return float(config.get("lora_alpha", 8))


def read_adapter(folder: Path) -> Adapter:
    """The adapter in a PEFT folder, in fp32 on the CPU.

    Raises:
        ModelError: no folder, a corrupt file, NaN, or a kind of adapter that cannot be stacked exactly.
    """
    config = _read_config(folder)
    try:
        tensors = load_file(folder / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise ModelError(
            f"{folder / WEIGHTS} cannot be read: {error}.", "Write the adapter again."
        ) from error
    weights = _pairs(tensors, folder)
    rslora = bool(config.get("use_rslora"))
    scale = {}
    for name, (a, _) in weights.items():
        scale[name] = _alpha(name, config) / (a.shape[0] ** 0.5 if rslora else a.shape[0])
    rank = max(a.shape[0] for a, _ in weights.values())
    return Adapter(
        rank, float(config.get("lora_alpha", 8)), rslora, _targets(weights), weights, scale, config
    )


def _pairs(tensors: Mapping[str, Tensor], folder: Path) -> dict[str, tuple[Tensor, Tensor]]:
    """Layer name -> A and B."""
    weights: dict[str, tuple[Tensor, Tensor]] = {}
    for key in sorted(k for k in tensors if k.endswith(".lora_A.weight")):
        a, b = tensors[key].float(), tensors.get(key.replace("lora_A", "lora_B"), torch.empty(0)).float()
        if not (torch.isfinite(a).all() and torch.isfinite(b).all()):
            raise ModelError(f"{folder} holds NaN or infinite weights.", "Train it again at a lower rate.")
        if not (a.ndim == b.ndim == 2 and a.shape[0] == b.shape[1] > 0):
            raise ModelError(f"{folder}: the matrices of {key} do not fit.", "Write the adapter again.")
        weights[key.removeprefix(PREFIX).removesuffix(".lora_A.weight")] = (a, b)
    if any("lora_embedding" in key or "embed_tokens" in key for key in tensors):
        problem = f"{folder} trains or resizes the embeddings, which is not supported."
        raise ModelError(problem, "Merge it into its base.")
    if not weights or len(tensors) != 2 * len(weights):
        problem = f"{folder} holds weights that are no plain LoRA matrices."
        raise ModelError(problem, "Merge it into its base.")
    return weights


def _targets(weights: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(sorted({name.rsplit(".", 1)[-1] for name in weights}))


def _module_names(weights: Mapping[str, Any]) -> list[str]:
    """PEFT's `target_modules`: last parts of names, or whole names where layers differ in what they have."""
    parts: dict[str, set[str]] = {}
    for name in weights:
        before, _, part = name.rpartition(".")
        index = re.search(r"\.(\d+)\.", before)
        parts.setdefault(part, set()).add(index[1] if index else "")
    same = len({frozenset(layers) for layers in parts.values()}) == 1
    return sorted(parts) if same else sorted(weights)


def write_adapter(folder: Path, adapter: Adapter, base_name: str) -> None:
    """Write an ordinary PEFT folder; ranks and factors that differ by layer become PEFT's patterns.

    Raises:
        StoreError: the folder cannot be written.
    """
    tensors, ranks, alphas = {}, {}, {}
    for name, (a, b) in adapter.weights.items():
        tensors[f"{PREFIX}{name}.lora_A.weight"] = a.detach().float().contiguous().clone()
        tensors[f"{PREFIX}{name}.lora_B.weight"] = b.detach().float().contiguous().clone()
        ranks[name] = a.shape[0]
        alphas[name] = adapter.scale[name] * (a.shape[0] ** 0.5 if adapter.rslora else a.shape[0])
    config = {
        "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": base_name,
        "r": adapter.rank, "lora_alpha": adapter.alpha, "lora_dropout": 0.0, "bias": "none",
        "use_rslora": adapter.rslora, "use_dora": False,
        "target_modules": _module_names(adapter.weights), "inference_mode": True, "fan_in_fan_out": False,
        "rank_pattern": {n: r for n, r in ranks.items() if r != adapter.rank},
        "alpha_pattern": {n: a for n, a in alphas.items() if abs(a - adapter.alpha) > 1e-9},
    }  # fmt: skip
    try:
        folder.mkdir(parents=True, exist_ok=True)
        save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})
        (folder / CONFIG).write_text(json.dumps(config, indent=1, sort_keys=True) + "\n", "utf-8")
    except (OSError, SafetensorError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise StoreError(
            f"{folder} cannot be written: {reason}.", "Free some space or choose another folder."
        ) from error


def adapter_hash(folder: Path) -> str:
    """Hash of an adapter's weights and of what scales them; cards and names do not enter."""
    config = _read_config(folder)
    parts = {
        key: config.get(key) for key in ("r", "lora_alpha", "use_rslora", "rank_pattern", "alpha_pattern")
    }
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode())
    try:
        digest.update((folder / WEIGHTS).read_bytes())
    except OSError as error:
        raise ModelError(
            f"{folder / WEIGHTS} cannot be read: {error.strerror}.", "Write the adapter again."
        ) from error
    return digest.hexdigest()[:16]


def between(first: Adapter, second: Adapter, toward: float) -> Adapter:
    """The weighted mean of two adapters of one shape: of A and of B, each by itself.

    Args:
        first: where `toward` is 0.
        second: where it is 1, of the same layers, ranks and scales.
        toward: weight of the second.
    """

    def mean(name: str, part: int) -> Tensor:
        return (1 - toward) * first.weights[name][part] + toward * second.weights[name][part]

    return replace(second, weights={name: (mean(name, 0), mean(name, 1)) for name in first.weights})


def concat_adapters(first: Adapter, second: Adapter) -> Adapter:
    """One adapter that does what both do: the ranks side by side, exactly.

    The factors are folded into B, so the result has factor 1 (alpha = rank) everywhere.
    """
    weights: dict[str, tuple[Tensor, Tensor]] = {}
    for name in sorted({*first.weights, *second.weights}):
        parts = [(x.weights[name], x.scale[name]) for x in (first, second) if name in x.weights]
        weights[name] = (
            torch.cat([a for (a, _), _ in parts]),
            torch.cat([b * s for (_, b), s in parts], dim=1),
        )
    rank = max(a.shape[0] for a, _ in weights.values())
    scale = dict.fromkeys(weights, 1.0)
    return replace(
        first,
        rank=rank,
        alpha=float(rank),
        rslora=False,
        targets=_targets(weights),
        weights=weights,
        scale=scale,
        config={},
    )


def check_fits(adapter: Adapter, shapes: Mapping[str, tuple[int, int]], folder: Path) -> None:
    """Refuse an adapter that belongs to another base.

    Args:
        adapter: what was read.
        shapes: layer name -> (out, in) of the base's linear layers.
        folder: its name, for the message.

    Raises:
        ModelError: a layer is missing or has another shape.
    """
    for name, (a, b) in adapter.weights.items():
        if shapes.get(name) != (b.shape[0], a.shape[1]):
            raise ModelError(
                f"{folder} is an adapter for another base: {name} is {shapes.get(name, 'not there')} here "
                f"and {(b.shape[0], a.shape[1])} there.",
                "Give the base it was trained on.",
            )
