"""A base model in another dtype, without rounding what must not be rounded."""

import copy

import torch
from torch import nn


def model_in(model: nn.Module, dtype: str, device: str) -> nn.Module:
    """The model itself where dtype and device are these already, else a frozen copy.

    Buffers keep their dtype: a model with rounded rotary frequencies is another model.
    """
    first, wanted = next(model.parameters()), getattr(torch, dtype)
    if first.dtype == wanted and first.device.type == torch.device(device).type:
        return model
    return copy_in(model, dtype, device)


def copy_in(model: nn.Module, dtype: str, device: str) -> nn.Module:
    """A frozen copy of a model with its parameters in `dtype`."""
    own = copy.deepcopy(model).to(device).requires_grad_(False)
    for weight in own.parameters():
        weight.data = weight.data.to(getattr(torch, dtype))
    return own
