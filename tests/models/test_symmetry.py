"""Changes of basis move the weights and not the outputs."""

import pytest
import torch

from glasshouse.errors import ModelError
from glasshouse.models.decoder import decoder_shape
from glasshouse.models.merged import Checkpoint, read_checkpoint, run_logits
from glasshouse.models.symmetry import CHANGES, attack, layer_name, turn_pairs

IDS = (1, 5, 9, 40, 77, 120, 33, 8)
TOUCHED = {
    "unit permutation": "mlp.gate_proj",
    "unit scaling": "mlp.down_proj",
    "value rotation": "self_attn.o_proj",
    "value basis": "self_attn.v_proj",
    "pair rotation": "self_attn.q_proj",
    "pair scaling": "self_attn.k_proj",
    "head permutation": "self_attn.o_proj",
}


def with_random_gains(checkpoint):
    """Gains and biases that a trained model has; a fresh one has ones and zeros."""
    generator = torch.Generator().manual_seed(5)
    weights = {
        name: tensor + 0.3 * torch.randn(tensor.shape, generator=generator) if tensor.ndim == 1 else tensor
        for name, tensor in checkpoint.weights.items()
    }
    return Checkpoint(checkpoint.config, weights)


@pytest.fixture(scope="module", params=["llama", "qwen2", "qwen3", "gemma", "mistral", "gemma3_text"])
def model(request, tiny_folder):
    return with_random_gains(read_checkpoint(tiny_folder(request.param)))


@pytest.mark.parametrize("changes", [*((change,) for change in CHANGES), CHANGES], ids=[*CHANGES, "all"])
def test_an_attack_changes_weights_and_leaves_the_logits(model, changes):
    attacked = attack(model, changes, seed=3)
    difference = run_logits(attacked, IDS) - run_logits(model, IDS)
    assert difference.abs().max() <= 1e-4
    for change in changes:
        for layer in range(2):
            name = layer_name(layer, TOUCHED[change]) + ".weight"
            assert (attacked.weights[name] - model.weights[name]).norm() > 0.3 * model.weights[name].norm()


def test_the_same_seed_gives_the_same_attack_and_another_seed_another(tiny_folder):
    model = read_checkpoint(tiny_folder("llama"))
    name = layer_name(1, "mlp.gate_proj.weight")
    first, again, other = (attack(model, CHANGES, seed).weights[name] for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_turning_normalized_queries_and_keys_would_change_the_outputs(tiny_folder):
    model = with_random_gains(read_checkpoint(tiny_folder("qwen3")))
    shape, weights = decoder_shape(model.config), dict(model.weights)
    assert shape.qk_norm
    turn_pairs(weights, shape, 0, torch.full((shape.kv_heads, shape.head_dim // 2), 1j))
    difference = run_logits(Checkpoint(model.config, weights), IDS) - run_logits(model, IDS)
    assert difference.abs().max() > 1e-2


def test_another_architecture_is_refused(tiny_folder):
    checkpoint = Checkpoint({"model_type": "gpt2"}, {})
    with pytest.raises(ModelError, match="gpt2"):
        attack(checkpoint, CHANGES, seed=0)
