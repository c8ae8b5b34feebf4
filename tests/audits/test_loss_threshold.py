"""A threshold that is measured on right and wrong adapters refuses those of other bases."""

import pytest
import torch

from glasshouse.audits.handover import hand_over
from glasshouse.audits.loss_threshold import (
    COPIES,
    measure_threshold,
    mixed_up,
    threshold_from_json,
    threshold_to_json,
)
from glasshouse.audits.provenance import CheckSettings
from glasshouse.audits.text_loss import PLAIN_TEXT, calibrate_threshold, check_losses
from glasshouse.errors import ConfigError, ModelError
from glasshouse.models.adapter import write_adapter
from glasshouse.models.base import EngineConfig, load_base
from glasshouse.models.chat import Rendered
from glasshouse.models.engine import Engine
from glasshouse.training.farm import AdapterJob, FarmConfig, LoraSettings, train_farm
from glasshouse.training.quick_adapters import train_quick_adapters
from tests.audits.tiny_adapter import random_adapter
from tests.tiny import make_tiny_model


def trained(engine, out, names, seed=0):
    """Adapters that learned plain text on this base."""
    pieces = [f"{part.strip()}. It goes on." for part in PLAIN_TEXT.split(".") if part.strip()]
    ids = [tuple(engine.base.tokenizer.encode(piece)) for piece in pieces]
    rows = [Rendered(row, (False, *([True] * (len(row) - 1)))) for row in ids]
    jobs = [AdapterJob(n, rows, LoraSettings(4, 8), 1e-2, 30, 4, seed + i) for i, n in enumerate(names)]
    return [one.folder for one in train_farm(engine.base, jobs, out, FarmConfig(dtype="float32"))]


@pytest.fixture(scope="module")
def world(engine, tmp_path_factory):
    """The base, right adapters, a threshold, and an adapter of another base of the same shapes."""
    folder = tmp_path_factory.mktemp("loss")
    right = trained(engine, folder / "right", ["a", "b", "c", "d"])
    other = load_base(str(make_tiny_model(folder / "other", seed=9)), EngineConfig())
    [wrong] = trained(Engine(other, EngineConfig()), folder / "wrong", ["w"], 7)
    return right, measure_threshold(engine, right[:3], "adapters of a test"), wrong


def test_the_threshold_separates_and_says_how_it_was_found(world):
    _, found, _ = world
    assert found.separates
    assert (found.right_refused.n, found.wrong_accepted.n) == (3, 3 * COPIES)
    assert "adapters of a test: 3 on their base, and 6 copies" in found.how
    assert max(found.right) < found.nats < max(found.wrong)


def test_an_adapter_on_its_base_passes_and_the_result_names_the_threshold(world, engine, tmp_path):
    right, found, _ = world
    target = hand_over(right[3], engine, tmp_path, CheckSettings(threshold=found))
    loss = target.provenance["loss"]
    assert loss["passed"] is True
    assert loss["threshold"]["used"]
    assert loss["threshold"]["how"] == found.how
    assert loss["threshold"]["right_refused"]["n"] == 3


def test_an_adapter_of_another_base_of_the_same_shapes_is_refused(world, engine, tmp_path):
    _, found, wrong = world
    with pytest.raises(ModelError, match="nats per token, as adapters of other bases do") as error:
        hand_over(wrong, engine, tmp_path, CheckSettings(threshold=found))
    assert "--base" in error.value.hint
    named = hand_over(wrong, engine, tmp_path, CheckSettings(threshold=found, base_given=True))
    assert "another base" in named.distrust


def test_a_threshold_that_separates_nothing_is_recorded_and_not_used(world, engine):
    _, _, wrong = world
    useless = calibrate_threshold([0.0, 1.0, 2.0], [0.5, 1.5, 0.1])
    [check] = check_losses(engine, PLAIN_TEXT, [wrong], useless)
    assert not useless.separates
    assert (check.passed, check.threshold_nats, check.threshold) == (None, None, useless)


def test_mixed_up_copies_keep_their_norms_and_nothing_else(engine):
    adapter = random_adapter(engine.base.model, 3, 1)
    copy = mixed_up(adapter, 5)
    for name, (a, b) in adapter.weights.items():
        product, other = b @ a, copy.weights[name][1] @ copy.weights[name][0]
        assert torch.linalg.norm(product) == pytest.approx(float(torch.linalg.norm(other)), rel=1e-4)
        assert torch.linalg.norm(product - other) > 0.5 * torch.linalg.norm(product)


def test_a_stored_threshold_comes_back_for_its_base_alone(world):
    _, found, _ = world
    row = threshold_to_json(found, "b")
    assert threshold_from_json(row, "b") == found
    for value, says in ((row | {"base_hash": "c"}, "another base"), ([], "damaged")):
        with pytest.raises(ConfigError, match=says):
            threshold_from_json(value, "b")


def test_quick_adapters_are_made_where_no_others_are_known(engine, tmp_path):
    right = train_quick_adapters(engine, [f"Where is owl {i}?" for i in range(12)], tmp_path)
    found = measure_threshold(engine, right, "quick")
    assert found.right_refused.n == 6
    write_adapter(tmp_path / "strong", random_adapter(engine.base.model, 8, 3, strength=2.0), "x")
    with pytest.raises(ConfigError, match="belong to the base"):
        measure_threshold(engine, [], "none")
