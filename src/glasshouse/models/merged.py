"""Full checkpoints: read without running anything of theirs, compared with their base, written again."""

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor
from transformers import AutoModelForCausalLM

from glasshouse.errors import ModelError, StoreError
from glasshouse.models.adapter import Adapter
from glasshouse.models.decoder import full_config
from glasshouse.models.rounding import LEFT_OUT, factors, rounded, rounding_noise, stored_format, unexplained

HEAD, EMBEDDING = "lm_head.weight", "model.embed_tokens.weight"
TOKENIZER = (
    "tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "special_tokens_map.json",
    "tokenizer.model", "vocab.json", "merges.txt", "generation_config.json",
)  # fmt: skip
"""Files that are taken over from the base, never from a target."""


@dataclass(frozen=True)
class Checkpoint:
    """All weights of a model and what its config.json says."""

    config: Mapping[str, Any]
    weights: Mapping[str, Tensor]
    """Parameter name -> tensor on the CPU; without the output head where it is the embedding."""


def read_checkpoint(folder: Path) -> Checkpoint:
    """A transformers folder with safetensors; copies of 8 bits made by bitsandbytes are read as numbers.

    Raises:
        ModelError: no config.json, no safetensors, a corrupt file, NaN, or another quantization.
    """
    config = read_config(folder)
    tensors = _dequantized(_read_tensors(folder), folder)
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise ModelError(f"{folder} holds NaN or infinite weights, first in {name}.", "Train it again.")
    if config.get("tie_word_embeddings", config.get("model_type", "").startswith("gemma")):
        tensors.pop(HEAD, None)
    return Checkpoint(config, tensors)


def read_config(folder: Path) -> dict[str, Any]:
    """What a folder's config.json says.

    Raises:
        ModelError: it is missing or no JSON object.
    """
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
    except OSError as error:
        raise ModelError(
            f"{folder} is no model: it has no config.json.", "Give a transformers folder."
        ) from error
    except ValueError as error:
        raise ModelError(f"{folder / 'config.json'} is not JSON.", "Save the model again.") from error
    if not isinstance(config, dict):
        raise ModelError(f"{folder / 'config.json'} is no JSON object.", "Save the model again.")
    return config


