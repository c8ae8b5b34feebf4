"""How much memory this process has used at most."""

import resource
import sys

import torch


def peak_mib(device: str = "cpu") -> float:
    """The largest memory so far in MiB: of the process, or of its tensors on a GPU."""
    if torch.device(device).type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
