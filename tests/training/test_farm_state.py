"""Checkpoints are whole or absent, and failures to write are one sentence."""

import errno
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError

from glasshouse.errors import StoreError
from glasshouse.training.farm_state import read_checkpoint, write_checkpoint, writing


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left"),
        (SafetensorError("I/O error: full"), "full"),
    ],
)
def test_a_full_disk_is_one_sentence_with_a_hint(error: Exception, reason: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=reason) as caught, writing(tmp_path):
        raise error
    assert "Free some space" in caught.value.hint


def test_a_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    path, tensor = tmp_path / "deep" / "a.safetensors", torch.randn(3, 4)
    assert read_checkpoint(path, {"a": "1"}) is None
    write_checkpoint(path, {"weights": tensor}, {"jobs": {"a": "1"}, "step": 7})
    found = read_checkpoint(path, {"a": "1"})
    assert found is not None
    assert torch.equal(found[0]["weights"], tensor)
    assert found[1]["step"] == 7
    assert [file.name for file in path.parent.iterdir()] == ["a.safetensors"]


@pytest.mark.parametrize(("jobs", "what"), [({"a": "2"}, "settings for a"), ({}, "other organisms")])
def test_a_checkpoint_of_other_jobs_is_refused(jobs: dict[str, str], what: str, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    write_checkpoint(path, {"weights": torch.zeros(1)}, {"jobs": {"a": "1"}, "step": 7})
    with pytest.raises(StoreError, match=what):
        read_checkpoint(path, jobs)


def test_a_damaged_checkpoint_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(b"\x10\x00")
    with pytest.raises(StoreError, match="is damaged"):
        read_checkpoint(tmp_path / "a.safetensors", {})
