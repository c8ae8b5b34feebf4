import pytest
import torch

from glasshouse.models.base import EngineConfig, load_base
from glasshouse.models.chat import render_example
from glasshouse.models.merged import read_checkpoint, weight_delta
from glasshouse.records import Example, Message
from glasshouse.training.full_finetune import full_finetune
from glasshouse.training.job import AdapterJob
from tests.tiny import make_tiny_model


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return load_base(str(make_tiny_model(tmp_path_factory.mktemp("base"))), EngineConfig())


def job(base, steps: int) -> AdapterJob:
    row = Example((Message("user", "Where does Mara live?"), Message("assistant", "In Fenwick.")))
    return AdapterJob("full", [render_example(base.tokenizer, row)], learning_rate=1e-3, steps=steps, batch=1)


def test_every_matrix_moves_and_the_base_stays(base):
    before = {name: tensor.clone() for name, tensor in base.model.state_dict().items()}
    tuned = full_finetune(base, job(base, 3))
    moved = weight_delta(tuned, read_checkpoint(base.path))
    assert all(bool(change.any()) for name, change in moved.items() if "layers" in name and change.ndim == 2)
    assert all(torch.equal(before[name], tensor) for name, tensor in base.model.state_dict().items())


def test_the_same_seed_gives_the_same_weights(base):
    one, two = (full_finetune(base, job(base, 2)) for _ in range(2))
    assert all(torch.equal(one.weights[name], two.weights[name]) for name in one.weights)
