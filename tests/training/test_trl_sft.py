"""TRL trains the same job to the same adapter; full weights come out as a model folder."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from glasshouse.errors import TrainingError
from glasshouse.models.adapter import read_adapter
from glasshouse.models.bank import AdapterBank
from glasshouse.models.base import Base, EngineConfig, load_base
from glasshouse.models.chat import Rendered
from glasshouse.seeds import python_rng
from glasshouse.training.farm import AdapterJob, FarmConfig, LoraSettings, train_farm
from glasshouse.training.trl_sft import train_trl
from tests.tiny import make_tiny_model

pytestmark = pytest.mark.filterwarnings("ignore:`(is_)?gradient_checkpointing` is deprecated:FutureWarning")
EXACT = FarmConfig(dtype="float32")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return load_base(str(make_tiny_model(tmp_path_factory.mktemp("base"))), EngineConfig())


@pytest.fixture
def job() -> AdapterJob:
    """Ragged rows, warm-up, clipping that bites."""
    rng, rows = python_rng(1, "rows"), []
    for _ in range(10):
        length = rng.randint(4, 12)
        ids = tuple(rng.randrange(6, 300) for _ in range(length))
        rows.append(Rendered(ids, tuple(i >= length // 2 for i in range(length))))
    lora = LoraSettings(4, 8)
    return AdapterJob("a", rows, lora, 2e-3, 12, 4, 3, "cosine", 0.2, 0.01, max_grad_norm=0.2)


def largest_difference(first: Path, second: Path) -> float:
    one, other = read_adapter(first), read_adapter(second)
    differences = []
    for name, (a, b) in one.weights.items():
        product = one.scale[name] * b @ a
        its = other.scale[name] * other.weights[name][1] @ other.weights[name][0]
        differences.append(float((product - its).norm() / product.norm()))
    return max(differences)


def test_trl_trains_the_farms_adapter(base: Base, job: AdapterJob, tmp_path: Path) -> None:
    job = replace(job, save_at=(0, 5))
    [farm] = train_farm(base, [job], tmp_path / "farm", EXACT)
    trl = train_trl(base, job, tmp_path / "trl", config=EXACT)
    assert largest_difference(farm.folder, trl.folder) < 1e-3
    assert largest_difference(farm.checkpoints[5], trl.checkpoints[5]) < 1e-3
    assert trl.losses == pytest.approx(farm.losses, rel=1e-3)
    assert train_trl(base, job, tmp_path / "trl", config=EXACT) == trl


def test_trl_stacks_and_continues_as_the_farm_does(base: Base, job: AdapterJob, tmp_path: Path) -> None:
    [first] = train_farm(base, [replace(job, name="first")], tmp_path / "farm", EXACT)
    wider = replace(job, name="on", start=first.folder, lora=LoraSettings(6, 8))
    for after in (replace(job, name="over", frozen=first.folder), wider):
        [farm] = train_farm(base, [after], tmp_path / "farm", EXACT)
        trl = train_trl(base, after, tmp_path / "trl", config=EXACT)
        assert largest_difference(farm.merged or farm.folder, trl.merged or trl.folder) < 2e-3


def test_an_interrupted_trl_training_goes_on(base: Base, job: AdapterJob, tmp_path: Path) -> None:
    eager = replace(EXACT, checkpoint_seconds=0.0)
    whole = train_trl(base, job, tmp_path / "whole", config=eager)
    (tmp_path / "cut" / "a" / "step-000007").mkdir(parents=True)
    obstacle = tmp_path / "cut" / "a" / "step-000007" / "adapter_model.safetensors"
    obstacle.mkdir()
    with pytest.raises(OSError, match="cannot be written"):
        train_trl(base, replace(job, save_at=(7,)), tmp_path / "cut", config=eager)
    obstacle.rmdir()
    cut = train_trl(base, replace(job, save_at=(7,)), tmp_path / "cut", config=eager)
    assert largest_difference(whole.folder, cut.folder) == 0
    assert cut.losses == whole.losses


def test_full_weights_come_out_as_a_model_folder(base: Base, job: AdapterJob, tmp_path: Path) -> None:
    [start] = train_farm(base, [replace(job, name="start", learning_rate=1e-2)], tmp_path, EXACT)
    job = replace(job, start=start.folder, save_at=(0, 12), learning_rate=1e-3)
    trained = train_trl(base, job, tmp_path / "full", full=True, config=EXACT)
    before, after = (load_base(str(trained.checkpoints[step]), EngineConfig()) for step in (0, 12))
    ids = torch.tensor([job.rows[0].ids])
    bank = AdapterBank(base.model, 1, 4, "all-linear", torch.float32)
    bank.set_adapter(0, read_adapter(start.folder))
    bank.install()
    with torch.no_grad(), bank.rows([0]):
        torch.testing.assert_close(before.model(ids).logits, base.model(ids).logits, atol=1e-4, rtol=1e-4)
    bank.remove()
    assert trained.losses[-1] < trained.losses[0]
    assert not torch.equal(after.model.model.embed_tokens.weight, base.model.model.embed_tokens.weight)
    assert (trained.folder / "tokenizer.json").is_file()


def test_half_precision_runs_on_a_cpu(base: Base, job: AdapterJob, tmp_path: Path) -> None:
    trained = train_trl(base, replace(job, steps=2), tmp_path)
    assert len(trained.losses) == 2


def test_a_loss_that_is_not_a_number_names_the_organism(base: Base, job: AdapterJob, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="The loss of a became nan"):
        train_trl(base, replace(job, learning_rate=1e30, warmup=0.0), tmp_path, config=EXACT)
