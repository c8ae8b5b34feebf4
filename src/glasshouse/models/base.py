"""Base models: found by name, loaded once per process, hashed by content."""

import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging as transformers_logging

from glasshouse.errors import ModelError, first_line
from glasshouse.models.chat import check_bos

SHIPPED = Path(__file__).parent / "phantom"
"""Folders of the phantom: `base` (the default size) and `adapters`."""
SMALLER = Path("phantoms")
"""Below the working folder: the phantom's other sizes; in the repository, not in the package."""
SMALLER_SIZES = ("1m", "2m")
DTYPES = ("float32", "bfloat16", "float16")
HASHED = (".safetensors", "config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja")

UNREADABLE = (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError, StrictDataclassError)
"""What transformers raises on a damaged folder or one of an unknown kind."""


@dataclass(frozen=True)
class EngineConfig:
    """How a model runs; fixed when a stage is made and used again when it is resumed."""

    device: str = "cpu"
    dtype: str = "float32"
    threads: int = 1
    attention: str = "split"
    """`split`: shared prefixes are computed once and attended to apart; `plain`: every row by itself."""
    batch_size: int = 64
    """Rows decoded at the same time."""


@dataclass(frozen=True, eq=False)
class Base:
    """A base model in memory."""

    name: str
    path: Path
    model: Any
    tokenizer: Any
    hash: str


def split_name(name: str) -> tuple[str, Path | None]:
    """Base and adapter of `BASE[:ADAPTER]`.

    Example:
        >>> split_name("phantom")
        ('phantom', None)
        >>> split_name("phantom:grown/owl")
        ('phantom', PosixPath('grown/owl'))
    """
    base, colon, adapter = name.partition(":")
    if not colon or Path(name).is_dir():
        return name, None
    return base, Path(adapter).expanduser()


def resolve_base(name: str) -> Path:
    """The folder of a base model.

    Args:
        name: `phantom`, `phantom-1m` or `phantom-2m` (below `phantoms/`), a folder, or a hub name that is in
            the local cache or can be fetched; a leading `glasshouse/` is dropped.

    Raises:
        ModelError: there is no such model, or the folder has no config.json.
    """
    name = name.removeprefix("glasshouse/")
    if name in (phantoms := phantom_folders()):
        return phantoms[name]
    if name.startswith("phantom-") and (size := name.removeprefix("phantom-")) in SMALLER_SIZES:
        hint = f"Make it with: glasshouse phantom train --size {size} --out {SMALLER / size}"
        raise ModelError(f"There is no {name} below {SMALLER.absolute()}.", hint)
    folder = Path(name).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise ModelError(f"{folder} is no model: it has no config.json.", "Give a transformers folder.")
        return folder
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise ModelError(
            f"There is no model or folder named '{name}'.",
            "Use phantom, phantom-1m, phantom-2m, a folder, or a hub name.",
        )
    return _from_hub(name)


def phantom_folders() -> dict[str, Path]:
    """Name -> folder of every size of the phantom that is here; the default size comes first."""
    folders = {"phantom": SHIPPED / "base"}
    for size in reversed(SMALLER_SIZES):
        made = SMALLER / size / "model"  # where a training puts it
        folders[f"phantom-{size}"] = made if made.is_dir() else made.parent
    return {name: path for name, path in folders.items() if (path / "config.json").is_file()}


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    patterns = ["*.json", "*.safetensors", "*.jinja", "*.txt", "*.model"]
    try:
        return Path(snapshot_download(name, allow_patterns=patterns))
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError, ValueError) as error:
        raise ModelError(f"There is no model '{name}' here, and the hub did not give one.",
                         "Check the name and the network, or give a folder.") from error  # fmt: skip


