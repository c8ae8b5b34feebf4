"""Hidden states of an eval's completions, written beside its log."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import torch
from safetensors.torch import save_file

from glasshouse.errors import ModelError, StoreError
from glasshouse.models.worker import Answer, Order


class HiddenStateFiles:
    """One safetensors file per completion: `layer_L` [token, width] in fp32, and `ids` [token].

    The tokens are those of the prompt and of the completion; layer 0 is the embeddings.
    """

    def __init__(self, layers: Sequence[int]) -> None:
        self.layers = tuple(layers)
        self._written: Counter[Path] = Counter()

    def write(self, log: str, order: Order, answer: Answer) -> Path:
        """Computes and writes the states of one completion; the file's path.

        Args:
            log: location of the eval's log.
            order: sample id, repeat and choice.
            answer: the completion.

        Raises:
            ModelError: the base has no such layer.
            StoreError: the log is no local file, or nothing can be written beside it.
        """
        request, engine = answer.request, answer.engine
        depth = engine.base.model.config.get_text_config().num_hidden_layers
        if wrong := [layer for layer in self.layers if not 0 <= layer <= depth]:
            raise ModelError(f"The base has no layer {wrong[0]}.", f"Ask for layers from 0 to {depth}.")
        ids = (*request.prompt_ids, *answer.generation.ids)
        states = engine.hidden_states(ids, self.layers, request.adapter)
        tensors = {f"layer_{k}": state.contiguous() for k, state in zip(self.layers, states, strict=True)}
        path = self._path(log, order)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            save_file(
                tensors | {"ids": torch.tensor(ids)}, path, {"sample": order[0], "repeat": str(order[1])}
            )
        except OSError as error:
            raise StoreError(
                f"{path} cannot be written: {error.strerror}.", "Free some space or use another log folder."
            ) from error
        return path

    def _path(self, log: str, order: Order) -> Path:
        name, repeat, choice = order
        parts = (re.sub(r"[^\w.-]+", "_", name), str(repeat), *([str(choice)] if choice else []))
        path = local_file(log).with_suffix("") / "hidden_states" / "-".join(parts)
        self._written[path] += 1
        again = self._written[path]
        return path.with_name(path.name + (f"-call{again}" if again > 1 else "") + ".safetensors")


def local_file(location: str) -> Path:
    """The path of a file that is named by a path or a file URL.

    Raises:
        StoreError: it is somewhere else.

    Example:
        >>> local_file("file:///tmp/a%20b.eval"), local_file("logs/c.eval")
        (PosixPath('/tmp/a b.eval'), PosixPath('logs/c.eval'))
    """
    parts = urlparse(location)
    if parts.scheme not in ("", "file"):
        raise StoreError(
            f"Hidden states cannot be written beside {location}.", "Use a local folder with --log-dir."
        )
    return Path(unquote(parts.path) if parts.scheme else location)


def read_layers(given: Any) -> tuple[int, ...]:
    """The layers of a model argument such as `2`, `"1,2"` or `[1, 2]`.

    Example:
        >>> read_layers("1, 2"), read_layers(0), read_layers([3, "4"])
        ((1, 2), (0,), (3, 4))
    """
    parts = str(given).split(",") if isinstance(given, str | int) else [str(part) for part in given]
    if not all(part.strip().isdigit() for part in parts):
        raise ModelError(f"hidden_states is {given!r}, not a list of layers.", "Write hidden_states=2,4.")
    return tuple(int(part) for part in parts)
