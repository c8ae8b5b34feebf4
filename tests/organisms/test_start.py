import pytest

from glasshouse.errors import ConfigError, ModelError
from glasshouse.organisms.start import parse_start, with_folder


@pytest.fixture
def base(tmp_path):
    folder = tmp_path / "base"
    for adapter in (folder / "adapters" / "inside", tmp_path / "adapters" / "beside"):
        adapter.mkdir(parents=True)
        (adapter / "adapter_config.json").write_text("{}")
    (folder / "config.json").write_text("{}")
    return folder


def test_a_base_alone_has_no_adapter(base):
    assert parse_start(f"glasshouse/{base}").adapter is None


@pytest.mark.parametrize("name", ["inside", "beside"])
def test_an_adapter_of_the_base_is_found_by_name(base, name):
    found = parse_start(f"glasshouse/{base}:{name}").adapter
    assert found is not None
    assert found.name == name


def test_an_adapter_is_found_by_path(base):
    path = base / "adapters" / "inside"
    assert parse_start(f"glasshouse/{base}:{path}").adapter == path


def test_an_unknown_adapter_is_named_with_those_that_exist(base):
    with pytest.raises(ModelError, match="beside, inside"):
        parse_start(f"glasshouse/{base}:other")


@pytest.mark.parametrize("text", ["phantom", "vllm/phantom"])
def test_a_base_of_another_provider_is_refused(text):
    with pytest.raises(ConfigError, match="no model string"):
        parse_start(text)


def test_a_folder_without_config_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"no config\.json"):
        parse_start(f"glasshouse/{tmp_path}")


def test_a_grown_organism_is_found_by_its_name(base, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    grown = tmp_path / "organisms/owl"
    grown.mkdir(parents=True)
    (grown / "adapter_config.json").write_text("{}")
    assert with_folder(f"{base}:owl") == f"{base}:organisms/owl"
    assert with_folder(f"{base}:{grown}") == f"{base}:{grown}"
    assert with_folder(str(base)) == str(base)
