"""Organisms come in the order of the steps, whether they are kept in memory or read again."""

import copy
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from glasshouse.errors import ModelError
from glasshouse.models.adapter import read_adapter, write_adapter
from glasshouse.models.bank import ALL_LINEAR, AdapterBank
from glasshouse.models.base import Base, EngineConfig, load_base
from glasshouse.training.introspection.rows import Unit
from glasshouse.training.introspection.stream import AdapterStream, bank_rank, check_organisms
from tests.tiny import make_tiny_model
from tests.training.introspection.grown import KINDS, make_members, random_adapter
from tests.training.introspection.test_rows import make_unit


@pytest.fixture(scope="module")
def folders(base: Base, tmp_path_factory: pytest.TempPathFactory) -> list[Path | None]:
    members = make_members(base, tmp_path_factory.mktemp("organisms"), "train", 4)
    return [member.folder for member in members] + [None]


def steps_of(*steps: tuple[int, ...]) -> list[list[Unit]]:
    return [[make_unit(member, 4) for member in step] for step in steps]


@pytest.mark.parametrize("cache_mib", [0.0, 1000.0])
def test_steps_come_in_order_with_their_organisms(
    base: Base, folders: list[Path | None], cache_mib: float
) -> None:
    stream = AdapterStream(base.model, folders, torch.float32, cache_mib)
    steps = steps_of((0, 1), (4, 2), (3, 0), (0, 0), (4,))
    held = []
    with stream.read_ahead(steps, 1000) as ready:
        for units in steps:
            step = next(ready)
            assert step.units == units
            assert sorted(u.member for group in step.passes for u in group) == sorted(u.member for u in units)
            held.append({unit.member: step.shelf.place(unit)[0] for unit in units})
    assert [sorted(step) for step in held] == [[0, 1], [2, 4], [0, 3], [0], [4]]
    assert {member: rank for step in held for member, rank in step.items()}[4] == 0
    assert {rank for step in held for member, rank in step.items() if member != 4} <= {8, 16}
    assert (stream.kept_mib > 0) == (cache_mib > 0)


def test_a_reader_that_is_left_early_stops(base: Base, folders: list[Path | None]) -> None:
    stream = AdapterStream(base.model, folders, torch.float32, 0.0)
    with stream.read_ahead(steps_of(*[(0,)] * 1000), 1000) as ready:
        next(ready)
    assert not any(module._forward_hooks for module in base.model.modules())


def test_rows_go_through_their_own_organism_at_every_step(base: Base, folders: list[Path | None]) -> None:
    stream = AdapterStream(base.model, folders, torch.float32, 0.0)
    ids = torch.tensor([[5, 6, 7]] * 5)
    alone = [one_alone(base, folder, ids[:1]) for folder in folders]
    assert len({round(float(logits.sum()), 3) for logits in alone}) == 5
    steps = steps_of((2, 4, 0, 3, 1), (0, 1), (3, 3, 2), (1, 0, 2, 3, 4))
    with stream.read_ahead(steps, 1000) as ready, torch.no_grad():
        for _ in steps:
            step = next(ready)
            [group] = step.passes
            with step.shelf.rows(group):
                together = base.model(ids[: len(group)]).logits
            for unit, ours in zip(group, together, strict=True):
                torch.testing.assert_close(alone[unit.member], ours, atol=1e-4, rtol=1e-4)


def test_a_row_goes_through_its_organism_and_its_companion(base: Base, folders: list[Path | None]) -> None:
    stream = AdapterStream(base.model, folders, torch.float32, 0.0)
    ids = torch.tensor([[5, 6, 7]] * 5)
    pairs = [(0, 1), (2, None), (4, 3), (1, 0), (3, 3)]
    units = [replace(make_unit(own, 4), companion=other) for own, other in pairs]
    with stream.read_ahead([units], 1000) as ready, torch.no_grad():
        step = next(ready)
        [group] = step.passes
        with step.shelf.rows(group):
            together = base.model(ids).logits
    for unit, ours in zip(group, together, strict=True):
        expected = merged(base, [folders[i] for i in unit.carried], ids[:1])
        torch.testing.assert_close(expected, ours, atol=1e-4, rtol=1e-4)


def merged(base: Base, carried: list[Path | None], ids: torch.Tensor) -> torch.Tensor:
    """Logits of the base with the organisms added to its weights."""
    model = copy.deepcopy(base.model)
    for folder in carried:
        adapter = None if folder is None else read_adapter(folder)
        for name, (a, b) in adapter.weights.items() if adapter else ():
            model.get_submodule(name).weight.data += adapter.scale[name] * b @ a
    with torch.no_grad():
        return model(ids).logits[0]


def one_alone(base: Base, folder: Path | None, ids: torch.Tensor) -> torch.Tensor:
    bank = AdapterBank(base.model, 1, 16, ALL_LINEAR, torch.float32)
    if folder is not None:
        bank.set_adapter(0, read_adapter(folder))
    bank.install()
    with torch.no_grad(), bank.rows([-1 if folder is None else 0]):
        logits = base.model(ids).logits[0]
    bank.remove()
    return logits


def test_ranks_share_banks() -> None:
    assert [bank_rank(rank) for rank in (1, 7, 8, 9, 33, 64)] == [8, 8, 8, 16, 64, 64]


def test_heads_tell_the_ranks(base: Base, folders: list[Path | None]) -> None:
    ranks = check_organisms(base.model, folders)
    assert ranks[-1] == 0
    assert set(ranks[:-1]) <= {rank for rank, *_ in KINDS}


def test_an_organism_of_another_base_is_refused_before_training(base: Base, tmp_path: Path) -> None:
    other = load_base(str(make_tiny_model(tmp_path / "base", "gemma")), EngineConfig())
    adapter = random_adapter(other.model, 0)
    name = next(iter(adapter.weights))
    wide = {**adapter.weights, name: (torch.zeros(1, 99), adapter.weights[name][1])}
    write_adapter(tmp_path / "odd", replace(adapter, weights=wide), "other")
    with pytest.raises(ModelError, match="another base"):
        check_organisms(base.model, [tmp_path / "odd"])


def test_a_damaged_organism_is_refused_before_training(base: Base, tmp_path: Path) -> None:
    [member] = make_members(base, tmp_path, "train", 1)
    assert member.folder is not None
    (member.folder / "adapter_model.safetensors").write_bytes(b"\x10\x00")
    with pytest.raises(ModelError, match="cannot be read"):
        check_organisms(base.model, [member.folder])
