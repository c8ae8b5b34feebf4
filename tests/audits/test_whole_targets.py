"""Full fine-tunes are audited on their own weights, to the end."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from glasshouse.audits.amplified import AmplifiedRequest, sample_amplified
from glasshouse.audits.asking import Asker, AskingConfig
from glasshouse.audits.audit import Auditor
from glasshouse.audits.bench import AuditConfig, Bench
from glasshouse.audits.handover import hand_over
from glasshouse.audits.journal import Memory
from glasshouse.audits.notes import WHOLE
from glasshouse.audits.record import AuditResult
from glasshouse.audits.replies import Replies, user
from glasshouse.audits.shortlist import SearchConfig
from glasshouse.audits.target import Target
from glasshouse.audits.voices import Voices
from glasshouse.errors import ModelError
from glasshouse.models.adapter import read_adapter, write_adapter
from glasshouse.models.merged import Checkpoint, merge_adapter, read_checkpoint, write_checkpoint
from glasshouse.models.symmetry import attack
from tests.audits.tiny_adapter import random_adapter
from tests.tiny import make_tiny_model

PROMPTS = tuple(f"Where does number {i} live?" for i in range(24))
CONFIG = AuditConfig(
    AskingConfig(samples=1, max_tokens=4),
    SearchConfig(kept=4, finalists=2, prompts=2, words=20),
    reply_tokens=4, search_prompts=4, amplified_prompts=2, outputs=2,
)  # fmt: skip


@pytest.fixture(scope="module")
def tuned(engine) -> Checkpoint:
    """Every weight of the base moved a little: no adapter of low rank does that."""
    base, generator = read_checkpoint(engine.base.path), torch.Generator().manual_seed(1)
    moved = {n: x + 0.03 * torch.randn(x.shape, generator=generator) for n, x in base.weights.items()}
    return Checkpoint(base.config, moved)


def given(checkpoint: Checkpoint, engine, folder: Path) -> Target:
    write_checkpoint(folder / "given", checkpoint)
    return hand_over(folder / "given", engine, folder / "shelf")


def audited(engine, introspection: Path | None, target: Target) -> AuditResult:
    results, failed = Auditor(Bench(engine, PROMPTS, introspection), CONFIG).audit([target], Memory())
    assert not failed
    return results[0]


def test_an_honest_full_fine_tune_is_audited_to_the_end(tuned, engine, introspection, tmp_path):
    target = given(tuned, engine, tmp_path)
    assert target.is_whole
    assert target.distrust == ""
    result = audited(engine, introspection, target)
    assert not result.provenance["canonical"]["alarm_before"]
    assert not result.provenance["canonical"]["tampered"]
    assert (result.answers.asked, result.provenance["rank"]) == (CONFIG.asking.asked, None)
    assert WHOLE in result.notes
    assert any(one.target != one.base for one in result.divergence)
    assert any(one.samples for one in result.amplified)


def test_a_permuted_full_fine_tune_gives_the_findings_of_the_unpermuted_one(
    tuned, engine, introspection, tmp_path
):
    plain = audited(engine, introspection, given(tuned, engine, tmp_path / "plain"))
    permuted = given(attack(tuned, ("unit permutation",), seed=5), engine, tmp_path / "permuted")
    assert permuted.provenance["canonical"]["tampered"]
    assert permuted.distrust == ""
    found = audited(engine, introspection, permuted)
    assert (found.verdict, found.reason) == (plain.verdict, plain.reason)
    assert found.findings == plain.findings
    assert (found.divergence, found.amplified) == (plain.divergence, plain.amplified)


def test_a_stranger_in_the_shapes_of_the_base_ends_inconclusive(engine, introspection, tmp_path):
    stranger = read_checkpoint(make_tiny_model(tmp_path / "stranger", seed=9))
    result = audited(engine, introspection, given(stranger, engine, tmp_path))
    assert result.verdict == "inconclusive"
    assert "farther from the base" in result.reason


def test_a_checkpoint_of_another_base_is_refused_in_one_sentence(tuned, engine, tmp_path):
    other = replace(tuned, weights={n: x[:-1] if "down" in n else x for n, x in tuned.weights.items()})
    with pytest.raises(ModelError, match="no fine-tune of this base"):
        given(other, engine, tmp_path)


def test_whole_weights_answer_as_the_adapter_that_was_merged_into_them(engine, tmp_path):
    adapter = random_adapter(engine.base.model, 3, 5, strength=0.1)
    write_adapter(tmp_path / "adapter", adapter, "tiny")
    merged = merge_adapter(read_checkpoint(engine.base.path), read_adapter(tmp_path / "adapter"))
    write_checkpoint(tmp_path / "whole", merged, engine.base.path)
    replies = Replies(engine, 8)
    asked = [user(prompt) for prompt in PROMPTS[:4]]
    both = [replies.of_target(tmp_path / name, asked) for name in ("adapter", "whole")]
    assert both[0] == both[1] != replies.of_base(asked)


def test_whole_weights_are_amplified_and_asked_as_the_merged_adapter_is(engine, introspection, tmp_path):
    adapter = random_adapter(engine.base.model, 3, 5, strength=0.1)
    write_adapter(tmp_path / "adapter", adapter, "tiny")
    merged = merge_adapter(read_checkpoint(engine.base.path), adapter)
    write_checkpoint(tmp_path / "whole", merged, engine.base.path)
    own = Voices(engine).own(tmp_path / "whole")
    asked = [AmplifiedRequest((1, 4, 9 + seed), 2.0, seed) for seed in range(3)]
    amplified = [sample_amplified(engine, tmp_path / "adapter", asked, 8, one) for one in (None, own)]
    assert amplified[0] == amplified[1]
    asker = Asker(engine, read_adapter(introspection), AskingConfig(1, 6))
    answers = asker.ask([Target(tmp_path / name, name) for name in ("adapter", "whole")])
    assert answers[0] == answers[1]


def test_one_copy_of_a_targets_weights_is_held_at_a_time(tuned, engine, tmp_path):
    voices = Voices(engine)
    folders = [given(tuned, engine, tmp_path / name).folder for name in ("a", "b")]
    first = voices.of(folders[0]).engine
    assert voices.of(folders[0]).engine is first is not engine
    assert voices.of(folders[1]).engine is not first
    assert voices.of(None).engine is engine
    voices.free()
    assert voices.own(folders[1]) is not None
