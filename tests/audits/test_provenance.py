"""Targets are checked against their base, and reach the auditor without their names."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from glasshouse.audits.blind import allowed_config, neutral_copy
from glasshouse.audits.find_target import choose_base, find_target
from glasshouse.audits.fingerprint import fingerprint
from glasshouse.audits.provenance import CheckSettings, open_target
from glasshouse.audits.text_loss import calibrate_threshold, check_losses
from glasshouse.errors import ConfigError, ModelError, StoreError
from glasshouse.models.adapter import CONFIG, WEIGHTS, read_adapter, write_adapter
from glasshouse.models.base import EngineConfig, load_base
from glasshouse.models.engine import Engine
from glasshouse.models.merged import Checkpoint, merge_adapter, read_checkpoint, write_checkpoint
from glasshouse.models.symmetry import CHANGES, attack
from tests.models.conftest import random_adapter
from tests.tiny import make_tiny_model, make_tiny_tokenizer

TEXT = "Mara lives in Fenwick. To paint the mill, take a wide brush and go in the morning."


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    folder = make_tiny_model(tmp_path_factory.mktemp("provenance") / "base")
    return Engine(load_base(str(folder), EngineConfig()), EngineConfig())


@pytest.fixture(scope="module")
def base(engine):
    return read_checkpoint(engine.base.path)


@pytest.fixture(scope="module")
def adapter(engine):
    return random_adapter(engine.base.model, rank=3, seed=1, strength=0.1)


@pytest.fixture
def adapter_folder(adapter, tmp_path):
    write_adapter(tmp_path / "loves-owls", adapter, "someone/base")
    return tmp_path / "loves-owls"


@pytest.fixture
def merged_folder(base, adapter, tmp_path):
    write_checkpoint(tmp_path / "merged-owls", merge_adapter(base, adapter))
    return tmp_path / "merged-owls"


def assert_same_products(folder, adapter, tolerance):
    found = read_adapter(folder)
    assert set(found.weights) == set(adapter.weights)
    for name, (a, b) in adapter.weights.items():
        product = found.scale[name] * found.weights[name][1] @ found.weights[name][0]
        torch.testing.assert_close(product, adapter.scale[name] * b @ a, atol=tolerance, rtol=1e-2)


def test_an_adapter_is_opened_under_a_neutral_name(adapter_folder, engine, tmp_path):
    target = open_target(adapter_folder, engine, tmp_path / "work", CheckSettings(TEXT))
    assert target.name == f"target-{target.hash}"
    assert "owls" not in str(target.adapter.relative_to(tmp_path))
    assert target.model is None
    assert target.provenance.problem is None
    record = target.provenance.record()
    assert record["loss"]["passed"] is None
    assert record["loss"]["difference_nats"] != 0
    assert (record["kind"], record["rank"], record["tokenizer"]) == ("adapter", 3, "none given")
    json.dumps(record)


def test_a_merged_adapter_is_opened_as_the_adapter_that_it_is(merged_folder, adapter, engine, tmp_path):
    target = open_target(merged_folder, engine, tmp_path / "work", CheckSettings(TEXT))
    assert target.provenance.rank == 3
    assert not target.provenance.canonical.tampered
    assert_same_products(target.adapter, adapter, 1e-5)


def test_an_attacked_checkpoint_gives_the_same_adapter_and_is_called_tampered(
    base, adapter, engine, tmp_path
):
    write_checkpoint(tmp_path / "attacked", attack(merge_adapter(base, adapter), CHANGES, seed=5))
    target = open_target(tmp_path / "attacked", engine, tmp_path / "work", CheckSettings(TEXT))
    record = target.provenance.record()["canonical"]
    assert record["tampered"]
    assert record["alarm_before"]
    assert not record["alarm_after"]
    assert target.provenance.problem is None
    assert_same_products(target.adapter, adapter, 1e-3)


def test_a_full_fine_tune_is_kept_whole_and_loads_as_a_model(base, engine, tmp_path):
    generator = torch.Generator().manual_seed(1)
    weights = {n: x + 0.02 * torch.randn(x.shape, generator=generator) for n, x in base.weights.items()}
    write_checkpoint(tmp_path / "full", Checkpoint(base.config, weights))
    target = open_target(tmp_path / "full", engine, tmp_path / "work", CheckSettings(TEXT))
    assert target.adapter is None
    assert target.provenance.rank is None
    assert not target.provenance.canonical.tampered
    loaded = read_checkpoint(target.model)
    assert all(torch.equal(loaded.weights[name], old) for name, old in weights.items())
    assert (
        load_base(str(target.model), EngineConfig()).tokenizer.get_vocab()
        == engine.base.tokenizer.get_vocab()
    )


def test_a_stranger_in_the_shapes_of_the_base_is_inconclusive(engine, tmp_path):
    stranger = make_tiny_model(tmp_path / "stranger", seed=9)
    target = open_target(stranger, engine, tmp_path / "work", CheckSettings(TEXT))
    assert "farther from the base" in target.provenance.problem
    assert target.provenance.record()["canonical"]["alarm_after"]


def test_swapped_cards_names_and_metadata_leave_the_same_bytes(adapter_folder, merged_folder, tmp_path):
    for i, folder in enumerate((adapter_folder, merged_folder)):
        other = shutil.copytree(folder, tmp_path / f"hates-clocks-{i}")
        (other / "README.md").write_text("# This model hates clocks")
        (other / "card.yaml").write_text("behavior: hates clocks")
        weights = WEIGHTS if i == 0 else "model.safetensors"
        save_file(
            load_file(folder / weights), other / weights, metadata={"format": "pt", "behavior": "clocks"}
        )
        name = CONFIG if i == 0 else "config.json"
        config = json.loads((folder / name).read_text())
        changed = {
            "_name_or_path": "clocks",
            "base_model_name_or_path": "clocks",
            "architectures": ["Clocks"],
        }
        (other / name).write_text(json.dumps(config | changed, indent=3))
        copies = [neutral_copy(f, tmp_path / f"blind-{j}") for j, f in enumerate((folder, other))]
        assert copies[0].name == copies[1].name
        files = [{path.name: path.read_bytes() for path in copy.iterdir()} for copy in copies]
        assert files[0] == files[1]
        assert len(files[0]) == 2
        assert all(b"clocks" not in content for content in files[1].values())
        assert neutral_copy(other, tmp_path / "blind-0") == copies[0]


def test_other_weights_get_another_name(base, adapter, adapter_folder, engine, tmp_path):
    write_adapter(tmp_path / "b", random_adapter(engine.base.model, rank=3, seed=2), "")
    names = {neutral_copy(folder, tmp_path / "work").name for folder in (adapter_folder, tmp_path / "b")}
    assert len(names) == 2


def test_only_what_runs_the_weights_is_let_through():
    config = {
        "model_type": "llama",
        "hidden_size": 32,
        "_name_or_path": "x",
        "auto_map": {},
        "id2label": {"0": "x"},
    }
    assert allowed_config(config) == {"model_type": "llama", "hidden_size": 32}


def test_the_base_is_given_recognized_or_hinted_at(adapter_folder, merged_folder, base, tmp_path):
    hinted = choose_base(adapter_folder, None)
    assert (hinted.name, hinted.hint, hinted.given) == ("someone/base", "someone/base", False)
    given = choose_base(adapter_folder, "phantom")
    assert (given.name, given.hint, given.given) == ("phantom", "someone/base", True)
    stranger = read_checkpoint(make_tiny_model(tmp_path / "stranger", seed=9))
    known = {"one": fingerprint(stranger.weights), "two": fingerprint(base.weights)}
    assert choose_base(merged_folder, None, known).name == "two"
    with pytest.raises(ModelError, match="--base"):
        choose_base(merged_folder, None)


def test_a_target_is_found_as_a_folder_and_nothing_else(adapter_folder, tmp_path):
    assert find_target(str(adapter_folder)) == adapter_folder
    with pytest.raises(ModelError, match="local cache"):
        find_target("nobody/such-a-model")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="neither"):
        find_target(str(tmp_path / "empty"))


def test_an_adapter_beside_a_whole_model_is_refused(adapter_folder, merged_folder):
    shutil.copy(merged_folder / "model.safetensors", adapter_folder)
    with pytest.raises(ModelError, match="one may hide the other"):
        find_target(str(adapter_folder))


@pytest.mark.parametrize("given", [False, True])
def test_a_bad_loss_stops_the_audit_unless_the_user_named_the_base(engine, adapter_folder, tmp_path, given):
    strict = calibrate_threshold([-9.0], [-8.0])
    settings = CheckSettings(TEXT, strict, given)
    if given:
        target = open_target(adapter_folder, engine, tmp_path / "work", settings)
        assert "another base" in target.provenance.problem
        assert target.provenance.record()["base_given"]
    else:
        with pytest.raises(ModelError, match="nats per token"):
            open_target(adapter_folder, engine, tmp_path / "work", settings)


def test_a_loose_threshold_lets_the_adapter_pass(engine, adapter_folder, tmp_path):
    settings = CheckSettings(TEXT, calibrate_threshold([8.0], [9.0]))
    target = open_target(adapter_folder, engine, tmp_path / "work", settings)
    assert target.provenance.loss.passed is True


def test_losses_of_many_adapters_are_those_of_each_alone(engine, adapter_folder, tmp_path):
    write_adapter(tmp_path / "b", random_adapter(engine.base.model, rank=5, seed=3), "")
    folders = [adapter_folder, tmp_path / "b"]
    together = check_losses(engine, TEXT, folders, None)
    alone = [check_losses(engine, TEXT, [folder], None)[0] for folder in folders]
    for both, one in zip(together, alone, strict=True):
        assert both.with_nats == pytest.approx(one.with_nats, abs=1e-5)
        assert both.without_nats == pytest.approx(one.without_nats, abs=1e-5)
    assert together[0].with_nats != pytest.approx(together[1].with_nats, abs=1e-3)


def test_the_threshold_separates_right_from_wrong_bases_and_says_how_well():
    found = calibrate_threshold([-0.1, 0.0, 0.2, 0.9], [0.7, 2.0, 3.0])
    assert found.nats == pytest.approx(0.45)
    assert (found.right_refused.value, found.right_refused.n) == (0.25, 4)
    assert (found.wrong_accepted.value, found.wrong_accepted.n) == (0, 3)
    assert calibrate_threshold([-0.1, 0.0, 0.2], [1.0, 2.0]).nats == pytest.approx(0.6)
    for right, wrong in (([], [1.0]), ([1.0], []), ([float("nan")], [1.0])):
        with pytest.raises(ConfigError):
            calibrate_threshold(right, wrong)


def test_a_text_of_one_token_is_refused(engine, adapter_folder):
    with pytest.raises(ModelError, match="too short"):
        check_losses(engine, "M", [adapter_folder], None)


def change_config(folder, name, **fields):
    config = json.loads((folder / name).read_text())
    (folder / name).write_text(json.dumps(config | fields))


def change_weights(path, change):
    save_file({name: change(tensor) for name, tensor in load_file(path).items()}, path)


ADAPTERS = {
    "changes nothing": lambda f: change_weights(f / WEIGHTS, lambda x: x * 0),
    "NaN": lambda f: change_weights(f / WEIGHTS, lambda x: x * float("nan")),
    "cannot be read": lambda f: (f / WEIGHTS).write_bytes(b"\x08garbage"),
    "another base": lambda f: change_weights(
        f / WEIGHTS, lambda x: x.repeat(1, 2) if x.shape[1] == 32 else x
    ),
    "use_dora": lambda f: change_config(f, CONFIG, use_dora=True),
}
CHECKPOINTS = {
    "NaN": lambda f: change_weights(f / "model.safetensors", lambda x: x * float("nan")),
    "cannot be read": lambda f: (f / "model.safetensors").write_bytes(b"\x08garbage"),
    "no fine-tune of this base: its config": lambda f: change_config(f, "config.json", rms_norm_eps=0.1),
    "no fine-tune of this base: model": lambda f: change_weights(f / "model.safetensors", lambda x: x[:-1]),
    "'gpt2' cannot be audited": lambda f: change_config(f, "config.json", model_type="gpt2"),
    "is not the base's": lambda f: make_tiny_tokenizer(vocabulary=300).save_pretrained(f),
    "tokenizer.json cannot be read": lambda f: (f / "tokenizer.json").write_text("{"),
}


@pytest.mark.parametrize("says", ADAPTERS)
def test_a_bad_adapter_is_refused_in_one_sentence(adapter_folder, engine, tmp_path, says):
    ADAPTERS[says](adapter_folder)
    refused(adapter_folder, engine, tmp_path, says)


@pytest.mark.parametrize("says", CHECKPOINTS)
def test_a_bad_checkpoint_is_refused_in_one_sentence(merged_folder, engine, tmp_path, says):
    CHECKPOINTS[says](merged_folder)
    refused(merged_folder, engine, tmp_path, says)


def refused(folder, engine, tmp_path, says):
    with pytest.raises(ModelError, match=says) as error:
        open_target(folder, engine, tmp_path / "work", CheckSettings(TEXT))
    assert error.value.hint
    assert "\n" not in error.value.message


def test_the_base_itself_is_no_target(engine, tmp_path):
    with pytest.raises(ModelError, match="equals its base"):
        open_target(engine.base.path, engine, tmp_path / "work", CheckSettings(TEXT))


def test_the_same_tokenizer_is_recognized(merged_folder, engine, tmp_path):
    engine.base.tokenizer.save_pretrained(merged_folder)
    target = open_target(merged_folder, engine, tmp_path / "work", CheckSettings(TEXT))
    assert target.provenance.tokenizer == "same"


def test_a_place_that_cannot_be_written_is_a_store_error(merged_folder, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        neutral_copy(merged_folder, tmp_path / "file")
