"""An adapter beside another one, written as one PEFT folder, does exactly what PEFT does with both."""

import json

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from glasshouse.errors import ModelError
from glasshouse.models.adapter import CONFIG, WEIGHTS, concat_adapters, read_adapter, write_adapter

pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")

IDS = torch.tensor([[1, 5, 9, 40, 77, 120, 33, 8]])
PAIRS = {
    "mixed ranks and alphas": ({"r": 2, "lora_alpha": 3}, {"r": 6, "lora_alpha": 32}),
    "rank-stabilized beside plain": ({"r": 8, "lora_alpha": 16, "use_rslora": True}, {"r": 3}),
    "patterns": (
        {"rank_pattern": {"q_proj": 2, r".*\.0\.mlp\.up_proj": 7}, "alpha_pattern": {"down_proj": 5}},
        {"use_rslora": True, "rank_pattern": {"v_proj": 1}, "alpha_pattern": {r".*\.1\..*_proj": 9}},
    ),
    "different targets": ({"target_modules": ["q_proj", "v_proj"]}, {"target_modules": ["down_proj"]}),
    "different layers": (
        {"target_modules": ["q_proj", "up_proj"], "layers_to_transform": [1]},
        {"target_modules": ["v_proj"]},
    ),
}


def peft_folder(base, folder, seed, **options):
    settings = {"r": 4, "lora_alpha": 8, "target_modules": "all-linear", "task_type": "CAUSAL_LM"} | options
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(base), LoraConfig(**settings))
    generator = torch.Generator().manual_seed(seed)
    for name, weight in model.named_parameters():
        if "lora_" in name:
            weight.data = torch.randn(weight.shape, generator=generator) / 4
    model.save_pretrained(folder)
    return folder


@torch.no_grad()
def logits(base, *folders):
    model = AutoModelForCausalLM.from_pretrained(base)
    if folders:
        model = PeftModel.from_pretrained(model, folders[0], adapter_name="0")
        for i, folder in enumerate(folders[1:], start=1):
            model.load_adapter(folder, adapter_name=str(i))
        model.base_model.set_adapter([str(i) for i in range(len(folders))])
    return model.eval()(IDS).logits


@pytest.mark.parametrize("architecture", ["llama", "qwen3", "gemma", "mistral"])
@pytest.mark.parametrize("pair", PAIRS)
def test_the_stacked_folder_equals_peft_with_both_adapters_active(tiny_folder, tmp_path, architecture, pair):
    base = tiny_folder(architecture)
    folders = [peft_folder(base, tmp_path / str(i), i, **options) for i, options in enumerate(PAIRS[pair])]
    first, second = map(read_adapter, folders)
    write_adapter(tmp_path / "both", concat_adapters(first, second), str(base))
    both, stacked = logits(base, *folders), logits(base, tmp_path / "both")
    assert (stacked - both).abs().max() <= 1e-4
    assert (both - logits(base, folders[0])).abs().max() > 1e-2
    assert (both - logits(base, folders[1])).abs().max() > 1e-2


REFUSED = {
    "use_dora": {"use_dora": True},
    "modules_to_save": {"modules_to_save": ["lm_head"]},
    "biases": {"bias": "lora_only"},
    "lora_bias": {"lora_bias": True},
    "trainable_token_indices": {"trainable_token_indices": [3]},
    "pissa": {"init_lora_weights": "pissa_niter_4"},
    "olora": {"init_lora_weights": "olora"},
    "layer_replication": {"layer_replication": [[0, 2], [1, 2]]},
    "alora_invocation_tokens": {"alora_invocation_tokens": [1, 2]},
}


@pytest.mark.parametrize("says", REFUSED)
def test_what_does_not_add_up_exactly_is_refused_in_one_sentence(tiny_folder, tmp_path, says):
    folder = peft_folder(tiny_folder("llama"), tmp_path / "a", 0)
    config = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(config | REFUSED[says]))
    with pytest.raises(ModelError, match=says) as error:
        read_adapter(folder)
    assert error.value.hint
    assert "\n" not in error.value.message


@pytest.mark.parametrize(
    "name",
    ["base_model.model.model.embed_tokens.weight", "base_model.model.model.embed_tokens.lora_embedding_A"],
)
def test_trained_or_resized_embeddings_are_refused(tiny_folder, tmp_path, name):
    folder = peft_folder(tiny_folder("llama"), tmp_path / "a", 0)
    save_file(load_file(folder / WEIGHTS) | {name: torch.ones(3, 4)}, folder / WEIGHTS)
    with pytest.raises(ModelError, match="embeddings"):
        read_adapter(folder)


def test_adapters_started_plainly_are_read(tiny_folder, tmp_path):
    folder = peft_folder(tiny_folder("llama"), tmp_path / "a", 0, init_lora_weights="gaussian")
    assert read_adapter(folder).rank == 4
