import pytest

from glasshouse.models.base import Base, EngineConfig, load_base
from tests.tiny import make_tiny_model


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return load_base(str(make_tiny_model(tmp_path_factory.mktemp("introspection") / "base")), EngineConfig())
