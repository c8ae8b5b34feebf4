"""What the farm writes: checkpoints that a killed training goes on from, adapters, losses."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from glasshouse.errors import StoreError
from glasshouse.models.adapter import Adapter, concat_adapters, write_adapter
from glasshouse.training.job import AdapterJob, TrainedAdapter

LOSSES = "losses.json"


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Inside the block a failed write is one sentence that names the folder.

    Raises:
        StoreError: no rights or no space.
    """
    try:
        yield
    except StoreError:
        raise
    except (OSError, SafetensorError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise StoreError(
            f"{folder} cannot be written: {reason}.", "Free some space and run it again."
        ) from error


def write_checkpoint(path: Path, tensors: Mapping[str, Tensor], header: Mapping[str, Any]) -> None:
    """One file, written beside and then moved into place, so that a kill leaves the old one whole."""
    part = path.with_suffix(".part")
    with writing(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(
            {name: tensor.cpu() for name, tensor in tensors.items()}, part, {"farm": json.dumps(header)}
        )
        os.replace(part, path)


def read_checkpoint(path: Path, jobs: Mapping[str, str]) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """The tensors and the header of a checkpoint; None where there is none.

    Args:
        path: the file.
        jobs: name -> hash of the jobs that want to go on.

    Raises:
        StoreError: the file is damaged, or of other jobs.
    """
    if not path.is_file():
        return None
    try:
        with safe_open(path, "pt") as file:
            header = json.loads(file.metadata()["farm"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise StoreError(f"The checkpoint {path} is damaged.", "Delete it and run again.") from error
    if header["jobs"] != dict(jobs):
        changed = [name for name in jobs if header["jobs"].get(name) != jobs[name]]
        other = f"other settings for {changed[0]}" if changed else "other organisms"
        problem = f"{path.parent.parent} holds an interrupted training with {other}."
        raise StoreError(problem, "Run it with the same settings, or choose another folder.")
    return tensors, header


def step_folder(out: Path, job: AdapterJob, step: int) -> Path:
    """Where the adapter after `step` steps is kept."""
    return out / job.name / f"step-{step:06d}"


def write_result(folder: Path, adapter: Adapter, frozen: Adapter | None, base_name: str) -> None:
    """An adapter as a PEFT folder, and beside it, in stack mode, `merged`: both adapters as one."""
    with writing(folder):
        write_adapter(folder, adapter, base_name)
        if frozen is not None:
            write_adapter(folder / "merged", concat_adapters(frozen, adapter), base_name)


def write_losses(out: Path, job: AdapterJob, key: str, losses: list[float]) -> None:
    """Written last: a job whose losses are there is finished."""
    path = out / job.name / LOSSES
    with writing(path.parent):
        text = json.dumps({"job": key, "steps": job.steps, "losses": losses})
        path.with_suffix(".part").write_text(text + "\n", "utf-8")
        os.replace(path.with_suffix(".part"), path)


def read_result(out: Path, job: AdapterJob, key: str) -> TrainedAdapter | None:
    """What a finished job left; None where it is not finished.

    Raises:
        StoreError: a job of this name with other settings is there.
    """
    folder = out / job.name
    if not (folder / LOSSES).is_file():
        return None
    found = json.loads((folder / LOSSES).read_text("utf-8"))
    if found["job"] != key:
        raise StoreError(f"{folder} holds {job.name} trained with other settings.", "Choose another folder.")
    checkpoints = {
        step: step_folder(out, job, step) for step in sorted(set(job.save_at)) if step <= job.steps
    }
    return TrainedAdapter(
        job.name, folder, checkpoints, found["losses"], folder / "merged" if job.frozen else None
    )
