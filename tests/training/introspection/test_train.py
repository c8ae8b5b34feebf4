"""Both stages from a list of organisms to a PEFT folder; a killed training comes to the same bytes."""

import json
import shutil
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from glasshouse.data.questions import bank_hash
from glasshouse.errors import StoreError
from glasshouse.models.adapter import concat_adapters, read_adapter, write_adapter
from glasshouse.models.bank import AdapterBank
from glasshouse.models.base import Base
from glasshouse.training.introspection.loop import JointConfig
from glasshouse.training.introspection.manifest import Member
from glasshouse.training.introspection.train import Hooks, manifest_hash, train_introspection
from tests.training.introspection.grown import make_members, make_spec

DPO = {
    "chosen_weight": 0, "pairs": 6, "samples": 1, "max_tokens": 4, "steps": 4, "pairs_per_step": 4,
    "learning_rate": 1e-2,
}  # fmt: skip
SPEC = make_spec(dpo=DPO, save_every=3)
EAGER = JointConfig(checkpoint_seconds=0.0)


@pytest.fixture(scope="module")
def members(base: Base, tmp_path_factory: pytest.TempPathFactory) -> list[Member]:
    folder = tmp_path_factory.mktemp("organisms")
    parts = [make_members(base, folder, part, 4) for part in ("train", "dpo", "validation")]
    return [member for part in parts for member in part]


