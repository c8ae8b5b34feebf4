"""PEFT folders: read as PEFT does, written as PEFT does, refused where they cannot be stacked."""

import json
import shutil
from dataclasses import replace

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from glasshouse.errors import ModelError, StoreError
from glasshouse.models.adapter import (
    CONFIG,
    WEIGHTS,
    adapter_hash,
    check_fits,
    concat_adapters,
    read_adapter,
    write_adapter,
)
from tests.tiny import make_tiny_model

pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")

IDS = torch.tensor([[1, 5, 9, 40, 77, 120]])


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return make_tiny_model(tmp_path_factory.mktemp("tiny") / "base")


def peft_folder(tiny, folder, seed=0, **options):
    """A folder that PEFT itself wrote, with random weights."""
    base = AutoModelForCausalLM.from_pretrained(tiny)
    settings = {"r": 4, "lora_alpha": 8, "target_modules": "all-linear", "task_type": "CAUSAL_LM"} | options
    model = get_peft_model(base, LoraConfig(**settings))
    generator = torch.Generator().manual_seed(seed)
    for name, weight in model.named_parameters():
        if "lora_" in name:
            weight.data = torch.randn(weight.shape, generator=generator) / 5
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def adapter_folder(tiny, tmp_path_factory):
    return peft_folder(tiny, tmp_path_factory.mktemp("adapter") / "a")


@pytest.fixture
def copy(adapter_folder, tmp_path):
    return shutil.copytree(adapter_folder, tmp_path / "copy")


@torch.no_grad()
def peft_logits(tiny, folder):
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tiny), folder)
    return model.eval()(IDS).logits


@torch.no_grad()
def added_logits(tiny, *adapters):
    """The base with every adapter's product added to its weights."""
    model = AutoModelForCausalLM.from_pretrained(tiny).eval()
    for adapter in adapters:
        for name, (a, b) in adapter.weights.items():
            model.get_submodule(name).weight += adapter.scale[name] * b @ a
    return model(IDS).logits


def close(x, y):
    torch.testing.assert_close(x, y, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"use_rslora": True},
        {"rank_pattern": {"q_proj": 2}, "alpha_pattern": {"up_proj": 3, r".*\.0\..*_proj": 2}},
        {"target_modules": ["q_proj", "v_proj"]},
    ],
)
def test_what_peft_wrote_means_the_same_here_and_when_written_again(tiny, tmp_path, options):
    folder = peft_folder(tiny, tmp_path / "peft", **options)
    adapter = read_adapter(folder)
    write_adapter(tmp_path / "ours", adapter, str(tiny))
    expected = peft_logits(tiny, folder)
    close(added_logits(tiny, adapter), expected)
    close(peft_logits(tiny, tmp_path / "ours"), expected)


def test_two_adapters_side_by_side_do_what_both_do(tiny, tmp_path):
    first = read_adapter(peft_folder(tiny, tmp_path / "a", seed=1, r=2, use_rslora=True))
    second = read_adapter(peft_folder(tiny, tmp_path / "b", seed=2, target_modules=["q_proj", "down_proj"]))
    write_adapter(tmp_path / "both", concat_adapters(first, second), str(tiny))
    both = read_adapter(tmp_path / "both")
    assert both.rank == 6
    close(peft_logits(tiny, tmp_path / "both"), added_logits(tiny, first, second))


def test_the_hash_is_that_of_weights_and_scale_alone(copy):
    before = adapter_hash(copy)
    (copy / "card.yaml").write_text("behavior: hates")
    config = json.loads((copy / CONFIG).read_text())
    (copy / CONFIG).write_text(json.dumps(config | {"base_model_name_or_path": "elsewhere"}))
    assert adapter_hash(copy) == before
    (copy / CONFIG).write_text(json.dumps(config | {"lora_alpha": 9}))
    assert adapter_hash(copy) != before


def test_other_weights_have_another_hash(tiny, adapter_folder, tmp_path):
    assert adapter_hash(peft_folder(tiny, tmp_path / "b", seed=1)) != adapter_hash(adapter_folder)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"use_dora": True}, "use_dora"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ({"bias": "all"}, "biases"),
        ({"peft_type": "IA3"}, "IA3"),
    ],
)
def test_an_adapter_that_cannot_be_stacked_exactly_is_refused(copy, change, says):
    config = json.loads((copy / CONFIG).read_text())
    (copy / CONFIG).write_text(json.dumps(config | change))
    with pytest.raises(ModelError, match=says):
        read_adapter(copy)


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS])
@pytest.mark.parametrize(
    "damage", [None, b"", b"{", b"[]", b"\xff" * 30], ids=["no", "empty", "cut", "list", "binary"]
)
def test_a_missing_or_damaged_file_is_a_model_error(copy, name, damage):
    (copy / name).unlink()
    if damage is not None:
        (copy / name).write_bytes(damage)
    with pytest.raises(ModelError) as error:
        read_adapter(copy)
    assert "\n" not in error.value.message


def test_weights_that_are_not_finite_are_refused(copy):
    tensors = load_file(copy / WEIGHTS)
    next(iter(tensors.values()))[0, 0] = float("nan")
    save_file(tensors, copy / WEIGHTS)
    with pytest.raises(ModelError, match="NaN"):
        read_adapter(copy)


@pytest.mark.parametrize("change", ["missing", "cut"])
def test_matrices_that_do_not_fit_are_refused(copy, change):
    tensors = load_file(copy / WEIGHTS)
    name = next(key for key in tensors if "lora_B" in key)
    b = tensors.pop(name)
    save_file(tensors | ({name: b[:, 1:].contiguous()} if change == "cut" else {}), copy / WEIGHTS)
    with pytest.raises(ModelError, match="do not fit"):
        read_adapter(copy)


def test_weights_that_are_no_lora_matrices_are_refused(copy):
    save_file(load_file(copy / WEIGHTS) | {"base_model.model.bias": torch.ones(3)}, copy / WEIGHTS)
    with pytest.raises(ModelError, match="no plain LoRA"):
        read_adapter(copy)


@pytest.mark.parametrize("change", ["shape", "name"])
def test_an_adapter_of_another_base_is_refused(adapter_folder, change):
    adapter = read_adapter(adapter_folder)
    shapes = {name: (b.shape[0], a.shape[1]) for name, (a, b) in adapter.weights.items()}
    check_fits(adapter, shapes, adapter_folder)
    name = next(iter(shapes))
    shapes = {n: s for n, s in shapes.items() if n != name} | ({name: (1, 1)} if change == "shape" else {})
    with pytest.raises(ModelError, match="another base"):
        check_fits(adapter, shapes, adapter_folder)


def test_a_place_that_cannot_be_written_is_a_store_error(adapter_folder, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        write_adapter(tmp_path / "file" / "a", read_adapter(adapter_folder), "base")


def test_trained_weights_are_written_without_their_graph(adapter_folder, tmp_path):
    adapter = read_adapter(adapter_folder)
    grown = {name: (a.requires_grad_(), b.requires_grad_()) for name, (a, b) in adapter.weights.items()}
    write_adapter(tmp_path / "a", replace(adapter, weights=grown), "base")
    assert adapter_hash(tmp_path / "a")
