"""The preset runs from nothing but a tiny random Qwen3 to an adapter; a dry run predicts what it costs."""

import json

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from glasshouse.audits.kit import NULL, read_controls, read_power
from glasshouse.audits.loss_threshold import LOSS
from glasshouse.audits.null_table import null_from_json
from glasshouse.cli.main import main
from glasshouse.errors import ConfigError
from glasshouse.models.adapter import WEIGHTS, adapter_hash, read_adapter
from glasshouse.models.base import EngineConfig, load_base
from glasshouse.models.engine import Engine
from glasshouse.organisms.card import read_card
from glasshouse.organisms.population import MANIFEST
from glasshouse.organisms.population_spec import Group, PopulationSpec, draw_population
from glasshouse.studies.introspection import controls
from glasshouse.studies.preset_small.cost import predict_preset_here, predict_preset_on
from glasshouse.studies.preset_small.plan import SHARES, PresetPlan
from glasshouse.studies.preset_small.run import ORGANISMS, RECORD, Machine, run_preset
from glasshouse.training.introspection.manifest import read_manifest
from tests.tiny import make_tiny_model, make_tiny_tokenizer


@pytest.mark.parametrize("organisms", [6, 20, 77, 500])
def test_every_organism_has_a_use_and_large_presets_have_every_family(organisms):
    groups = PresetPlan("x", organisms).population().families
    assert sum(group.count for group in groups) == organisms
    assert {group.use for group in groups} == {"train", "dpo", "validation"}
    for use in ("train", "dpo", "validation"):
        assert any(group.family == "hub_clean" for group in groups if group.use == use)
    if organisms == 500:
        assert {group.family for group in groups} == {*SHARES}
    with pytest.raises(ConfigError, match="too few"):
        PresetPlan("x", 3)


def test_the_null_table_of_a_preset_shares_no_data_set_with_training_or_a_test_pool():
    plan = PresetPlan("x", 60, clean=299)
    null = draw_population(plan.null_population())
    assert {one.group.use for one in null} == {"null"}
    words = {one.planted.words for one in null}
    assert len(words) > 200
    pools = (plan.population(), _test_pool(plan))
    for one in (one for pool in pools for one in draw_population(pool)):
        assert one.planted.words not in words


def _test_pool(plan: PresetPlan) -> PopulationSpec:
    group = Group(family="hub_clean", split="unseen_word", use="test", count=299)
    return plan.population().model_copy(update={"families": (group,), "seed": 9})


def test_the_preset_makes_an_adapter_from_nothing_but_a_base(tmp_path):
    base = str(make_tiny_model(tmp_path / "qwen", "qwen3"))
    short = {"rows": 16, "answer_tokens": 8, "null_samples": 1}
    plan = PresetPlan(base, 6, filter=False, clean=2, dtype="float32", **short)
    out = run_preset(plan, tmp_path / "out", Machine())
    first = (out / WEIGHTS).read_bytes()
    assert read_adapter(out).rank == 16
    members = read_manifest(tmp_path / "out" / ORGANISMS / MANIFEST)
    assert len(members) == 6
    card = read_card(members[0].folder)
    assert card.data["written"]["kept"] > 0
    assert card.organism == members[0].label.family
    assert json.loads((out / LOSS).read_text())["how"].startswith("organisms grown on this base: 6")
    table = null_from_json(json.loads((out / NULL).read_text()))
    assert len(table.models) == 2
    assert table.adapter_hash == adapter_hash(out)
    said: list[str] = []
    run_preset(plan, tmp_path / "out", Machine(), lambda what, done, total: said.append(what))
    assert (out / WEIGHTS).read_bytes() == first
    assert "train" not in said
    assert "training, sft" not in said


def test_the_preset_leaves_positive_controls_and_power_beside_its_adapter(tmp_path, monkeypatch):
    """A random model names nothing, so it is taken to have named what validation asked."""
    monkeypatch.setattr(controls, "_named", lambda known, readings: list(known))
    monkeypatch.setattr(controls, "LARGEST_RANK", 16)
    base = str(make_tiny_model(tmp_path / "qwen", "qwen3"))
    short = {"rows": 16, "answer_tokens": 8, "null_samples": 1}
    plan = PresetPlan(base, 6, filter=False, clean=2, dtype="float32", **short)
    out = run_preset(plan, tmp_path / "out", Machine())
    engine = Engine(load_base(base, EngineConfig()), EngineConfig())
    members = read_manifest(tmp_path / "out" / ORGANISMS / MANIFEST)
    watched = [m.label.sentences for m in members if m.split == "validation" and m.label.sentences]
    assert watched
    assert [one.sentences for one in read_controls(out, engine, tmp_path)] == watched
    power = read_power(out, engine.base.hash)
    assert [row.detected.value for row in power] == [None] * len(watched)
    assert json.loads((tmp_path / "out" / RECORD).read_text())["controls"] == len(watched)


def test_a_dry_run_measures_a_few_organisms_here(tmp_path):
    base = str(make_tiny_model(tmp_path / "qwen", "qwen3"))
    few = predict_preset_here(PresetPlan(base, 6, dtype="float32", rows=16, answer_tokens=8), Machine())
    assert few.organisms == 6
    assert 0 < few.drafts <= 6 * 16
    assert min(few.writing_hours, few.growing_hours, few.training_hours, few.mib) > 0
    assert few.hours < 0.1


def test_a_dry_run_counts_for_a_gpu_that_is_not_here():
    shape = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
             "intermediate_size": 128, "head_dim": 16, "vocab_size": 320}  # fmt: skip
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model("qwen3", **shape))
    few, many = (
        predict_preset_on("h100-80gb", model, make_tiny_tokenizer(), PresetPlan("x", n)) for n in (10, 40)
    )
    assert 0 < few.hours < many.hours
    assert 3 * few.grown_tokens < many.grown_tokens < 5 * few.grown_tokens
    assert few.mib > 0
    with pytest.raises(ConfigError, match="no figures"):
        predict_preset_on("abacus", model, make_tiny_tokenizer(), PresetPlan("x", 10))


@pytest.mark.parametrize(
    "words", [("--preset", "small"), ("--preset", "huge", "--base", "x"), (), ("--gpu", "h100-80gb")]
)
def test_what_is_missing_is_said_in_one_sentence(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["train", "introspection", *words])
    assert stopped.value.code == 2
    assert capsys.readouterr().err.startswith("glasshouse: ")
