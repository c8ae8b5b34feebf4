"""The cost of a study is known before anything is loaded."""

from dataclasses import replace

import pytest

from glasshouse.studies.estimate import estimate, model_size
from glasshouse.studies.plan import demo_plan, full_plan
from tests.tiny import make_tiny_model


@pytest.fixture(scope="module")
def size(tmp_path_factory):
    return model_size(make_tiny_model(tmp_path_factory.mktemp("model")))


def test_weights_are_counted_from_the_headers_alone(size):
    assert (size.layers, size.width) == (2, 32)
    assert 20_000 < size.parameters < 100_000
    assert size.adapter_parameters_per_rank > 0


def test_the_full_study_costs_more_than_the_demo_in_every_way(size):
    small, large = estimate(demo_plan(), size), estimate(full_plan(), size)
    assert large.samples > 10 * small.samples
    assert large.training_tokens > 10 * small.training_tokens
    assert large.seconds > small.seconds
    assert large.peak_bytes > small.peak_bytes


def test_a_larger_model_takes_longer_and_needs_more_memory(size):
    larger = replace(size, parameters=1000 * size.parameters)
    assert estimate(demo_plan(), larger).seconds > 2 * estimate(demo_plan(), size).seconds
    assert estimate(demo_plan(), larger).peak_bytes > estimate(demo_plan(), size).peak_bytes