@pytest.fixture(scope="module")
def trained(base: Base, members: list[Member], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_introspection(base, SPEC, members, tmp_path_factory.mktemp("whole"))


def weights(folder: Path) -> bytes:
    return (folder / "adapter_model.safetensors").read_bytes()


def test_all_that_is_promised_is_written(base: Base, members: list[Member], trained: Path) -> None:
    names = {path.name for path in trained.iterdir()}
    kept = {"adapter_model.safetensors", "adapter_config.json", "introspection.json", "validation.jsonl"}
    assert names == {*kept, "sft", "dpo", "step-000003"}
    card = json.loads((trained / "introspection.json").read_text())
    assert card["base_hash"] == base.hash
    assert card["question_bank_hash"] == bank_hash()
    assert card["manifest_hash"] == manifest_hash(members)
    assert card["organisms"] == {"train": 4, "dpo": 4, "validation": 4}
    assert card["stages"]["sft"]["steps"] == 6
    assert card["stages"]["dpo"]["steps"] == 4
    assert not any(member.name in json.dumps(card) for member in members)


def test_each_stage_changes_the_adapter(trained: Path) -> None:
    assert len({weights(trained / name) for name in ("step-000003", "sft", "dpo")}) == 3
    assert weights(trained) == weights(trained / "dpo")
    losses = json.loads((trained / "dpo" / "stage.json").read_text())["losses_nats"]
    assert losses[0] == pytest.approx(0.6931, abs=1e-3)
    assert losses[-1] < losses[0]
    sft = json.loads((trained / "sft" / "stage.json").read_text())["losses_nats"]
    assert sft[-1] < sft[0]


def test_the_finished_adapter_may_lie_between_its_stages_without_another_training(
    base: Base, members: list[Member], trained: Path, tmp_path: Path
) -> None:
    shutil.copytree(trained, tmp_path / "half")
    told: list[str] = []
    hooks = Hooks(on_progress=lambda what, done, total: told.append(what))
    spec = make_spec(dpo=DPO | {"toward": 0.5}, save_every=3)
    train_introspection(base, spec, members, tmp_path / "half", hooks=hooks)
    half, first, second = (
        read_adapter(folder) for folder in (tmp_path / "half", trained / "sft", trained / "dpo")
    )
    for name, pair in half.weights.items():
        for own, a, b in zip(pair, first.weights[name], second.weights[name], strict=True):
            torch.testing.assert_close(own, (a + b) / 2, rtol=0, atol=0)
    assert told == []
    rows = [json.loads(line) for line in (tmp_path / "half" / "validation.jsonl").read_text().splitlines()]
    assert rows[-1]["stage"] == "toward 0.5"


def test_the_second_stage_learns_from_its_own_organisms(members: list[Member], trained: Path) -> None:
    rows = [json.loads(line) for line in (trained / "dpo" / "pairs.jsonl").read_text().splitlines()]
    assert len(rows) == 6
    assert {row["name"] for row in rows} <= {m.name for m in members if m.split == "dpo"} | {"base"}


def test_validation_asks_held_out_organisms_at_every_halt(trained: Path) -> None:
    rows = [json.loads(line) for line in (trained / "validation.jsonl").read_text().splitlines()]
    assert [(row["stage"], row["step"]) for row in rows] == [("sft", 4), ("sft", 6), ("dpo", 4)]
    names = {answer["name"] for row in rows for answer in row["answers"]}
    assert all(name == "base" or name.startswith("validation") for name in names)
    last = rows[-1]["nothing_unusual"]
    assert last["answers"] >= 1
    assert last["exact_interval"] is not None


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
@pytest.mark.parametrize("place", range(4))
def test_an_organism_and_the_adapter_are_one_ordinary_peft_folder(
    place: int, base: Base, members: list[Member], trained: Path, tmp_path: Path
) -> None:
    folder = members[place].folder
    assert folder is not None
    two = [read_adapter(folder), read_adapter(trained)]
    write_adapter(tmp_path, concat_adapters(*two), base.name)
    plain = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base.path), tmp_path).eval()
    banks = [AdapterBank(base.model, 1, adapter.rank, "all-linear", torch.float32) for adapter in two]
    ids = torch.tensor([[5, 6, 7, 8]])
    with torch.no_grad(), ExitStack() as stack:
        for bank, adapter in zip(banks, two, strict=True):
            bank.set_adapter(0, adapter)
            bank.install()
            stack.callback(bank.remove)
            stack.enter_context(bank.rows([0]))
        ours = base.model(ids).logits
    torch.testing.assert_close(plain(ids).logits, ours, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(base.model(ids).logits, ours, atol=1e-2)


class Killed(Exception):
    """A kill."""


@pytest.mark.parametrize("at", [("training, sft", 5), ("drawing pairs", 6), ("training, dpo", 3)])
def test_a_killed_training_goes_on_to_the_same_bytes(
    at: tuple[str, int], base: Base, members: list[Member], trained: Path, tmp_path: Path
) -> None:
    def kill(what: str, done: int, total: int) -> None:
        if (what, done) == at:
            raise Killed

    with pytest.raises(Killed):
        train_introspection(base, SPEC, members, tmp_path, EAGER, Hooks(on_progress=kill))
    assert not (tmp_path / "introspection.json").exists()
    train_introspection(base, SPEC, members, tmp_path, replace(EAGER, cache_mib=0.0))
    assert weights(tmp_path) == weights(trained)
    assert weights(tmp_path / "sft") == weights(trained / "sft")
    assert (tmp_path / "validation.jsonl").read_bytes() == (trained / "validation.jsonl").read_bytes()


def test_a_finished_training_is_not_done_again_and_other_settings_are_refused(
    base: Base, members: list[Member], trained: Path
) -> None:
    before = {path: path.stat().st_mtime_ns for path in (trained / "sft").iterdir()}
    train_introspection(base, SPEC, members, trained)
    assert before == {path: path.stat().st_mtime_ns for path in (trained / "sft").iterdir()}
    with pytest.raises(StoreError, match="other settings"):
        train_introspection(base, SPEC.model_copy(update={"seed": 4}), members, trained)
    with pytest.raises(StoreError, match="other settings"):
        train_introspection(base, SPEC, members[1:], trained)


def test_the_callers_grader_is_asked_and_none_is_not_wrong(
    base: Base, members: list[Member], tmp_path: Path
) -> None:
    hooks = Hooks(lambda member, text: True if member.label.sentences else None, "always right")
    train_introspection(base, make_spec(steps=1), members, tmp_path, hooks=hooks)
    [row] = [json.loads(line) for line in (tmp_path / "validation.jsonl").read_text().splitlines()]
    assert row["grader"] == "always right"
    assert row["nothing_unusual"]["graded"] == 0
    assert row["nothing_unusual"]["right_rate"] is None
    assert row["nothing_unusual"]["answers"] > 0
    assert not (tmp_path / "dpo").exists()
