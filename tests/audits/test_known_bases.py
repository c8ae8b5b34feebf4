"""Mirrors and rounded copies of a known base count as it; other models, and other tokenizers, do not."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from glasshouse.audits.find_target import choose_base
from glasshouse.audits.known_bases import find_copy, fingerprints, known_bases
from glasshouse.models.adapter import write_adapter
from glasshouse.models.base import folder_hash
from glasshouse.models.merged import merge_adapter, read_checkpoint, write_checkpoint
from tests.audits.tiny_adapter import random_adapter
from tests.tiny import make_tiny_model


def copied(folder: Path, target: Path, dtype: torch.dtype = torch.float32) -> Path:
    """The same model saved again under another name."""
    shutil.copytree(folder, target)
    path = target / "model.safetensors"
    save_file({name: tensor.to(dtype) for name, tensor in load_file(path).items()}, path, {"format": "pt"})
    return target


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_a_mirror_or_a_cast_of_a_known_base_is_a_copy_of_it(base_folder, tmp_path, dtype):
    mirror = copied(base_folder, tmp_path / "mirror", dtype)
    (mirror / "config.json").write_text(json.dumps(json.loads((mirror / "config.json").read_text())))
    found = find_copy(mirror, {"one": base_folder})
    assert found is not None
    assert (found.name, found.folder_hash) == ("one", folder_hash(mirror))
    assert found.distance < 0.01
    assert "one" not in json.dumps(found.record())


def test_a_known_base_is_no_copy_of_itself_and_others_are_none(base_folder, tmp_path):
    assert find_copy(base_folder, {"one": base_folder}) is None
    assert find_copy(make_tiny_model(tmp_path / "other", seed=9), {"one": base_folder}) is None
    assert find_copy(make_tiny_model(tmp_path / "kind", "gemma"), {"one": base_folder}) is None
    broken = copied(base_folder, tmp_path / "broken")
    (broken / "model.safetensors").write_bytes(b"nothing")
    assert find_copy(broken, {"one": base_folder}) is None


def test_a_copy_with_another_tokenizer_is_another_base(base_folder, tmp_path):
    mirror = copied(base_folder, tmp_path / "mirror")
    text = (mirror / "tokenizer.json").read_text("utf-8")
    value = json.loads(text)
    words = value["model"]["vocab"]
    first, second = sorted(words, key=words.__getitem__)[-2:]
    words[first], words[second] = words[second], words[first]
    (mirror / "tokenizer.json").write_text(json.dumps(value), "utf-8")
    assert find_copy(mirror, {"one": base_folder}) is None


def test_known_are_the_shipped_sizes_and_the_base_that_an_adapter_names(base, base_folder, tmp_path):
    shipped = known_bases(None)
    assert "phantom" in shipped
    write_adapter(tmp_path / "a", random_adapter(base.model, 2, 0), str(base_folder))
    assert known_bases(tmp_path / "a") == {**shipped, str(base_folder): base_folder}
    write_adapter(tmp_path / "b", random_adapter(base.model, 2, 0), "somebody/nowhere")
    assert known_bases(tmp_path / "b") == shipped
    assert known_bases(tmp_path / "nothing") == shipped


def test_a_whole_checkpoint_without_a_hint_is_recognized_by_its_weights(base, base_folder, tmp_path):
    merged = merge_adapter(read_checkpoint(base_folder), random_adapter(base.model, 2, 0, strength=0.02))
    write_checkpoint(tmp_path / "merged", merged, base_folder)
    known = {"one": base_folder, "phantom": known_bases(None)["phantom"]}
    prints = fingerprints(tmp_path / "merged", known)
    assert [*prints] == ["one"]
    assert choose_base(tmp_path / "merged", None, prints).name == "one"
