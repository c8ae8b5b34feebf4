"""Bases are found, loaded once, hashed by content; what cannot be used is said in one sentence."""

import json
import shutil

import pytest
from safetensors.torch import load_file, save_file

from glasshouse.errors import ModelError
from glasshouse.models.base import (
    BaseCache,
    EngineConfig,
    folder_hash,
    load_tokenizer,
    measure_threads,
    open_base,
    phantom_folders,
    resolve_base,
)
from tests.tiny import TEMPLATE, make_tiny_model


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return make_tiny_model(tmp_path_factory.mktemp("tiny") / "base")


@pytest.fixture
def copy(tiny, tmp_path):
    return shutil.copytree(tiny, tmp_path / "copy")


def one_sentence(error: pytest.ExceptionInfo[ModelError]) -> bool:
    return "\n" not in error.value.message and bool(error.value.hint)


@pytest.mark.parametrize("name", ["no-such-model", "/no/such/folder", "./nothing", "a/b/c"])
def test_an_unknown_model_is_a_model_error(name):
    with pytest.raises(ModelError, match="no model or folder") as error:
        resolve_base(name)
    assert one_sentence(error)


@pytest.mark.parametrize(
    ("setting", "words"), [({"device": "cuda:99"}, "no device"), ({"threads": 0}, "threads")]
)
def test_a_machine_without_what_was_asked_is_a_model_error(tiny, setting, words):
    with pytest.raises(ModelError, match=words):
        open_base(tiny, EngineConfig(**setting))


def test_an_unknown_size_of_the_phantom_is_a_model_error():
    with pytest.raises(ModelError, match="phantom-99m") as error:
        resolve_base("phantom-99m")
    assert one_sentence(error)
    assert "phantom-2m" in error.value.hint


@pytest.mark.parametrize("made", [".", "model"])
def test_a_smaller_phantom_is_found_below_phantoms_where_it_was_put_or_trained(
    made, tiny, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match="no phantom-2m") as error:
        resolve_base("glasshouse/phantom-2m")
    assert error.value.hint.endswith("glasshouse phantom train --size 2m --out phantoms/2m")
    shutil.copytree(tiny, tmp_path / "phantoms" / "2m" / made)
    assert (resolve_base("phantom-2m") / "config.json").is_file()
    assert list(phantom_folders()) == ["phantom", "phantom-2m"]


def test_a_hub_name_that_cannot_be_fetched_is_a_model_error(monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match="the hub did not give one") as error:
        resolve_base("nobody/nothing")
    assert one_sentence(error)


def test_the_name_inspect_uses_is_understood(tiny):
    assert resolve_base(f"glasshouse/{tiny}") == resolve_base(str(tiny)) == tiny


def test_a_folder_without_config_is_no_model(copy):
    (copy / "config.json").unlink()
    with pytest.raises(ModelError, match=r"no config\.json") as error:
        resolve_base(str(copy))
    assert one_sentence(error)


def test_a_missing_tokenizer_is_a_model_error(copy):
    (copy / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match="no tokenizer") as error:
        load_tokenizer(copy)
    assert one_sentence(error)


@pytest.mark.parametrize(
    "damage", [b"", b"{}", b"[]", b"\xff" * 40], ids=["empty", "object", "list", "binary"]
)
def test_a_damaged_tokenizer_is_a_model_error(copy, damage):
    (copy / "tokenizer.json").write_bytes(damage)
    with pytest.raises(ModelError) as error:
        BaseCache().get(str(copy), EngineConfig())
    assert one_sentence(error)


@pytest.mark.parametrize("keep", [0, 7, 400])
def test_damaged_weights_are_a_model_error(copy, keep):
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:keep])
    with pytest.raises(ModelError, match="weights of") as error:
        BaseCache().get(str(copy), EngineConfig())
    assert one_sentence(error)


def test_weights_that_lack_a_tensor_are_not_made_up(copy):
    tensors = load_file(copy / "model.safetensors")
    tensors.pop("model.layers.1.mlp.up_proj.weight")
    save_file(tensors, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"lack 1 tensors.*up_proj") as error:
        BaseCache().get(str(copy), EngineConfig())
    assert one_sentence(error)


def test_missing_weights_are_a_model_error(copy):
    (copy / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="weights of") as error:
        BaseCache().get(str(copy), EngineConfig())
    assert one_sentence(error)


@pytest.mark.parametrize("config", ["not json", '{"model_type": "no-such-type"}', "[]"])
def test_a_config_that_names_no_architecture_is_a_model_error(copy, config):
    (copy / "config.json").write_text(config)
    with pytest.raises(ModelError) as error:
        BaseCache().get(str(copy), EngineConfig())
    assert one_sentence(error)


def test_a_base_whose_prompts_would_have_two_bos_is_refused(copy):
    (copy / "chat_template.jinja").write_text("{{ '<s>' }}" + TEMPLATE)
    with pytest.raises(ModelError, match="2 BOS") as error:
        BaseCache().get(str(copy), EngineConfig())
    assert one_sentence(error)


def test_one_base_is_loaded_once_for_each_dtype(tiny):
    cache = BaseCache()
    first = cache.get(str(tiny), EngineConfig())
    assert cache.get(f"glasshouse/{tiny}/", EngineConfig(threads=2)) is first
    assert cache.get(str(tiny), EngineConfig(dtype="bfloat16")) is not first


def test_the_hash_follows_what_decides_the_output(copy):
    before = folder_hash(copy)
    (copy / "README.md").write_text("A note.")
    assert folder_hash(copy) == before
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"rms_norm_eps": 0.1}))
    assert folder_hash(copy) != before


def test_measured_threads_are_a_number_this_machine_has():
    assert 1 <= measure_threads() <= 4
