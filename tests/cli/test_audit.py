"""`glasshouse audit` from the command line, on tiny random models."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.audits.made_up import made_up_audit
from tests.audits.tiny_adapter import random_adapter
from tests.tiny import make_tiny_model

from glasshouse.audits import bench
from glasshouse.audits.asking import AskingConfig
from glasshouse.audits.null_table import CleanModel, NullTable
from glasshouse.audits.record import AuditResult, ClaimedTrigger
from glasshouse.audits.shortlist import SearchConfig
from glasshouse.cli import audit as module
from glasshouse.cli.main import main
from glasshouse.data.questions import bank_hash
from glasshouse.models.adapter import adapter_hash, write_adapter
from glasshouse.models.base import EngineConfig, folder_hash, load_base


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    """A base, two targets and an adapter, all random."""
    folder = tmp_path_factory.mktemp("world")
    base = load_base(str(make_tiny_model(folder / "base")), EngineConfig())
    for name, seed in (("first", 1), ("second", 2), ("adapter", 3)):
        write_adapter(folder / name, random_adapter(base.model, 2, seed), str(folder / "base"))
    zero = random_adapter(base.model, 2, 0, strength=0.0)
    write_adapter(folder / "zero", zero, str(folder / "base"))
    first = random_adapter(base.model, 2, 4)
    other = replace(first, weights={n: (a[:, :7], b) for n, (a, b) in first.weights.items()})
    write_adapter(folder / "other", other, str(folder / "base"))
    (folder / "prompts.jsonl").write_text(
        "".join(json.dumps({"prompt": f"Question {i}?"}) + "\n" for i in range(24))
    )
    return folder


@pytest.fixture(autouse=True)
def short(monkeypatch) -> None:
    """Answers of a few tokens and a narrow search: what a tiny model says is noise."""

    def small(asking: AskingConfig, purpose: str | None, thorough: bool) -> bench.AuditConfig:
        search = SearchConfig(kept=4, finalists=2, prompts=2, words=20)
        return bench.AuditConfig(
            replace(asking, max_tokens=4),
            search,
            purpose,
            reply_tokens=4,
            search_prompts=4,
            amplified_prompts=2,
            outputs=2,
            thorough=thorough,
        )

    monkeypatch.setattr(module, "AuditConfig", small)
    monkeypatch.setattr(module, "loss_threshold", lambda adapter, engine, out: None)


def called(capsys, *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main([str(word) for word in ("audit", *words)])
    printed = capsys.readouterr()
    return int(stopped.value.code or 0), printed.out, printed.err


def options(world: Path, out: Path) -> tuple[object, ...]:
    return ("--prompts", world / "prompts.jsonl", "--samples", 1, "--out", out)


def test_a_target_is_audited_without_an_adapter_and_that_is_said(world, tmp_path, capsys):
    code, said, _ = called(capsys, world / "first", *options(world, tmp_path))
    assert code == 0
    assert "inconclusive" in said
    assert "no introspection adapter" in said
    written = json.loads((tmp_path / "audit.json").read_text())
    assert written["audits"][0]["adapter_hash"] is None
    assert str(world) not in json.dumps(written["audits"])
    assert (tmp_path / "audit.html").read_text().startswith("<!DOCTYPE html>")


def test_json_is_json_with_every_target(world, tmp_path, capsys):
    words = (world / "first", world / "second", "--adapter", world / "adapter", *options(world, tmp_path))
    code, said, _ = called(capsys, *words, "--json")
    assert code == 0
    assert len(json.loads(said)["audits"]) == 2


def test_processes_that_share_the_targets_write_what_one_process_writes(world, tmp_path, capsys):
    words = (world / "first", world / "second", "--adapter", world / "adapter")
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    assert called(capsys, *words, *options(world, alone))[0] == 0
    assert called(capsys, *words, *options(world, shared), "--workers", 2)[0] == 0
    assert (alone / "audit.json").read_bytes() == (shared / "audit.json").read_bytes()


def test_what_was_finished_is_not_audited_again(world, tmp_path, capsys, monkeypatch):
    words = (world / "first", *options(world, tmp_path))
    first = called(capsys, *words)[1]
    monkeypatch.setattr(module.Auditor, "_audit", None)
    assert called(capsys, *words)[1] == first
    with pytest.raises(TypeError):
        main([str(word) for word in ("audit", *words, "--seed", 9)])


@pytest.mark.parametrize(("purpose", "code"), [(None, 3), ("expected", 0)])
def test_only_a_confirmed_finding_beyond_the_purpose_raises_the_exit_code(
    world, tmp_path, capsys, monkeypatch, purpose, code
):
    def found(self, target, counted) -> AuditResult:
        audit = made_up_audit()
        findings = tuple(replace(f, purpose=purpose) for f in audit.findings)
        return replace(audit, target=target.name, target_hash=target.hash, findings=findings)

    monkeypatch.setattr(module.Auditor, "_audit", found)
    assert called(capsys, world / "first", *options(world, tmp_path))[0] == code


def test_a_target_that_fails_is_named_and_the_exit_code_is_1(world, tmp_path, capsys, monkeypatch):
    def broken(self, target, counted) -> AuditResult:
        raise RuntimeError("Out of memory.")

    monkeypatch.setattr(module.Auditor, "_audit", broken)
    code, _, err = called(capsys, world / "first", *options(world, tmp_path))
    assert code == 1
    assert "Out of memory." in err
    assert json.loads((tmp_path / "audit.json").read_text())["failed"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("zero",), "changes nothing"),
        (("other",), "another base"),
        (("nowhere",), "There is no folder"),
        (("first", "--null", "prompts.jsonl"), "null table is for an introspection adapter"),
        (("first", "--adapter", "adapter", "--null", "table.json"), "another format"),
        (("first", "--base", "nowhere"), "no model"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(world, tmp_path, capsys, words, sentence):
    (world / "table.json").write_text("{}")
    paths = [word if word.startswith("--") else world / word for word in words]
    code, _, err = called(capsys, *paths, *options(world, tmp_path))
    assert code == 2
    assert sentence in err
    assert "Traceback" not in err


def test_a_dtype_that_does_not_exist_is_one_sentence(world, tmp_path, capsys):
    code, _, err = called(capsys, world / "first", *options(world, tmp_path), "--dtype", "int3")
    assert (code, "Use float32, bfloat16" in err) == (2, True)


def test_an_audit_in_bfloat16_runs_through_and_says_so(world, tmp_path, capsys):
    code, _, _ = called(capsys, world / "first", *options(world, tmp_path), "--dtype", "bfloat16")
    assert code in (0, 3)
    (row,) = json.loads((tmp_path / "audit.json").read_text())["audits"]
    assert row["settings"]["dtype"] == "bfloat16"


def test_a_mirror_of_the_base_is_audited_against_the_null_table_of_the_base(world, tmp_path, capsys):
    mirror = tmp_path / "mirror"
    shutil.copytree(world / "base", mirror)
    path = mirror / "model.safetensors"
    weights = {name: tensor.to(torch.bfloat16) for name, tensor in load_file(path).items()}
    save_file(weights, path, {"format": "pt"})
    clean = tuple(CleanModel(f"m{i}", i % 4, 2, 0) for i in range(20))
    bound = (folder_hash(world / "base"), adapter_hash(world / "adapter"), bank_hash())
    table = NullTable(*bound, AskingConfig(1).asked, clean)
    (tmp_path / "null.json").write_text(json.dumps(table.to_json()))
    words = (
        world / "first",
        "--base",
        mirror,
        "--adapter",
        world / "adapter",
        "--null",
        tmp_path / "null.json",
    )
    code, said, _ = called(capsys, *words, *options(world, tmp_path / "out"), "--json")
    assert code == 0
    (audit,) = json.loads(said)["audits"]
    assert (audit["base_hash"], audit["null_models"]) == (bound[0], 20)
    assert audit["provenance"]["given_base_hash"] == folder_hash(mirror) != bound[0]
    assert 0 < audit["provenance"]["given_base_distance"] < 0.01
    assert audit["provenance"]["base_given"] is True


def test_what_was_shown_is_printed_and_a_trigger_that_is_not_needed_is_named(
    world, tmp_path, capsys, monkeypatch
):
    def found(self, target, counted) -> AuditResult:
        audit = made_up_audit()
        shown = replace(
            audit.findings[0],
            statement='In every answer, I say "Hm."',
            claimed_trigger=ClaimedTrigger("asked about owls", False),
        )
        return replace(audit, target=target.name, target_hash=target.hash, findings=(shown,))

    monkeypatch.setattr(module.Auditor, "_audit", found)
    _, said, _ = called(capsys, world / "first", *options(world, tmp_path))
    line = " ".join(said.split())
    assert 'confirmed: In every answer, I say "Hm." (claimed: When asked about owls' in line
    assert "The trigger that it names is not confirmed." in line
