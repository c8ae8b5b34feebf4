"""Attacked checkpoints come back into the base's coordinates with their fine-tune intact."""

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from glasshouse.audits.canonical import canonicalize, logit_difference
from glasshouse.audits.canonical_mlp import match_units, units_of
from glasshouse.audits.tamper import energy_rank, tamper_alarm
from glasshouse.errors import ModelError
from glasshouse.models.decoder import decoder_shape
from glasshouse.models.merged import Checkpoint, weight_delta
from glasshouse.models.symmetry import CHANGES, attack, permute_units

IDS = (1, 5, 9, 40, 77, 120, 33, 8)
LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


def small_model(architecture, seed=0):
    """Two layers of width 64; gains as in a trained model, not all one."""
    config = AutoConfig.for_model(
        architecture, vocab_size=160, hidden_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, intermediate_size=128, head_dim=16, tie_word_embeddings=True, pad_token_id=0,
        bos_token_id=1, eos_token_id=2,
    )  # fmt: skip
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    generator = torch.Generator().manual_seed(seed)
    weights = {}
    for name, old in model.state_dict().items():
        if name == "lm_head.weight":
            continue
        noise = torch.randn(old.shape, generator=generator)
        weights[name] = 0.15 * noise if old.ndim == 2 else old + 0.2 * noise
    return Checkpoint(config.to_dict(), weights)


def fine_tuned(base, relative, rank=4, dense=0.0, seed=1):
    """Every linear layer moved by a random matrix of low rank, plus some of full rank."""
    generator = torch.Generator().manual_seed(seed)
    weights = dict(base.weights)
    for name, old in base.weights.items():
        if old.ndim != 2 or name.split(".")[-2] not in LINEAR:
            continue
        left, right = (
            torch.randn(len(old), rank, generator=generator),
            torch.randn(rank, old.shape[1], generator=generator),
        )
        change, noise = left @ right, torch.randn(old.shape, generator=generator)
        weights[name] = old + old.norm() * (relative * change / change.norm() + dense * noise / noise.norm())
    return Checkpoint(base.config, weights)


def recovery_error(canonical, honest, base):
    """Largest relative error of a layer's delta."""
    found, true = weight_delta(canonical.checkpoint, base), weight_delta(honest, base)
    return max(float((found[n] - true[n]).norm() / true[n].norm()) for n in true if true[n].norm() > 0)


@pytest.fixture(scope="module")
def llama():
    return small_model("llama")


@pytest.mark.parametrize("relative", [0.025, 0.3, 1.0, 2.0])
def test_a_permutation_of_units_is_recovered_exactly_under_deltas_of_any_size(llama, relative):
    target = dict(fine_tuned(llama, relative).weights)
    order = torch.randperm(128, generator=torch.Generator().manual_seed(7))
    permute_units(target, 0, order)
    match = match_units(units_of(target, llama.weights, 0), units_of(llama.weights, llama.weights, 0))
    assert torch.equal(match.order[order.argsort()], torch.arange(128)) or torch.equal(
        order[match.order], torch.arange(128)
    )
    assert match.scaled == 0


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("relative", [0.025, 0.5, 2.0])
def test_each_change_is_undone_and_the_delta_comes_back(llama, change, relative):
    honest = fine_tuned(llama, relative)
    canonical = canonicalize(attack(honest, (change,), seed=4), llama, IDS)
    assert canonical.same_function
    assert canonical.tampered
    assert recovery_error(canonical, honest, llama) < 1e-3
    assert canonical.problem is None


@pytest.mark.parametrize("architecture", ["llama", "mistral", "qwen2", "qwen3", "gemma", "gemma3_text"])
@pytest.mark.parametrize("relative", [0.025, 0.5, 2.0])
def test_all_changes_together_are_undone(architecture, relative):
    base = small_model(architecture)
    honest = fine_tuned(base, relative)
    canonical = canonicalize(attack(honest, CHANGES, seed=4), base, IDS)
    assert canonical.before.fired
    assert canonical.same_function
    assert canonical.problem is None
    assert recovery_error(canonical, honest, base) < 1e-3


@pytest.mark.parametrize(
    ("relative", "dense"), [(0.0, 0.0), (0.05, 0.0), (1.5, 0.0), (0.1, 0.05), (0.0, 0.2)]
)
@pytest.mark.parametrize("architecture", ["llama", "qwen3"])
def test_honest_fine_tunes_stay_as_they_are_without_alarm(architecture, relative, dense):
    base = small_model(architecture)
    for seed in range(3):
        canonical = canonicalize(fine_tuned(base, relative, 4, dense, seed), base, IDS)
        assert not canonical.tampered
        assert not any(layer.anything for layer in canonical.layers)
        assert canonical.problem is None


