"""What an auditor may see of a target: its weights and the numbers that run them, under a neutral name."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from glasshouse.errors import StoreError
from glasshouse.models.adapter import CONFIG, WEIGHTS, read_adapter, write_adapter
from glasshouse.models.merged import Checkpoint, read_checkpoint

ALLOWED = (
    "model_type", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
    "num_key_value_heads", "head_dim", "hidden_act", "hidden_activation", "vocab_size", "rms_norm_eps",
    "rope_parameters", "rope_theta", "rope_scaling", "attention_bias", "mlp_bias", "tie_word_embeddings",
    "max_position_embeddings", "sliding_window", "use_sliding_window", "max_window_layers", "layer_types",
    "query_pre_attn_scalar", "attn_logit_softcapping", "final_logit_softcapping", "bos_token_id",
    "eos_token_id", "pad_token_id",
)  # fmt: skip
"""Fields of a config.json that decide what the weights compute. No names, paths, authors or labels."""


def is_adapter(folder: Path) -> bool:
    """Whether a folder is a PEFT folder rather than a whole model."""
    return (folder / CONFIG).is_file() or (folder / WEIGHTS).is_file()


def allowed_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a config.json that an auditor may see."""
    return {key: config[key] for key in ALLOWED if key in config}


def neutral_copy(target: Path, parent: Path) -> Path:
    """Copy a target's weights and allowed config into a folder named by their hash.

    Cards, READMEs, folder names, tokenizers, the stated base and the metadata of files stay behind. Two
    targets with the same weights get the same folder, byte for byte.

    Args:
        target: PEFT folder or whole checkpoint.
        parent: where the copy is put.

    Raises:
        ModelError: the target cannot be read.
        StoreError: the copy cannot be written.
    """
    part = parent / f".copying-{os.getpid()}"
    shutil.rmtree(part, ignore_errors=True)
    if is_adapter(target):
        write_adapter(part, read_adapter(target), "")
    else:
        write_neutral(part, read_checkpoint(target))
    place = parent / f"target-{content_hash(part)}"
    if place.is_dir():
        shutil.rmtree(part)
    else:
        part.rename(place)
    return place


def write_neutral(folder: Path, checkpoint: Checkpoint) -> None:
    """Write weights as they are and the allowed config.

    Raises:
        StoreError: the folder cannot be written.
    """
    weights = {name: checkpoint.weights[name].contiguous() for name in sorted(checkpoint.weights)}
    config = json.dumps(allowed_config(checkpoint.config), indent=1, sort_keys=True) + "\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        (folder / "config.json").write_text(config, "utf-8")
    except OSError as error:
        raise StoreError(
            f"{folder} cannot be written: {error.strerror}.", "Free some space or choose another folder."
        ) from error


def content_hash(folder: Path) -> str:
    """Hash of every file of a neutral folder and of their names."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(path.name.encode())
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:16]
