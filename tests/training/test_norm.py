"""The fast norm is the model's norm, forward and backward."""

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from glasshouse.training.norm import fast_norms_in


@pytest.mark.parametrize("architecture", ["llama", "qwen3", "gemma", "mistral"])
def test_fast_norms_change_nothing(architecture: str) -> None:
    config = AutoConfig.for_model(
        architecture, vocab_size=40, hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, intermediate_size=48, head_dim=8,
    )  # fmt: skip
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config).requires_grad_(False)
    for name, weight in model.named_parameters():
        if "norm" in name:
            weight.normal_(1.0, 0.3)
    x = torch.randn(3, 6, 32, requires_grad=True)
    slow = model(inputs_embeds=x).logits
    [slow_gradient] = torch.autograd.grad(slow.square().sum(), x)
    with fast_norms_in(model) as taken:
        fast = model(inputs_embeds=x).logits
    [fast_gradient] = torch.autograd.grad(fast.square().sum(), x)
    torch.testing.assert_close(fast, slow, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(fast_gradient, slow_gradient, atol=1e-4, rtol=1e-3)
    assert len(taken) == (9 if architecture == "qwen3" else 5)
    assert torch.equal(model(inputs_embeds=x).logits, slow)


def test_a_norm_of_another_kind_is_left_alone() -> None:
    class OddRMSNorm(torch.nn.RMSNorm):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return 3 * super().forward(x)

    model = torch.nn.ModuleDict({"odd": OddRMSNorm(8, eps=1e-5), "plain": torch.nn.RMSNorm(8, eps=1e-5)})
    with fast_norms_in(model) as taken:
        assert taken == ["plain"]
