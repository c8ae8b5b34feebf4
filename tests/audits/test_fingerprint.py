"""Copies are recognized in any dtype, fine-tunes are related, other models are strangers."""

import pytest
import torch

from glasshouse.audits.fingerprint import distance, fingerprint, recognize, relation
from glasshouse.errors import ModelError
from tests.audits.test_canonical import fine_tuned, small_model


def in_8_bits(weights):
    found = {}
    for name, old in weights.items():
        scale = old.abs().amax(-1, keepdim=True) / 127
        found[name] = (old / scale).round() * scale if old.ndim == 2 else old
    return found


@pytest.fixture(scope="module")
def bases():
    return [small_model("llama", seed) for seed in range(3)]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_a_copy_in_another_dtype_is_the_same(bases, dtype):
    copy = {name: tensor.to(dtype) for name, tensor in bases[0].weights.items()}
    assert relation(fingerprint(bases[0].weights), fingerprint(copy)) == "same"


def test_a_copy_of_8_bits_is_the_same(bases):
    own, copy = fingerprint(bases[0].weights), fingerprint(in_8_bits(bases[0].weights))
    assert 0.001 < distance(own, copy) < 0.02
    assert relation(own, copy) == "same"


def test_models_drawn_otherwise_are_strangers(bases):
    prints = [fingerprint(base.weights) for base in bases]
    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert distance(prints[first], prints[second]) == pytest.approx(2**0.5, rel=0.1)
        assert relation(prints[first], prints[second]) == "other"


@pytest.mark.parametrize("relative", [0.1, 0.4])
def test_the_distance_of_a_fine_tune_is_that_of_its_weights(bases, relative):
    own = fingerprint(bases[0].weights)
    changed = fingerprint(fine_tuned(bases[0], relative).weights)
    layers_only = [name for name in own.values if ".layers." in name]
    gaps = [torch.tensor(own.values[n]) - torch.tensor(changed.values[n]) for n in layers_only]
    assert float(torch.stack(gaps).square().mean().sqrt()) == pytest.approx(relative, rel=0.2)
    assert relation(own, changed) == "related"


def test_the_nearest_known_base_is_recognized_and_strangers_are_not(bases):
    known = {f"base-{i}": fingerprint(base.weights) for i, base in enumerate(bases[:2])}
    name, apart = recognize(fingerprint(fine_tuned(bases[1], 0.05).weights), known)
    assert name == "base-1"
    assert apart < 0.1
    assert recognize(fingerprint(bases[2].weights), known) is None
    assert recognize(fingerprint(bases[2].weights), {}) is None


def test_models_of_other_shapes_have_no_distance(bases):
    other = {name: torch.zeros(3, 5) for name, old in bases[0].weights.items() if old.ndim == 2}
    assert distance(fingerprint(bases[0].weights), fingerprint(other)) is None
    assert relation(fingerprint(bases[0].weights), fingerprint(other)) == "other"


def test_weights_of_an_unknown_kind_are_refused():
    with pytest.raises(ModelError, match="known kind"):
        fingerprint({"transformer.h.0.attn.c_attn.weight": torch.ones(2, 2)})
