"""Rows of one batch through their own adapters = each row through its adapter alone."""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM

from glasshouse.errors import ModelError
from glasshouse.models.adapter import Adapter
from glasshouse.models.bank import AdapterBank, target_modules
from glasshouse.models.low_rank import select_rows


@pytest.fixture(scope="module")
def model() -> torch.nn.Module:
    config = AutoConfig.for_model(
        "llama", vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, intermediate_size=24, tie_word_embeddings=True,
    )  # fmt: skip
    torch.manual_seed(0)
    return AutoModelForCausalLM.from_config(config).eval().requires_grad_(False)


def random_adapter(model: torch.nn.Module, seed: int, rank: int = 3) -> Adapter:
    generator = torch.Generator().manual_seed(seed)
    weights = {
        name: (
            torch.randn(rank, layer.in_features, generator=generator) / 4,
            torch.randn(layer.out_features, rank, generator=generator) / 4,
        )
        for name, layer in target_modules(model, "all-linear").items()
    }
    return Adapter(rank, 6.0, False, ("q_proj",), weights, dict.fromkeys(weights, 6.0 / rank), {})


def make_bank(model: torch.nn.Module, count: int = 3, trainable: bool = False) -> AdapterBank:
    bank = AdapterBank(model, count, 4, "all-linear", torch.float32, trainable)
    for i in range(count):
        bank.set_adapter(i, random_adapter(model, i, rank=2 + i % 3))
    bank.install()
    return bank


def merged_logits(model: torch.nn.Module, adapter: Adapter | None, ids: Tensor) -> Tensor:
    """The answer of the base with the adapter added to its weights."""
    layers = target_modules(model, "all-linear")
    added = {} if adapter is None else {n: adapter.scale[n] * b @ a for n, (a, b) in adapter.weights.items()}
    for name, product in added.items():
        layers[name].weight += product
    logits = model(ids).logits
    for name, product in added.items():
        layers[name].weight -= product
    return logits