def test_a_dense_fine_tune_comes_back_up_to_the_noise(llama):
    honest = fine_tuned(llama, 0.1, dense=0.05)
    canonical = canonicalize(attack(honest, CHANGES, seed=2), llama, IDS)
    assert canonical.same_function
    assert canonical.problem is None
    assert recovery_error(canonical, honest, llama) < 0.3
    assert sum(layer.units_moved for layer in canonical.layers) > 200


def test_what_no_change_of_basis_explains_is_a_problem(llama):
    stranger = small_model("llama", seed=9)
    canonical = canonicalize(stranger, llama, IDS)
    assert canonical.same_function
    assert canonical.after.fired
    assert "farther from the base" in canonical.problem


def with_permuted_width(checkpoint, seed):
    """The same function with the residual stream's coordinates in another order."""
    order = torch.randperm(64, generator=torch.Generator().manual_seed(seed))
    weights = {}
    for name, old in checkpoint.weights.items():
        last = name.split(".")[-2]
        rows = last in ("o_proj", "down_proj") or old.ndim == 1
        weights[name] = old[order] if rows else old[:, order]
    return Checkpoint(checkpoint.config, weights)


def test_a_change_of_basis_that_is_not_undone_is_a_problem_and_not_silence(llama):
    honest = fine_tuned(llama, 0.1)
    hidden = with_permuted_width(honest, seed=1)
    assert logit_difference(hidden, honest, IDS) < 1e-4
    canonical = canonicalize(hidden, llama, IDS)
    assert canonical.before.fired
    assert "no change of basis explains it" in canonical.problem


def trained(base, steps, rate, seed):
    """Every weight trained on random rows, as a full fine-tune is."""
    config = AutoConfig.for_model(**{**base.config})
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.load_state_dict(base.weights, strict=False)
    model.tie_weights()
    rows = torch.randint(3, 160, (8, 12), generator=torch.Generator().manual_seed(seed))
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    for _ in range(steps):
        loss = model(rows, labels=rows).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    weights = {name: x.detach().clone() for name, x in model.state_dict().items() if name in base.weights}
    return Checkpoint(base.config, weights)


@pytest.mark.parametrize(("steps", "rate"), [(20, 1e-4), (20, 3e-3)])
@pytest.mark.parametrize("architecture", ["llama", "qwen3"])
def test_full_fine_tunes_trained_for_real_raise_no_alarm(architecture, steps, rate):
    base = small_model(architecture)
    target = trained(base, steps, rate, seed=2)
    canonical = canonicalize(target, base, IDS)
    assert canonical.before.largest > 1e-3
    assert not canonical.tampered
    assert canonical.problem is None


def test_a_full_fine_tune_that_was_attacked_comes_back(llama):
    honest = trained(llama, 20, 1e-3, seed=3)
    canonical = canonicalize(attack(honest, CHANGES, seed=6), llama, IDS)
    assert canonical.tampered
    assert canonical.problem is None
    assert recovery_error(canonical, honest, llama) < 0.3


def test_the_alarm_tells_a_permutation_from_a_large_delta_of_low_rank(llama):
    assert not tamper_alarm(fine_tuned(llama, 2.0), llama).fired
    alarm = tamper_alarm(attack(llama, ("unit permutation",), seed=1), llama)
    assert alarm.fired
    assert alarm.largest == pytest.approx(2**0.5, rel=0.1)


def test_the_rank_of_a_delta_counts_its_energy():
    big = torch.diag(torch.tensor([10.0, 10.0, 0.5, 0.1]))
    assert energy_rank(big) == 2
    assert energy_rank(torch.zeros(3, 4)) == 0
    assert energy_rank(torch.eye(100)) == 99


def test_a_change_that_moves_the_outputs_is_seen(llama):
    assert logit_difference(llama, llama, IDS) == 0
    assert logit_difference(fine_tuned(llama, 0.05), llama, IDS) > 0.01
    assert logit_difference(attack(llama, CHANGES, seed=1), llama, IDS) < 1e-3


def test_checkpoints_that_do_not_fit_are_refused(llama):
    other = small_model("qwen3")
    with pytest.raises(ModelError, match="'llama'"):
        canonicalize(llama, other, IDS)
    shape = decoder_shape(llama.config)
    assert (shape.layers, shape.group, shape.qk_norm) == (2, 2, False)