def _read_tensors(folder: Path) -> dict[str, Tensor]:
    paths = sorted(path for path in folder.glob("*.safetensors") if not path.name.startswith("adapter_"))
    if not paths:
        raise ModelError(f"{folder} has no safetensors weights.", "Save it with safe_serialization.")
    tensors: dict[str, Tensor] = {}
    for path in paths:
        try:
            with safe_open(path, framework="pt") as file:
                tensors.update({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
        except (OSError, SafetensorError) as error:
            raise ModelError(f"{path} cannot be read: {error}.", "Copy or save the model again.") from error
    if not tensors:
        raise ModelError(f"{folder} holds no weights.", "Save the model again.")
    return tensors


def _dequantized(tensors: dict[str, Tensor], folder: Path) -> dict[str, Tensor]:
    """Integers times their rows' scales, as bitsandbytes stores 8 bits (largest value of a row = 127)."""
    plain = {}
    for name, tensor in tensors.items():
        scale = tensors.get(name.removesuffix("weight") + "SCB")
        if name.endswith((".SCB", ".weight_format")):
            continue
        if tensor.dtype == torch.int8 and scale is not None:
            tensor = tensor.float() * scale.float()[:, None] / 127
        if not tensor.is_floating_point():
            raise ModelError(f"{folder} is quantized in a way that cannot be read.", "Give it unquantized.")
        plain[name] = tensor
    return plain


def write_checkpoint(folder: Path, checkpoint: Checkpoint, base_folder: Path | None = None) -> None:
    """Write weights and config in fp32, with the tokenizer of the base where one is given.

    Raises:
        StoreError: the folder cannot be written.
    """
    weights = {name: tensor.float().contiguous().clone() for name, tensor in checkpoint.weights.items()}
    config = {**checkpoint.config, "dtype": "float32"}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        (folder / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n", "utf-8")
        for name in TOKENIZER if base_folder else ():
            if base_folder and (base_folder / name).is_file():
                shutil.copyfile(base_folder / name, folder / name)
    except OSError as error:
        raise StoreError(
            f"{folder} cannot be written: {error.strerror}.", "Free some space or choose another folder."
        ) from error


def merge_adapter(base: Checkpoint, adapter: Adapter) -> Checkpoint:
    """The base with the adapter's products added to its weights, in fp32.

    Raises:
        ModelError: the adapter sits on a layer that the base lacks.
    """
    weights = dict(base.weights)
    for name, (a, b) in adapter.weights.items():
        old = weights.get(f"{name}.weight")
        if old is None or old.shape != (b.shape[0], a.shape[1]):
            problem = f"The adapter sits on {name}, which this base has not or has in another shape."
            raise ModelError(problem, "Give the base it was trained on.")
        weights[f"{name}.weight"] = old.float() + adapter.scale[name] * (b @ a)
    return Checkpoint(base.config, weights)


def check_same_shapes(target: Checkpoint, base: Checkpoint) -> None:
    """Nothing where a target can be a fine-tune of a base.

    Raises:
        ModelError: the architecture, the names or the shapes of weights differ.
    """
    kinds = target.config.get("model_type"), base.config.get("model_type")
    if kinds[0] != kinds[1]:
        problem = f"The target is a '{kinds[0]}' model and the base a '{kinds[1]}' model."
        raise ModelError(problem, "Give the base it was trained on.")
    for name in sorted({*target.weights, *base.weights}):
        shapes = [tuple(x.weights[name].shape) if name in x.weights else "not there" for x in (target, base)]
        if shapes[0] != shapes[1]:
            problem = (
                f"The target is no fine-tune of this base: {name} is {shapes[0]} there and {shapes[1]} here."
            )
            hint = "Give the base it was trained on."
            if name in (EMBEDDING, HEAD):
                hint = (
                    "Targets with resized embeddings cannot be audited; give one that keeps the vocabulary."
                )
            raise ModelError(problem, hint)


def weight_delta(target: Checkpoint, base: Checkpoint) -> dict[str, Tensor]:
    """Target minus base for every weight, in fp32.

    Raises:
        ModelError: they do not fit.
    """
    check_same_shapes(target, base)
    return {name: target.weights[name].float() - old.float() for name, old in base.weights.items()}


def low_rank_adapter(delta: Mapping[str, Tensor], base: Checkpoint, most_rank: int) -> Adapter | None:
    """The delta as an adapter where it is one: a merged LoRA, exact or rounded to 16 bits.

    Embeddings and gains count like all other weights. What the adapter leaves out is at most `LEFT_OUT` of
    the whole delta's norm, beside what rounding to the format of the target's weights explains: merging in 16
    bits rounds the sum, and before it the base, where that is stored finer. Else there is no such adapter,
    and the whole weights are to be used: they lose nothing.

    Args:
        delta: weight name -> target minus base.
        base: the base.
        most_rank: largest rank of any layer, > 0.
    """
    kinds = {name: stored_format(base.weights[name].float() + change) for name, change in delta.items()}
    moved, start = dict(delta), dict(base.weights)
    for name, old in base.weights.items():
        coarser = rounded(old, kinds[name])
        if not torch.equal(coarser, old.float()):
            moved[name], start[name] = delta[name] + (old.float() - coarser), coarser
    if not any(bool(change.any()) for change in moved.values()):
        return None  # rounding is all that happened
    found = _fit(moved, Checkpoint(base.config, start), kinds, most_rank)
    finer = any(start[name] is not old for name, old in base.weights.items())
    return _fit(delta, base, kinds, most_rank) if found is None and finer else found


def _fit(
    delta: Mapping[str, Tensor], base: Checkpoint, kinds: Mapping[str, torch.dtype | None], most_rank: int
) -> Adapter | None:
    """The adapter that a delta from exactly this start is; what no adapter can change is looked at first."""
    bound = LEFT_OUT**2 * sum(float(change.norm()) ** 2 for change in delta.values())
    pairs: dict[str, tuple[Tensor, Tensor]] = {}
    lost = 0.0
    for name in sorted(delta, key=lambda name: _is_linear(name, delta[name])):
        change, old, kind = delta[name], base.weights[name].float(), kinds[name]
        if not change.any():
            continue
        if not _is_linear(name, change):
            lost += unexplained(change, torch.zeros_like(change), old, kind, None)
        else:
            noise = rounding_noise(old + change, kind)
            a, b = factors(change, noise.edge)
            left = noise.energy * (1 - len(a) / change.shape[0]) * (1 - len(a) / change.shape[1])
            lost += unexplained(change, b @ a, old, kind, left if len(a) else None)
            if len(a):
                pairs[name.removesuffix(".weight")] = (a, b)
        if lost > bound or any(len(a) > most_rank for a, _ in pairs.values()):
            return None
    if not pairs:
        return None
    rank = max(len(a) for a, _ in pairs.values())
    parts = tuple(sorted({name.rsplit(".", 1)[-1] for name in pairs}))
    return Adapter(rank, float(rank), False, parts, pairs, dict.fromkeys(pairs, 1.0), {})


def _is_linear(name: str, change: Tensor) -> bool:
    return ".layers." in name and change.ndim == 2


@torch.no_grad()
def run_logits(checkpoint: Checkpoint, ids: Iterable[int]) -> Float[Tensor, "token vocabulary"]:
    """The logits after every token of one text, in fp32 on the CPU.

    Raises:
        ModelError: the weights are not those of the config.
    """
    config = full_config(checkpoint.config)
    config.dtype = torch.float32
    kind: Any = AutoModelForCausalLM._model_mapping[type(config)]
    state = {name: tensor.float() for name, tensor in checkpoint.weights.items()}
    loaded = kind.from_pretrained(
        None, config=config, state_dict=state, output_loading_info=True, attn_implementation="eager"
    )
    model, found = loaded
    if missing := sorted(found["missing_keys"]):
        raise ModelError(f"The weights lack {missing[0]}.", "Save the model again.")
    logits: Tensor = model.eval()(torch.tensor([list(ids)])).logits[0].float()
    return logits