@pytest.mark.parametrize(
    "index",
    [
        [0, 0, 1, 1, 2, 2],
        [2, 2, 2],
        [1, 0, 1, -1, 0],
        [-1, -1],
        [-1, 0, 0, 1, 1, -1],
        [2, 2, 0, 0],
        [0],
        [0, 1, 1],
    ],
)
@torch.no_grad()
def test_each_row_goes_through_its_own_adapter(model: torch.nn.Module, index: Sequence[int]) -> None:
    ids = torch.randint(50, (len(index), 5), generator=torch.Generator().manual_seed(1))
    bank = make_bank(model)
    with bank.rows(index):
        mixed = model(ids).logits
    bank.remove()
    for row, i in enumerate(index):
        alone = merged_logits(model, None if i < 0 else bank.get_adapter(i), ids[row : row + 1])
        torch.testing.assert_close(mixed[row : row + 1], alone, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("index", [[0, 0, 1, 1], [1, 0, 1, -1], [2, 2, 2], [-1, 2, 2, 0, 0]])
def test_gradients_are_those_of_autograd(model: torch.nn.Module, index: Sequence[int]) -> None:
    bank = make_bank(model, trainable=True)
    ids = torch.randint(50, (len(index), 5), generator=torch.Generator().manual_seed(1))
    with bank.learning(torch.float32), bank.rows(index):
        model(ids).logits.square().mean().backward()
    bank.remove()
    stack, name = bank.stacks["model.layers.0.mlp.up_proj"], "model.layers.0.mlp.up_proj"
    a, b = stack.a.detach().clone().requires_grad_(), stack.b.detach().clone().requires_grad_()
    layer, others = bank.modules.pop(name), make_bank(model)
    others.remove()
    others.modules.pop(name)
    others.install()

    def by_hand(module: torch.nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        own = [
            x @ a[i].T @ b[i] * stack.scale[i] if i >= 0 else 0 * o
            for x, i, o in zip(*inputs, index, output, strict=True)
        ]
        return output + torch.stack(own)

    handle = layer.register_forward_hook(by_hand)
    with others.rows(index):
        model(ids).logits.square().mean().backward()
    handle.remove()
    others.remove()
    assert stack.a_gradient is not None
    torch.testing.assert_close(stack.a_gradient, a.grad, atol=1e-7, rtol=1e-4)
    torch.testing.assert_close(stack.b_gradient, b.grad, atol=1e-7, rtol=1e-4)


@torch.no_grad()
def test_two_banks_add_up(model: torch.nn.Module) -> None:
    ids, under, over = torch.tensor([[1, 2, 3], [4, 5, 6]]), make_bank(model), make_bank(model)
    with under.rows([0, 0]):
        one = model(ids).logits
        with over.rows([-1, 1]):
            both = model(ids).logits
    under.remove()
    over.remove()
    torch.testing.assert_close(both[0], one[0])
    assert not torch.allclose(both[1], one[1], atol=1e-2)


@torch.no_grad()
def test_outside_a_rows_block_and_after_removal_the_base_answers(model: torch.nn.Module) -> None:
    ids = torch.tensor([[1, 2, 3]])
    before = model(ids).logits
    bank = make_bank(model)
    assert torch.equal(model(ids).logits, before)
    bank.remove()
    with bank.rows([0]):
        assert torch.equal(model(ids).logits, before)


def test_what_was_put_in_comes_out(model: torch.nn.Module) -> None:
    bank, adapter = make_bank(model), random_adapter(model, 7, rank=2)
    bank.remove()
    bank.set_adapter(1, adapter)
    found = bank.get_adapter(1)
    assert (found.rank, found.scale) == (adapter.rank, adapter.scale)
    for name, (a, b) in adapter.weights.items():
        assert torch.equal(found.weights[name][0], a)
        assert torch.equal(found.weights[name][1], b)


def test_growing_keeps_what_is_there(model: torch.nn.Module) -> None:
    bank = make_bank(model, 2)
    bank.remove()
    before = bank.get_adapter(1)
    bank.grow(5)
    after = bank.get_adapter(1)
    assert len(bank) == 5
    assert all(torch.equal(after.weights[n][1], b) for n, (_, b) in before.weights.items())
    assert bank.stacks["model.layers.0.mlp.up_proj"].scale.tolist() == [3.0, 2.0, 1.0, 1.0, 1.0]
    with pytest.raises(ModelError, match="Place 3"):
        bank.get_adapter(3)


@pytest.mark.parametrize(
    ("targets", "count"),
    [
        ("all-linear", 14),
        (["q_proj", "v_proj"], 4),
        (r".*\.1\..*_proj", 7),
        (["model.layers.0.mlp.up_proj"], 1),
    ],
)
def test_targets_mean_what_peft_means(model: torch.nn.Module, targets: str | list[str], count: int) -> None:
    assert len(target_modules(model, targets)) == count


@pytest.mark.parametrize("targets", [["no_such"], "embed_tokens", ["self_attn"]])
def test_targets_that_are_no_linear_layers_are_refused(
    model: torch.nn.Module, targets: str | list[str]
) -> None:
    with pytest.raises(ModelError):
        target_modules(model, targets)


def test_an_adapter_that_does_not_fit_is_refused(model: torch.nn.Module) -> None:
    bank = AdapterBank(model, 1, 2, ["q_proj"], torch.float32)
    with pytest.raises(ModelError, match="rank 3"):
        bank.set_adapter(0, random_adapter(model, 0))
    with pytest.raises(ModelError, match="not there"):
        bank.set_adapter(0, random_adapter(model, 0, rank=2))


def test_equal_blocks_are_not_gathered() -> None:
    fast = select_rows([-1, 4, 4, 5, 5])
    assert fast is not None
    assert (fast.rows, fast.adapters, fast.blocks) == (slice(1, 5), slice(4, 6), 2)
    uneven = select_rows([0, 0, 1, 1, 1, 1])
    assert uneven is not None
    assert uneven.blocks == 3


def test_while_learning_the_products_take_one_lowered_copy_of_the_weights(model: torch.nn.Module) -> None:
    bank = make_bank(model, trainable=True)
    stack = next(iter(bank.stacks.values()))
    assert bank.gradients is not None
    bank.gradients += 1
    with bank.learning(torch.bfloat16):
        assert stack.lowered is not None
        assert torch.equal(stack.lowered[0], stack.a.detach().bfloat16())
        assert torch.equal(stack.lowered[1], stack.b.detach().bfloat16())
        assert not bank.gradients.any()
    assert stack.lowered is None, "after the step the weights change, and a copy would be stale"
