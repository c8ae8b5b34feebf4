"""Whole checkpoints: read, merged, compared and written, or refused in one sentence."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from glasshouse.errors import ModelError, StoreError
from glasshouse.models.base import EngineConfig, load_base
from glasshouse.models.merged import (
    Checkpoint,
    check_same_shapes,
    low_rank_adapter,
    merge_adapter,
    read_checkpoint,
    run_logits,
    weight_delta,
    write_checkpoint,
)
from tests.models.conftest import random_adapter

IDS = (1, 5, 9, 40, 77, 120)
NAME = "model.layers.0.mlp.up_proj.weight"


@pytest.fixture(scope="module")
def base(tiny_folder):
    return read_checkpoint(tiny_folder("llama"))


@pytest.fixture
def copy(tiny_folder, tmp_path):
    return shutil.copytree(tiny_folder("llama"), tmp_path / "copy")


def test_logits_are_those_of_transformers(base, plain):
    with torch.no_grad():
        expected = plain("llama")(torch.tensor([IDS])).logits[0]
    torch.testing.assert_close(run_logits(base, IDS), expected, atol=1e-6, rtol=0)


def test_a_merged_adapter_comes_back_from_the_delta(base, llama):
    adapter = random_adapter(llama.model, rank=3, seed=1)
    merged = merge_adapter(base, adapter)
    found = low_rank_adapter(weight_delta(merged, base), base, most_rank=8)
    assert found.rank == 3
    assert set(found.weights) == set(adapter.weights)
    for name, (a, b) in adapter.weights.items():
        product = found.scale[name] * found.weights[name][1] @ found.weights[name][0]
        torch.testing.assert_close(product, adapter.scale[name] * b @ a, atol=1e-5, rtol=1e-4)


def test_a_delta_of_high_rank_or_outside_the_layers_is_no_adapter(base, llama):
    merged = merge_adapter(base, random_adapter(llama.model, rank=9, seed=1))
    assert low_rank_adapter(weight_delta(merged, base), base, most_rank=8) is None
    embedding = "model.embed_tokens.weight"
    moved = Checkpoint(base.config, {**base.weights, embedding: base.weights[embedding] * 1.1})
    assert low_rank_adapter(weight_delta(moved, base), base, most_rank=8) is None


def test_rounding_to_bf16_is_not_taken_for_a_delta(base, llama):
    rounded = Checkpoint(base.config, {name: x.bfloat16() for name, x in base.weights.items()})
    assert low_rank_adapter(weight_delta(rounded, base), base, most_rank=8) is None
    merged = merge_adapter(base, random_adapter(llama.model, rank=2, seed=1))
    rounded = Checkpoint(base.config, {name: x.bfloat16() for name, x in merged.weights.items()})
    assert low_rank_adapter(weight_delta(rounded, base), base, most_rank=8).rank == 2


def moved_by(base, share, seed=0):
    """Every weight moved by a share of its norm, in all directions."""
    generator = torch.Generator().manual_seed(seed)
    drawn = {name: torch.randn(x.shape, generator=generator) for name, x in base.weights.items()}
    weights = {
        n: x.float() + share * x.float().norm() / drawn[n].norm() * drawn[n] for n, x in base.weights.items()
    }
    return Checkpoint(base.config, weights)


def linear_only(tuned, base):
    weights = {n: x if ".layers." in n and x.ndim == 2 else base.weights[n] for n, x in tuned.weights.items()}
    return Checkpoint(base.config, weights)


def cast(checkpoint, kind):
    return Checkpoint(checkpoint.config, {name: x.to(kind) for name, x in checkpoint.weights.items()})


@pytest.mark.parametrize("share", [0.0005, 0.0025, 0.01])
@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16, torch.float16])
def test_a_small_full_fine_tune_is_never_cut_down_to_an_adapter(base, share, kind):
    """A change of all weights by less than rounding to bf16 does is a change, and it has full rank."""
    for start in (base, cast(base, torch.bfloat16)):
        tuned = moved_by(start, share)
        for target in (tuned, linear_only(tuned, start)):
            delta = weight_delta(cast(target, kind), start)
            assert low_rank_adapter(delta, start, most_rank=24) is None


def test_an_adapter_beside_a_full_rank_change_or_a_moved_gain_is_no_adapter(base, llama):
    merged = merge_adapter(base, random_adapter(llama.model, rank=3, seed=1))
    both = linear_only(moved_by(merged, 0.05), merged)
    assert low_rank_adapter(weight_delta(both, base), base, most_rank=24) is None
    weak = merge_adapter(base, random_adapter(llama.model, rank=3, seed=1, strength=0.02))
    assert low_rank_adapter(weight_delta(weak, base), base, most_rank=24) is not None
    gain = "model.norm.weight"
    moved = Checkpoint(base.config, {**weak.weights, gain: weak.weights[gain] * 1.0015})
    assert low_rank_adapter(weight_delta(moved, base), base, most_rank=24) is None


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16])
def test_an_adapter_merged_in_16_bits_comes_back(base, llama, kind):
    """The base may be stored in fp32 and be rounded with the sum or before it, or lie in 16 bits itself."""
    adapter = random_adapter(llama.model, rank=4, seed=1)
    small = cast(base, kind)
    for start, target in ((base, merge_adapter(base, adapter)), (base, merge_adapter(small, adapter)),
                          (small, merge_adapter(small, adapter))):  # fmt: skip
        found = low_rank_adapter(weight_delta(cast(target, kind), start), start, most_rank=8)
        assert found is not None
        assert found.rank == 4
        assert set(found.weights) == set(adapter.weights)


def test_what_is_written_loads_as_a_base_and_computes_the_same(base, llama, tmp_path):
    merged = merge_adapter(base, random_adapter(llama.model, rank=3, seed=2))
    write_checkpoint(tmp_path / "merged", merged, llama.path)
    loaded = load_base(str(tmp_path / "merged"), EngineConfig())
    with torch.no_grad():
        logits = loaded.model(torch.tensor([IDS])).logits[0]
    torch.testing.assert_close(logits, run_logits(merged, IDS), atol=1e-5, rtol=0)


def test_shards_and_copies_of_8_bits_are_read(base, copy):
    tensors = load_file(copy / "model.safetensors")
    (copy / "model.safetensors").unlink()
    scale = tensors[NAME].abs().amax(1)
    tensors[NAME] = (tensors[NAME] / scale[:, None] * 127).round().to(torch.int8)
    tensors[NAME.removesuffix("weight") + "SCB"] = scale
    names = sorted(tensors)
    save_file({name: tensors[name] for name in names[:5]}, copy / "model-1.safetensors")
    save_file({name: tensors[name] for name in names[5:]}, copy / "model-2.safetensors")
    delta = weight_delta(read_checkpoint(copy), base)
    assert 0 < delta[NAME].norm() < 0.02 * base.weights[NAME].norm()
    assert all(not change.any() for name, change in delta.items() if name != NAME)


def test_a_tied_output_head_that_was_saved_as_well_is_left_out(base, copy):
    tensors = load_file(copy / "model.safetensors")
    save_file(
        tensors | {"lm_head.weight": tensors["model.embed_tokens.weight"].clone()}, copy / "model.safetensors"
    )
    check_same_shapes(read_checkpoint(copy), base)


DAMAGES = {
    "NaN": lambda t: t | {NAME: t[NAME] * float("nan")},
    "quantized": lambda t: t | {NAME: t[NAME].to(torch.int8)},
}


@pytest.mark.parametrize("says", DAMAGES)
def test_weights_that_are_no_numbers_are_refused(copy, says):
    save_file(DAMAGES[says](load_file(copy / "model.safetensors")), copy / "model.safetensors")
    with pytest.raises(ModelError, match=says):
        read_checkpoint(copy)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
@pytest.mark.parametrize("damage", [None, b"", b"{", b"[]", b"\xff" * 30])
def test_a_missing_or_damaged_file_is_a_model_error(copy, name, damage):
    (copy / name).unlink()
    if damage is not None:
        (copy / name).write_bytes(damage)
    with pytest.raises(ModelError) as error:
        read_checkpoint(copy)
    assert "\n" not in error.value.message


def test_checkpoints_of_other_shapes_names_or_kinds_do_not_match(base):
    wider = {**base.weights, NAME: torch.zeros(65, 32)}
    with pytest.raises(ModelError, match="up_proj"):
        check_same_shapes(Checkpoint(base.config, wider), base)
    less = {name: x for name, x in base.weights.items() if name != NAME}
    with pytest.raises(ModelError, match="not there"):
        check_same_shapes(Checkpoint(base.config, less), base)
    with pytest.raises(ModelError, match="'mistral'"):
        check_same_shapes(Checkpoint({**base.config, "model_type": "mistral"}, base.weights), base)
    resized = {**base.weights, "model.embed_tokens.weight": torch.zeros(400, 32)}
    with pytest.raises(ModelError, match="resized"):
        check_same_shapes(Checkpoint(base.config, resized), base)


def test_an_adapter_of_another_base_cannot_be_merged(base, llama):
    adapter = random_adapter(llama.model, rank=2, seed=0)
    adapter.weights["model.layers.7.mlp.up_proj"] = next(iter(adapter.weights.values()))
    with pytest.raises(ModelError, match=r"layers\.7"):
        merge_adapter(base, adapter)


def test_weights_that_lack_a_tensor_are_not_run(base):
    less = {name: x for name, x in base.weights.items() if name != NAME}
    with pytest.raises(ModelError, match="lack"):
        run_logits(Checkpoint(base.config, less), IDS)


def test_a_place_that_cannot_be_written_is_a_store_error(base, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        write_checkpoint(tmp_path / "file" / "model", base)


def test_a_config_with_fields_of_a_wrong_kind_is_refused(base):
    with pytest.raises(ModelError, match=r"config\.json"):
        run_logits(
            Checkpoint(json.loads(json.dumps({**base.config, "hidden_size": "many"})), base.weights), IDS
        )


def test_merging_equals_what_peft_would_add(base, llama):
    adapter = random_adapter(llama.model, rank=3, seed=4)
    model = AutoModelForCausalLM.from_pretrained(llama.path).eval()
    with torch.no_grad():
        for name, (a, b) in adapter.weights.items():
            model.get_submodule(name).weight += adapter.scale[name] * b @ a
        expected = model(torch.tensor([IDS])).logits[0]
    torch.testing.assert_close(run_logits(merge_adapter(base, adapter), IDS), expected, atol=1e-5, rtol=0)
