"""Published adapters by name; folders of the same shape; no network."""

import pytest

from glasshouse.errors import ModelError
from glasshouse.evals.published_adapters import ADAPTERS, BASES, adapter_folder, auditbench


def test_there_are_56_targets_with_different_names():
    names = [name for name, _ in auditbench()]
    assert len(set(names)) == 56
    assert "auditing-agents/llama_70b_synth_docs_only_then_redteam_kto_flattery" in names


def test_every_short_name_belongs_to_a_base():
    assert all(any(name.startswith(known) for known in BASES) for name in ADAPTERS)


def test_a_folder_is_itself(tmp_path):
    assert adapter_folder(str(tmp_path)) == tmp_path


@pytest.mark.parametrize("name", ["ia-qwen-14b", "introspection-auditing/nothing-of-that-name"])
def test_what_is_not_in_the_cache_is_one_sentence_that_says_how_to_fetch_it(name, monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelError) as caught:
        adapter_folder(name)
    assert "is not in the local cache" in caught.value.message
    assert caught.value.hint.endswith(f"hf download {ADAPTERS.get(name, name)}")


def test_a_word_that_is_nothing_names_what_there_is():
    with pytest.raises(ModelError, match="ia-llama-70b"):
        adapter_folder("nonsense")
