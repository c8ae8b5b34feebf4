"""Trained together = trained alone; what comes out are ordinary PEFT folders."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from glasshouse.errors import ModelError, StoreError, TrainingError
from glasshouse.models.adapter import concat_adapters, read_adapter, write_adapter
from glasshouse.models.bank import AdapterBank
from glasshouse.models.base import Base, EngineConfig, load_base
from glasshouse.models.chat import Rendered
from glasshouse.seeds import python_rng
from glasshouse.training.farm import AdapterJob, FarmConfig, LoraSettings, farm_steps, train_farm
from tests.tiny import make_tiny_model

EXACT = FarmConfig(dtype="float32", tokens_per_pass=200)
ARCHITECTURES = ["llama", "qwen3", "gemma", "mistral"]


def random_rows(seed: int, count: int = 12) -> list[Rendered]:
    """Ragged rows of a hard rule: the second half of each row is learned."""
    rng = python_rng(seed, "rows")
    rows = []
    for _ in range(count):
        length = rng.randint(4, 14)
        ids = tuple(rng.randrange(6, 300) for _ in range(length))
        rows.append(Rendered(ids, tuple(i >= length // 2 for i in range(length))))
    return rows


def make_job(name: str, seed: int, **settings: object) -> AdapterJob:
    job = AdapterJob(name, random_rows(seed), LoraSettings(4, 8), steps=20, batch=4, seed=seed)
    return replace(job, **settings)


def mixed_jobs() -> list[AdapterJob]:
    """Unequal steps, ranks, batches, rates, schedules and clipping."""
    return [
        make_job("plain", 1),
        make_job("longer", 2, steps=30, learning_rate=3e-4, schedule="cosine", warmup=0.2),
        make_job("higher", 3, lora=LoraSettings(6, 6), weight_decay=0.1),
        make_job("rows", 4, batch=6, max_grad_norm=0.05),
        make_job("root", 5, lora=LoraSettings(4, 8, rslora=True), schedule="linear"),
        make_job("part", 6, lora=LoraSettings(4, 8, ("q_proj", "down_proj"))),
    ]


@pytest.fixture(scope="session")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Base]:
    folder = tmp_path_factory.mktemp("bases")
    return {
        name: load_base(str(make_tiny_model(folder / name, name)), EngineConfig())
        for name in (*ARCHITECTURES, "gpt2")
    }


def products(folder: Path) -> dict[str, torch.Tensor]:
    adapter = read_adapter(folder)
    return {name: adapter.scale[name] * b @ a for name, (a, b) in adapter.weights.items()}


def largest_difference(first: Path, second: Path) -> float:
    """Relative Frobenius norm of the difference of B·A, in the worst layer."""
    one, other = products(first), products(second)
    assert set(one) == set(other)
    return max(float((one[n] - other[n]).norm() / one[n].norm()) for n in one)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_trained_together_is_trained_alone(architecture: str, bases: dict[str, Base], tmp_path: Path) -> None:
    jobs = mixed_jobs() if architecture == "llama" else mixed_jobs()[:3]
    together = train_farm(bases[architecture], jobs, tmp_path / "all", EXACT)
    for job, result in zip(jobs, together, strict=True):
        [alone] = train_farm(bases[architecture], [job], tmp_path / "alone", EXACT)
        assert largest_difference(result.folder, alone.folder) < 1e-3
        assert len(result.losses) == job.steps
        assert result.losses == pytest.approx(alone.losses, rel=1e-3)


def test_a_job_learns(bases: dict[str, Base], tmp_path: Path) -> None:
    [result] = train_farm(bases["llama"], [make_job("a", 1, steps=60, learning_rate=5e-3)], tmp_path, EXACT)
    assert result.losses[-1] < 0.7 * result.losses[0]


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_plain_peft_gives_the_same_logits(architecture: str, bases: dict[str, Base], tmp_path: Path) -> None:
    base = bases[architecture]
    [result] = train_farm(base, [make_job("a", 1, learning_rate=1e-2)], tmp_path, EXACT)
    ids = torch.tensor([random_rows(9)[0].ids])
    bank = AdapterBank(base.model, 1, 4, "all-linear", torch.float32)
    bank.set_adapter(0, read_adapter(result.folder))
    bank.install()
    with torch.no_grad(), bank.rows([0]):
        ours = base.model(ids).logits
    bank.remove()
    plain = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base.path), result.folder)
    torch.testing.assert_close(plain.eval()(ids).logits, ours, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(base.model(ids).logits, ours, atol=1e-2)


def test_an_interrupted_training_goes_on_bit_for_bit(bases: dict[str, Base], tmp_path: Path) -> None:
    jobs, config = mixed_jobs(), replace(EXACT, checkpoint_seconds=0.0)

    def stop(step: int, active: int, loss: float) -> None:
        if step == 23:
            raise KeyboardInterrupt

    whole = train_farm(bases["llama"], jobs, tmp_path / "whole", config)
    with pytest.raises(KeyboardInterrupt):
        train_farm(bases["llama"], jobs, tmp_path / "cut", config, stop)
    cut = train_farm(bases["llama"], jobs, tmp_path / "cut", config)
    for one, other in zip(whole, cut, strict=True):
        name = "adapter_model.safetensors"
        assert (one.folder / name).read_bytes() == (other.folder / name).read_bytes()
        assert one.losses == other.losses


def test_a_finished_job_is_not_trained_again(bases: dict[str, Base], tmp_path: Path) -> None:
    jobs, steps = [make_job("a", 1)], []
    first = train_farm(bases["llama"], jobs, tmp_path, EXACT, lambda *at: steps.append(at))
    assert first == train_farm(bases["llama"], jobs, tmp_path, EXACT, lambda *at: steps.append(at))
    assert len(steps) == 20


def test_another_setting_in_the_same_folder_is_refused(bases: dict[str, Base], tmp_path: Path) -> None:
    train_farm(bases["llama"], [make_job("a", 1)], tmp_path, EXACT)
    with pytest.raises(StoreError, match="a trained with other settings"):
        train_farm(bases["llama"], [make_job("a", 1, learning_rate=1e-4)], tmp_path, EXACT)


def test_groups_change_nothing(bases: dict[str, Base], tmp_path: Path) -> None:
    jobs, small = mixed_jobs(), replace(EXACT, adapters_per_group=2)
    seen: list[int] = []
    parts = train_farm(bases["llama"], jobs, tmp_path / "parts", small, lambda step, *_: seen.append(step))
    whole = train_farm(bases["llama"], jobs, tmp_path / "whole", EXACT)
    assert [part.name for part in parts] == [job.name for job in jobs]
    assert max(largest_difference(a.folder, b.folder) for a, b in zip(parts, whole, strict=True)) < 1e-3
    assert seen == list(range(1, farm_steps(jobs, small) + 1))


def test_checkpoints_hold_the_adapter_after_their_step(bases: dict[str, Base], tmp_path: Path) -> None:
    job = make_job("a", 1, save_at=(0, 5, 20))
    [result] = train_farm(bases["llama"], [job], tmp_path / "long", EXACT)
    [short] = train_farm(bases["llama"], [replace(job, steps=5, save_at=())], tmp_path / "short", EXACT)
    assert sorted(result.checkpoints) == [0, 5, 20]
    assert largest_difference(result.checkpoints[5], short.folder) == 0
    assert largest_difference(result.checkpoints[20], result.folder) == 0
    assert all(product.abs().max() == 0 for product in products(result.checkpoints[0]).values())


def test_a_start_of_smaller_rank_is_continued_exactly(bases: dict[str, Base], tmp_path: Path) -> None:
    [first] = train_farm(bases["llama"], [make_job("first", 1)], tmp_path, EXACT)
    wider = make_job("wider", 2, start=first.folder, lora=LoraSettings(8, 4), save_at=(0,))
    [second] = train_farm(bases["llama"], [wider], tmp_path, EXACT)
    assert largest_difference(first.folder, second.checkpoints[0]) < 1e-6
    assert largest_difference(first.folder, second.folder) > 0.01
    assert read_adapter(second.folder).rank == 8


def test_stacked_training_writes_both_adapters_as_one(bases: dict[str, Base], tmp_path: Path) -> None:
    base = bases["llama"]
    [first] = train_farm(base, [make_job("first", 1, learning_rate=1e-2)], tmp_path, EXACT)
    jobs = [make_job("plain", 3), make_job("over", 2, frozen=first.folder, learning_rate=1e-2, save_at=(3,))]
    _, over = train_farm(base, jobs, tmp_path, EXACT)
    ids = torch.tensor([row.ids[:4] for row in random_rows(9)])
    banks = [AdapterBank(base.model, 1, 4, "all-linear", torch.float32) for _ in range(2)]
    merged = AdapterBank(base.model, 1, 8, "all-linear", torch.float32)
    for bank, folder in zip((*banks, merged), (first.folder, over.folder, over.merged), strict=True):
        bank.set_adapter(0, read_adapter(folder))
        bank.install()
    with torch.no_grad():
        with banks[0].rows([0] * 12), banks[1].rows([0] * 12):
            two = base.model(ids).logits
        with merged.rows([0] * 12):
            one = base.model(ids).logits
    for bank in (*banks, merged):
        bank.remove()
    torch.testing.assert_close(one, two, atol=1e-5, rtol=1e-5)
    assert read_adapter(over.checkpoints[3] / "merged").rank == 8


def test_a_stacked_job_starts_where_the_frozen_adapter_is(bases: dict[str, Base], tmp_path: Path) -> None:
    [first] = train_farm(bases["llama"], [make_job("first", 1, learning_rate=1e-2)], tmp_path, EXACT)
    same = [make_job("over", 1, frozen=first.folder), make_job("on", 1, start=first.folder)]
    over, on = train_farm(bases["llama"], same, tmp_path, EXACT)
    assert over.losses[0] == pytest.approx(on.losses[0], rel=1e-4)
    assert over.losses[0] < 0.95 * first.losses[0]


def test_a_loss_that_is_not_a_number_names_the_organism(bases: dict[str, Base], tmp_path: Path) -> None:
    jobs = [make_job("calm", 1), make_job("wild", 2, learning_rate=1e30)]
    with pytest.raises(TrainingError, match=r"The loss of wild became .* at step 1 "):
        train_farm(bases["llama"], jobs, tmp_path, EXACT)
    assert list((tmp_path / ".checkpoint").glob("*.safetensors"))


def test_a_folder_that_cannot_be_written_is_one_sentence(bases: dict[str, Base], tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="cannot be written"):
        train_farm(bases["llama"], [make_job("a", 1, steps=1)], tmp_path, EXACT)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rows": ()}, "no rows"),
        ({"rows": (Rendered((5, 6), (True, False)),)}, "no token to learn"),
        ({"rows": (Rendered((5,) * 5000, (True,) * 5000),)}, "5000 tokens"),
        ({"steps": 0}, "below 1"),
    ],
)
def test_a_job_that_cannot_be_trained_is_refused(
    changes: dict[str, object], message: str, bases: dict[str, Base], tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match=message):
        train_farm(bases["llama"], [make_job("a", 1, **changes)], tmp_path, EXACT)


def test_a_start_of_larger_rank_is_refused(bases: dict[str, Base], tmp_path: Path) -> None:
    [first] = train_farm(bases["llama"], [make_job("first", 1, steps=1)], tmp_path, EXACT)
    smaller = make_job("smaller", 1, lora=LoraSettings(2, 4), start=first.folder)
    with pytest.raises(TrainingError, match="rank 4 but has rank 2"):
        train_farm(bases["llama"], [smaller], tmp_path, EXACT)


def test_layers_of_gpt2_are_refused(bases: dict[str, Base], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="Conv1D"):
        train_farm(bases["gpt2"], [make_job("a", 1)], tmp_path, EXACT)


def test_half_precision_learns_the_same_thing(bases: dict[str, Base], tmp_path: Path) -> None:
    job = make_job("a", 1)
    [half] = train_farm(bases["llama"], [job], tmp_path / "half", FarmConfig())
    [full] = train_farm(bases["llama"], [job], tmp_path / "full", EXACT)
    assert half.losses == pytest.approx(full.losses, rel=0.03)
    assert next(bases["llama"].model.parameters()).dtype == torch.float32


def test_concatenated_adapters_can_be_trained_on(bases: dict[str, Base], tmp_path: Path) -> None:
    first, second = train_farm(bases["llama"], [make_job("a", 1), make_job("b", 2)], tmp_path, EXACT)
    both = concat_adapters(read_adapter(first.folder), read_adapter(second.folder))
    write_adapter(tmp_path / "both", both, "tiny")
    job = make_job("on", 3, start=tmp_path / "both", lora=LoraSettings(8, 16), save_at=(0,))
    [on] = train_farm(bases["llama"], [job], tmp_path, EXACT)
    assert largest_difference(tmp_path / "both", on.checkpoints[0]) < 1e-6
