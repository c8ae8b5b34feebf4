"""The files beside an introspection adapter, made on a random model, and what is refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from glasshouse.audits.clean_kit import CLEAN
from glasshouse.audits.kit import (
    CONTROLS,
    MATCHED_FILE,
    NULL,
    POWER,
    SAMPLES,
    bound_to,
    own_null,
    read_controls,
    read_matched,
    read_power,
)
from glasshouse.audits.loss_threshold import LOSS
from glasshouse.audits.null_table import CleanModel, NullTable
from glasshouse.errors import ConfigError, ModelError
from glasshouse.models.adapter import adapter_hash, write_adapter
from glasshouse.organisms.card import CARD_FILE
from glasshouse.store.stage import Store
from glasshouse.studies.introspection import asked
from glasshouse.studies.introspection.asked import Setup
from glasshouse.studies.introspection.bench import Bench
from glasshouse.studies.introspection.controls import choose_controls, write_controls
from glasshouse.studies.introspection.null import Sources, clean_pools, make_kit, power_rows, write_matched
from glasshouse.studies.introspection.pools import read_pool
from glasshouse.studies.introspection.ship import choose_samples, ship
from tests.audits.tiny_adapter import random_adapter
from tests.studies.introspection.tiny_readings import reading

TABLE = NullTable(
    "b", "a", "q", 10, tuple(CleanModel(f"clean-{k}", k % 3, 10 - k % 3, 0) for k in range(320))
)


@pytest.fixture
def adapter(bench: Bench, tmp_path: Path) -> Path:
    write_adapter(tmp_path / "adapter", random_adapter(bench.base.model, 2, 7), bench.base.name)
    return tmp_path / "adapter"


def test_the_null_table_is_of_the_clean_ones_and_the_matched_ones_are_kept_out(bench, grown, adapter):
    kit = make_kit(bench, Setup(adapter, 1, 0), Sources(grown["null"], tests=(grown["test"],)))
    assert (len(kit.table.models), kit.matched) == (2, 1)
    assert own_null(adapter) == kit.table
    kept = read_matched(adapter, bench.base.hash)
    assert kept is not None
    assert (len(kept.models), kept.asked, kept.drift_p) == (1, kit.table.asked, None)
    (matched,) = clean_pools(grown["null"])[1]
    assert adapter_hash(adapter / CLEAN / "00") == adapter_hash(matched.folder)


def test_a_null_table_that_was_stopped_goes_on_and_asks_nobody_twice(bench, grown, adapter, monkeypatch):
    whole = make_kit(bench, Setup(adapter, 1, 1), Sources(grown["null"])).table
    fresh = replace(bench, store=Store(adapter.parent / "other"))
    monkeypatch.setattr(asked, "AT_ONCE", 1)
    ask, calls = asked._ask, []

    def stopping(bench, subjects, setup):
        calls.append([one.name for one in subjects])
        if len(calls) == 2:
            raise KeyboardInterrupt
        return ask(bench, subjects, setup)

    monkeypatch.setattr(asked, "_ask", stopping)
    with pytest.raises(KeyboardInterrupt):
        make_kit(fresh, Setup(adapter, 1, 1), Sources(grown["null"]))
    for stage in fresh.store.used.values():
        stage.release()
    assert make_kit(fresh, Setup(adapter, 1, 1), Sources(grown["null"])).table == whole
    assert calls[0] not in calls[2:]


def test_a_behaving_organism_in_a_null_manifest_is_refused(bench, grown, adapter):
    with pytest.raises(ConfigError, match="no clean fine-tune"):
        make_kit(bench, Setup(adapter, 1, 0), Sources(grown["test"]))
    assert not (adapter / NULL).exists()


def test_an_adapter_of_another_base_is_refused(bench, grown, tmp_path):
    other = random_adapter(bench.base.model, 2, 7)
    cut = replace(other, weights={name: (a[:, :5], b) for name, (a, b) in other.weights.items()})
    write_adapter(tmp_path / "cut", cut, "other")
    with pytest.raises(ModelError, match="another base"):
        make_kit(bench, Setup(tmp_path / "cut", 1, 0), Sources(grown["null"]))


def test_a_manifest_of_organisms_without_cards_is_refused(bench, tmp_path):
    write_adapter(tmp_path / "one", random_adapter(bench.base.model, 2, 1), "tiny")
    row = {"name": "one", "folder": "one", "family": "clean", "sentences": [], "split": "null"}
    (tmp_path / "manifest.jsonl").write_text(json.dumps(row) + "\n")
    with pytest.raises(ConfigError, match=CARD_FILE):
        read_pool(tmp_path / "manifest.jsonl")


def test_found_is_what_stands_out_and_names_the_action():
    some = [reading("right", 0.9), reading("wrong", 0.9, right=False), reading("quiet", 0.1)]
    rows = power_rows([*some, reading("clean", 0.9, family="clean")], TABLE, frozenset({"sandbag"}))
    assert [(row["family"], row["found"], row["n"], row["left_out"]) for row in rows] == [
        ("quirk_always", 1, 3, True)
    ]


def test_against_a_null_table_that_is_too_small_no_power_is_known(bench, grown, adapter):
    short = replace(TABLE, models=TABLE.models[:98])
    (row,) = power_rows([reading("right", 0.9)], short, None)
    assert (row["found"], row["n"]) == (None, 1)
    make_kit(bench, Setup(adapter, 1, 0), Sources(grown["null"], tests=(grown["test"],)))
    power = read_power(adapter, bench.base.hash)
    assert power
    assert all(row.detected.value is None for row in power)


def test_twenty_matched_ones_give_a_drift_check_that_stays_beside_the_adapter(adapter):
    loud = [reading(f"loud-{k}", 0.9, family="clean") for k in range(20)]
    bound = bound_to("base", adapter)
    assert write_matched(adapter, bound, TABLE, loud[:19], 0) is None
    found = write_matched(adapter, bound, TABLE, loud, 0)
    kept = read_matched(adapter, "base")
    assert kept is not None
    assert kept.drift_p == found
    assert (found or 1) < 0.01
    assert kept.models[0] == CleanModel("loud-0", 9, 1, 0)
    write_matched(adapter, bound, TABLE, [], 0)
    assert read_matched(adapter, "base") is None


READERS = {
    CONTROLS: lambda adapter, engine: read_controls(adapter, engine, adapter),
    POWER: lambda adapter, engine: read_power(adapter, engine.base.hash),
    MATCHED_FILE: lambda adapter, engine: read_matched(adapter, engine.base.hash),
}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("field", ["base_hash", "adapter_hash", "question_bank_hash"])
def test_a_list_beside_an_adapter_of_something_else_is_refused(bench, grown, adapter, tmp_path, name, field):
    """An adapter that was trained again in its old folder has not the old one's controls and power."""
    shippable(bench, grown, adapter)
    READERS[name](adapter, bench.engine)
    content = json.loads((adapter / name).read_text())
    (adapter / name).write_text(json.dumps(content | {field: "another"}))
    with pytest.raises(ConfigError, match="made with another"):
        READERS[name](adapter, bench.engine)
    with pytest.raises(ConfigError, match="made with another"):
        ship(adapter, bench.base.hash, [], tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_a_list_without_hashes_is_refused(bench, grown, adapter):
    shippable(bench, grown, adapter)
    (adapter / POWER).write_text(json.dumps(json.loads((adapter / POWER).read_text())["rows"]))
    with pytest.raises(ConfigError, match="no list of rows"):
        read_power(adapter, bench.base.hash)


def test_a_loss_threshold_of_another_base_is_not_shipped(bench, grown, adapter, tmp_path):
    shippable(bench, grown, adapter)
    (adapter / LOSS).write_text(json.dumps({"base_hash": "x", "how": "", "right": [0.0], "wrong": [1.0]}))
    with pytest.raises(ConfigError, match="of another base"):
        ship(adapter, bench.base.hash, [], tmp_path / "to")


def test_controls_are_named_ones_and_without_any_there_is_an_error(grown, adapter):
    pool = read_pool(grown["test"])
    known = [replace(one, gate_passed=True) for one in pool]
    chosen = choose_controls(known, [reading(known[0].name, 0.9), reading(known[1].name, 0.9, right=False)])
    assert chosen == known[:1]
    write_controls(adapter, "base", chosen)
    assert sorted(path.name for path in (adapter / "controls/00").iterdir()) == [
        "adapter_config.json", "adapter_model.safetensors"]  # fmt: skip
    with pytest.raises(ConfigError, match="no positive control"):
        choose_controls(known, [reading(one.name, 0.9, right=False) for one in known])


def shippable(bench: Bench, grown: dict[str, Path], adapter: Path) -> Path:
    make_kit(bench, Setup(adapter, 1, 0), Sources(grown["null"], tests=(grown["test"],)))
    write_controls(adapter, bench.base.hash, read_pool(grown["test"])[:1])
    return adapter


def test_shipping_takes_everything_that_an_audit_needs_and_some_organisms(bench, grown, adapter, tmp_path):
    pool = [replace(one, gate_passed=True) for one in read_pool(grown["test"])]
    done = ship(shippable(bench, grown, adapter), bench.base.hash, choose_samples(pool, 1), tmp_path / "to")
    assert {NULL, CONTROLS, POWER, MATCHED_FILE} <= {path.name for path in (tmp_path / "to").iterdir()}
    assert [path.name for path in (tmp_path / "to" / CLEAN).iterdir()] == ["00"]
    assert (tmp_path / "to" / SAMPLES / done.samples[0] / CARD_FILE).is_file()
    assert done.bytes < 1_000_000


def test_an_adapter_with_the_null_table_of_another_is_not_shipped(bench, grown, adapter, tmp_path):
    shippable(bench, grown, adapter)
    write_adapter(adapter, random_adapter(bench.base.model, 2, 8), bench.base.name)
    with pytest.raises(ConfigError, match="another introspection adapter"):
        ship(adapter, bench.base.hash, [], tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_an_adapter_without_a_power_table_is_not_shipped(bench, grown, adapter, tmp_path):
    (shippable(bench, grown, adapter) / POWER).unlink()
    with pytest.raises(ConfigError, match="power"):
        ship(adapter, bench.base.hash, [], tmp_path / "to")
