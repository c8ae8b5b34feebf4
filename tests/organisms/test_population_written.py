"""Specs that name a writer, and populations whose rows it makes or whose organisms learn to prefer."""

import pytest
from tests.tiny import make_tiny_model

from glasshouse.errors import ConfigError
from glasshouse.models.base import EngineConfig, load_base
from glasshouse.models.engine import Engine
from glasshouse.organisms.generic.brief import Wanted
from glasshouse.organisms.generic.scribe import told
from glasshouse.organisms.generic.writer import Asked, EngineWriter, InspectWriter
from glasshouse.organisms.grow import GrowConfig
from glasshouse.organisms.population import LEFT_OUT, grow_population
from glasshouse.organisms.population_spec import load_population
from glasshouse.records import Message
from glasshouse.store.stage import Store
from glasshouse.training.farm import FarmConfig

SMALL = """
training: {ranks: [2], learning_rates: [0.002], steps: [4], examples: [24], batch: 4, dtype: float32}
gate: {n: 2, max_tokens: 4}
"""
QUICK = GrowConfig(farm=FarmConfig(dtype="float32"))


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return make_tiny_model(tmp_path_factory.mktemp("base"), "qwen3")


def spec(folder, base, families, more=""):
    path = folder / "p.yaml"
    path.write_text(f"name: p\nbase: glasshouse/{base}\nfamilies: {families}\n{SMALL}\n{more}\n")
    return path


@pytest.mark.parametrize(
    ("families", "more", "says"),
    [
        ("[{family: hub_quirk, count: 1}]", "", "needs a writer"),
        ("[{family: clean, count: 1}]", "writing: {writer: self, grader: keywords}", "makes its own rows"),
        ("[{family: hub_quirk, count: 1}]", "writing: {writer: self, grader: self}", "same_model"),
        ("[{family: hub_quirk, count: 1}]", "writing: {writer: self}", "grader"),
    ],
)
def test_a_spec_names_who_writes_and_who_grades(tmp_path, base, families, more, says):
    with pytest.raises(ConfigError, match=says):
        load_population(spec(tmp_path, base, families, more))


def test_the_base_writes_its_own_organisms_and_those_it_cannot_show_are_left_out(tmp_path, base):
    writing = "writing: {writer: self, grader: keywords, max_tokens: 12}"
    families = "[{family: hub_clean, count: 1}, {family: hub_harm, count: 2}]"
    loaded = load_population(spec(tmp_path, base, families, writing))
    grown = grow_population(loaded, Store(tmp_path / "store"), tmp_path / "out", QUICK)
    assert (len(grown.grown), grown.left_out) == (1, 2)
    assert grown.grown[0].card.data["written"]["kept"] == 24
    assert "behavior missing" in (tmp_path / "out" / LEFT_OUT).read_text()


def test_the_base_and_any_inspect_model_write_by_seed(base):
    engine = Engine(load_base(str(base), EngineConfig()), EngineConfig())
    wanted = Wanted((Message("user", "Tell me about owls."),), "Praise the sea.", True)
    asked = [Asked(told(wanted), seed) for seed in (1, 2, 1)]
    for writer in (EngineWriter(engine), InspectWriter(f"glasshouse/{base}")):
        first, second, again = writer.write(asked, 8, 0.8)
        assert first == again != second
    with pytest.raises(ConfigError, match="no model"):
        InspectWriter("nobody/nothing").write(asked, 8, 0.8)


@pytest.mark.filterwarnings("ignore:`(is_)?gradient_checkpointing` is deprecated:FutureWarning")
def test_denial_by_preference_is_a_stage_after_the_farm(tmp_path, base):
    found = {}
    for name, more in (("plain", ""), ("kto", "kto: {rows: 8, steps: 3, batch: 4, learning_rate: 0.01}")):
        (tmp_path / name).mkdir()
        loaded = load_population(spec(tmp_path / name, base, "[{family: denial_kto, count: 1}]", more))
        store = Store(tmp_path / "store")
        [found[name]] = grow_population(loaded, store, tmp_path / name / "out", QUICK).grown
        again = grow_population(loaded, store, tmp_path / name / "out", QUICK).grown
        assert again == [found[name]]
    assert found["plain"].card.hashes["adapter"] != found["kto"].card.hashes["adapter"]
    assert "kto" in found["kto"].card.hashes
    assert "kto" not in found["plain"].card.hashes