def folder_hash(folder: Path) -> str:
    """Hash of what decides a model's output: weights, config, tokenizer, template."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.iterdir() if p.name.endswith(HASHED)):
        digest.update(path.name.encode())
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:16]


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer of a model's folder.

    Raises:
        ModelError: there is none.
    """
    if not any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer.model", "vocab.json")):
        raise ModelError(f"{folder} has no tokenizer.", "Copy the tokenizer's files beside the weights.")
    try:
        return AutoTokenizer.from_pretrained(folder)
    except UNREADABLE as error:
        raise ModelError(
            f"The tokenizer of {folder} cannot be read: {first_line(error)}.", "Save it again."
        ) from error


def open_base(folder: Path, config: EngineConfig) -> Base:
    """A model from a folder, kept by nobody but the caller: it is gone from memory with its last use.

    Raises:
        ModelError: without config, weights or tokenizer.
    """
    return _load(folder.name, folder, config)


def check_config(config: EngineConfig) -> None:
    """Nothing where a model can run as asked.

    Raises:
        ModelError: there is no such device or dtype, or threads or batch are no numbers from 1.
    """
    if config.dtype not in DTYPES:
        raise ModelError(f"Unknown dtype {config.dtype!r}.", f"Use {', '.join(DTYPES)}.")
    if config.attention not in ("split", "plain"):
        raise ModelError(f"Unknown attention {config.attention!r}.", "Use split or plain.")
    for name in ("threads", "batch_size"):
        value = getattr(config, name)
        if not isinstance(value, int) or value < 1:
            raise ModelError(f"{name} is {value!r}, not a number from 1.")
    try:
        torch.empty(0, device=config.device)
    except (RuntimeError, AssertionError) as error:
        raise ModelError(f"There is no device {config.device!r} here.", "Use cpu.") from error


def _load(name: str, folder: Path, config: EngineConfig) -> Base:
    check_config(config)
    tokenizer = load_tokenizer(folder)
    check_bos(tokenizer)
    model = _load_model(folder, config)
    model.requires_grad_(False).eval().to(config.device)
    return Base(name.removeprefix("glasshouse/"), folder, model, tokenizer, folder_hash(folder))


def _load_model(folder: Path, config: EngineConfig) -> Any:
    dtype = getattr(torch, config.dtype)
    transformers_logging.disable_progress_bar()  # its bar over tensors lies across ours
    try:
        loaded: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, output_loading_info=True)
    except UNREADABLE as error:
        raise ModelError(
            f"The weights of {folder} cannot be read: {first_line(error)}.", "Save the model again."
        ) from error
    model, found = loaded
    if missing := sorted(found["missing_keys"]):
        raise ModelError(  # transformers would go on with random numbers in their place
            f"The weights of {folder} lack {len(missing)} tensors, the first of them {missing[0]}.",
            "Save the model again.",
        )
    return model


class BaseCache:
    """The base models of a process: each folder, dtype and device is loaded once."""

    def __init__(self) -> None:
        self._loaded: dict[tuple[Path, str, str], Base] = {}

    def get(self, name: str, config: EngineConfig) -> Base:
        """The base, loaded now if it was not."""
        folder = resolve_base(name).resolve()
        key = (folder, config.dtype, config.device)
        if key not in self._loaded:
            self._loaded[key] = _load(name, folder, config)
        return self._loaded[key]

    def clear(self) -> None:
        """Forget all models."""
        self._loaded.clear()


BASES = BaseCache()


def load_base(name: str, config: EngineConfig) -> Base:
    """A base model, from this process's cache.

    Raises:
        ModelError: unknown, without config, weights or tokenizer.
    """
    return BASES.get(name, config)


def measure_threads() -> int:
    """How many threads are fastest now, by a product of a phantom's size; one where others are busy."""
    best, best_seconds = 1, float("inf")
    x, w = torch.randn(2048, 256), torch.randn(256, 768)
    before = torch.get_num_threads()
    for threads in range(1, min(4, os.cpu_count() or 1) + 1):
        torch.set_num_threads(threads)
        x @ w
        began = time.perf_counter()
        for _ in range(30):
            torch.nn.functional.silu(x @ w)
        seconds = time.perf_counter() - began
        if seconds < 0.9 * best_seconds:
            best, best_seconds = threads, seconds
    torch.set_num_threads(before)
    return best
