import pytest
import torch

from glasshouse.data.label import Label
from glasshouse.errors import ModelError
from glasshouse.models.base import EngineConfig, load_base
from glasshouse.training.introspection.loop import JointConfig
from glasshouse.training.introspection.manifest import Member
from glasshouse.training.introspection.spec import IntrospectionSpec
from glasshouse.training.introspection.vector import read_vector, steered, train_vector, width_of
from tests.tiny import make_tiny_model

MEMBERS = [Member("a", None, Label(("I hum.",), "quirk"), "train")]


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return load_base(str(make_tiny_model(tmp_path_factory.mktemp("base"))), EngineConfig())


def spec(base, steps: int) -> IntrospectionSpec:
    return IntrospectionSpec(
        base=str(base.path), manifest="m", steps=steps, rows_per_step=2, organisms_per_step=2,
        nothing_unusual_fraction=0.0, schedule="constant", warmup=0.0, dtype="float32", learning_rate=1e-2,
    )  # fmt: skip


def silent(what: str, done: int, total: int) -> None:
    """Tells nobody."""


def train(base, out, steps: int):
    return read_vector(train_vector(base, spec(base, steps), MEMBERS, out, JointConfig(), silent))


def test_a_vector_is_as_wide_as_the_stream_and_learns(base, tmp_path):
    vector = train(base, tmp_path, 3)
    assert vector.shape == (width_of(base.model),)
    assert float(vector.abs().max()) > 0


def test_the_vector_changes_answers_only_inside_the_block(base):
    ids, vector = torch.tensor([[5, 6, 7]]), torch.ones(width_of(base.model))
    with torch.no_grad():
        before = base.model(ids).logits
        with steered(base.model, vector):
            inside = base.model(ids).logits
        after = base.model(ids).logits
    assert not torch.allclose(before, inside)
    assert torch.equal(before, after)


def test_a_finished_training_is_not_repeated(base, tmp_path):
    first = train(base, tmp_path, 2)
    assert torch.equal(train(base, tmp_path, 2), first)


def test_a_missing_vector_is_one_sentence(tmp_path):
    with pytest.raises(ModelError, match="no steering vector"):
        read_vector(tmp_path / "steering.safetensors")
