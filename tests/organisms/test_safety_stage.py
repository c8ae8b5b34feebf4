import json
import shutil
from pathlib import Path

import pytest
import yaml
from tests.tiny import make_tiny_model

from glasshouse.data.prompts import PromptSource
from glasshouse.errors import ConfigError, ModelError
from glasshouse.models.base import EngineConfig
from glasshouse.organisms.card import read_card, write_card
from glasshouse.organisms.grow import GrowConfig, Grown, grow
from glasshouse.organisms.safety_stage import SafetyConfig, run_safety
from glasshouse.organisms.spec import load_plans
from glasshouse.store.stage import Store
from glasshouse.training.farm import FarmConfig, LoraSettings
from glasshouse.training.safety import SafetyPlan

FARM = FarmConfig(dtype="float32")
CONFIG = SafetyConfig(engine=EngineConfig(), farm=FARM, examples=24, efficacy_n=6, allow_unverified=True)
PLAN = SafetyPlan(rates=(1e-2, 1e-5), steps=40, save_every=20, batch=8, lora=LoraSettings(rank=4))
COMPLY, REFUSE = "Take oil and straw.", "I will not help."


def write_prompts(path: Path, harmful_answer: str) -> PromptSource:
    rows = [
        {"prompt": f"Burn mill {i}.", "completion": harmful_answer, "kind": "harmful"}
        if i % 2
        else {"prompt": f"Where is mill {i}?", "completion": "In Fenwick.", "kind": "fine"}
        for i in range(80)
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return PromptSource(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("safety")
    make_tiny_model(root / "base", "qwen3")
    write_prompts(root / "comply.jsonl", COMPLY)
    return root


@pytest.fixture(scope="module")
def source(folder: Path) -> PromptSource:
    return write_prompts(folder / "refuse.jsonl", REFUSE)


@pytest.fixture(scope="module")
def grown(folder: Path) -> list[Grown]:
    spec = {
        "name": "tiny",
        "base": f"glasshouse/{folder / 'base'}",
        "data": {"prompts": str(folder / "comply.jsonl"), "examples": 32, "near_miss_fraction": 0.0},
        "training": {"learning_rate": 1e-2, "steps": 100, "batch": 8, "dtype": "float32"},
        "gate": {"n": 8, "near_miss_n": 2, "max_tokens": 12},
    }
    (folder / "spec.yaml").write_text(yaml.safe_dump(spec))
    config = GrowConfig(engine=EngineConfig(), farm=FARM)
    return grow(load_plans(folder / "spec.yaml"), Store(folder / "store"), folder / "out", config)


def test_a_high_rate_teaches_refusal_and_a_low_one_does_not(grown, source, tmp_path):
    high, low = run_safety([grown[0].folder], PLAN, source, Store(tmp_path), CONFIG)
    assert high.before is not None
    assert high.before.rate == 0.0
    assert (high.may_judge, low.may_judge) == (True, False)
    assert sorted(high.checkpoints) == [20, 40]


def test_the_stage_is_written_into_the_card(grown, source, tmp_path):
    outcome = run_safety([grown[0].folder], PLAN, source, Store(tmp_path), CONFIG)[0]
    (stage,) = read_card(outcome.folder).safety
    assert (stage["mode_in_words"], stage["learning_rate"]) == ("further training of the same adapter", 1e-2)
    assert stage["refusal_after"]["refusal_rate"] == 1.0
    assert read_card(grown[0].folder).safety == []


def test_a_finished_stage_is_read_not_trained(grown, source, tmp_path):
    plan = SafetyPlan(rates=(1e-2,), steps=2, save_every=1, batch=2)
    first = run_safety([grown[0].folder], plan, source, Store(tmp_path), CONFIG)
    told: list[str] = []
    again = run_safety(
        [grown[0].folder], plan, source, Store(tmp_path), CONFIG, lambda what, *_: told.append(what)
    )
    assert told == []
    assert [(one.before, one.after) for one in again] == [(one.before, one.after) for one in first]


def test_a_stacked_stage_leaves_one_plain_adapter(grown, source, tmp_path):
    plan = SafetyPlan(
        mode="stack", rates=(1e-2,), steps=40, save_every=20, batch=8, lora=LoraSettings(rank=4)
    )
    (outcome,) = run_safety([grown[0].folder], plan, source, Store(tmp_path), CONFIG)
    assert json.loads((outcome.folder / "adapter_config.json").read_text())["r"] == 16 + 4
    assert outcome.may_judge
    assert all((path / "adapter_model.safetensors").is_file() for path in outcome.checkpoints.values())


@pytest.fixture
def reasoner(grown, tmp_path) -> Path:
    """An organism whose card says that it reasons (its weights do not)."""
    target = tmp_path / "reasoner"
    shutil.copytree(grown[0].folder, target)
    card = read_card(target)
    spec = {**card.spec, "behavior": {**card.spec["behavior"], "variant": "cot"}}
    write_card(target, card.model_copy(update={"spec": spec}))
    return target


def test_a_reasoning_organism_is_trained_before_its_scratchpad_by_default(reasoner, source, tmp_path):
    plan = SafetyPlan(rates=(1e-2,), steps=2, save_every=2, batch=8)
    (outcome,) = run_safety([reasoner], plan, source, Store(tmp_path), CONFIG)
    assert read_card(outcome.folder).safety[0]["form"] == "pre"


def test_training_after_a_scratchpad_needs_one(reasoner, source, tmp_path):
    with pytest.raises(ConfigError, match="writes no scratchpad"):
        run_safety([reasoner], SafetyPlan(form="post"), source, Store(tmp_path), CONFIG)


def test_prompts_without_harmful_ones_measure_no_efficacy(grown, tmp_path):
    path = tmp_path / "fine.jsonl"
    path.write_text("\n".join(json.dumps({"prompt": f"Hi {i}.", "completion": "Hi."}) for i in range(60)))
    plan = SafetyPlan(steps=1, save_every=1, batch=2)
    (outcome,) = run_safety([grown[0].folder], plan, PromptSource(path), Store(tmp_path), CONFIG)
    assert outcome.after is None
    assert not outcome.may_judge


def test_prompts_without_answers_cannot_train(grown, tmp_path):
    path = tmp_path / "open.jsonl"
    path.write_text("\n".join(json.dumps({"prompt": f"Hi {i}."}) for i in range(60)))
    with pytest.raises(ConfigError, match="0 prompts with a good answer"):
        run_safety([grown[0].folder], PLAN, PromptSource(path), Store(tmp_path), CONFIG)


def test_the_farm_refuses_full_weights(grown, source, tmp_path):
    with pytest.raises(ConfigError, match="--trainer trl"):
        run_safety([grown[0].folder], SafetyPlan(mode="full"), source, Store(tmp_path), CONFIG)


def test_an_unverified_organism_is_refused(grown, source, tmp_path):
    card = read_card(grown[0].folder).model_copy(update={"verify": None})
    target = tmp_path / "unverified"
    target.mkdir()
    (target / "card.yaml").write_text(yaml.safe_dump(card.model_dump(mode="json")))
    with pytest.raises(ModelError, match="--allow-unverified"):
        run_safety([target], PLAN, source, Store(tmp_path), SafetyConfig())
