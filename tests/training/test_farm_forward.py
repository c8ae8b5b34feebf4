"""The farm's attention and loss are the model's own."""

import pytest
import torch
from torch.nn.functional import cross_entropy
from transformers import AutoConfig, AutoModelForCausalLM

from glasshouse.models.chat import Rendered
from glasshouse.training.attention import LONG, row_attention_in
from glasshouse.training.batches import share_out, slot_rows, to_tensors
from glasshouse.training.forward import TokenLoss


def tiny(architecture: str, **settings: object) -> torch.nn.Module:
    config = AutoConfig.for_model(
        architecture, vocab_size=40, hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, intermediate_size=48, head_dim=8, attn_implementation="eager", **settings,
    )  # fmt: skip
    torch.manual_seed(0)
    return AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval().requires_grad_(False)


@pytest.mark.parametrize("tokens", [1, 9, LONG + 3])
@pytest.mark.parametrize(
    ("architecture", "settings"),
    [("llama", {}), ("mistral", {"sliding_window": 5}), ("gemma2", {"attn_logit_softcapping": 2.0})],
)
def test_row_attention_is_the_models_attention(
    architecture: str, settings: dict[str, object], tokens: int
) -> None:
    model = tiny(architecture, **settings)
    ids = torch.randint(40, (2, tokens), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        own = model(ids).logits
        with row_attention_in(model):
            ours = model(ids).logits
        assert torch.equal(model(ids).logits, own)
    torch.testing.assert_close(ours, own, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("architecture", "settings", "whole"),
    [
        ("llama", {}, False),
        ("gemma2", {"final_logit_softcapping": 0.5}, False),
        ("granite", {"logits_scaling": 8.0}, True),
    ],
)
def test_the_loss_of_ragged_rows_is_that_of_each_row_alone(
    architecture: str, settings: dict[str, object], whole: bool
) -> None:
    model = tiny(architecture, **settings)
    rows = [Rendered(tuple(range(3, 3 + n)), tuple(i > 1 for i in range(n))) for n in (9, 7, 4)]
    loss = TokenLoss(model)
    [part] = share_out([slot_rows(0, rows, False)], 1000)
    with torch.no_grad(), row_attention_in(model):
        together = loss(to_tensors(part))
        alone = [
            cross_entropy(
                model(torch.tensor([r.ids])).logits[0, 1:-1], torch.tensor(r.ids[2:]), reduction="none"
            )
            for r in rows
        ]
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-5, rtol=1e-4)
    assert loss.whole == whole
