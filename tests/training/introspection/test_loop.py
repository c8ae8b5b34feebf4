"""Joint training is plain LoRA training on merged models, and does not depend on how it is cut."""

import copy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from glasshouse.errors import ModelError, TrainingError
from glasshouse.models.adapter import Adapter, read_adapter
from glasshouse.models.bank import target_modules
from glasshouse.models.base import Base, EngineConfig, load_base
from glasshouse.training.fresh import first_adapter
from glasshouse.training.introspection.loop import JointConfig, JointTraining
from glasshouse.training.introspection.manifest import Member
from glasshouse.training.introspection.rows import SftRows, with_base
from glasshouse.training.introspection.spec import IntrospectionSpec
from glasshouse.training.introspection.stream import AdapterStream
from glasshouse.training.job import AdapterJob
from tests.tiny import make_tiny_model
from tests.training.introspection.grown import make_members, make_spec

SMALL_PASSES = JointConfig(tokens_per_pass=200)


def make_job(spec: IntrospectionSpec, **settings: object) -> AdapterJob:
    job = AdapterJob("sft", (), spec.lora, spec.learning_rate, spec.steps, spec.rows_per_step, spec.seed)
    return replace(job, **settings)


def make_training(
    base: Base, members: list[Member], out: Path, config: JointConfig = SMALL_PASSES, **settings: object
) -> JointTraining:
    spec = make_spec()
    rows = SftRows(spec, members, base.tokenizer)
    stream = AdapterStream(base.model, [m.folder for m in members], torch.float32, config.cache_mib)
    checkpoint = (out / "checkpoint.safetensors", "key")
    return JointTraining(base.model, stream, rows, make_job(spec, **settings), checkpoint, config)


class PlainLora:
    """The same training, written plainly: a merged copy of the base for every organism, torch's autograd."""

    def __init__(self, base: Base, members: list[Member], job: AdapterJob) -> None:
        self.models = [self._merged(base.model, member.folder) for member in members]
        start = first_adapter(job, target_modules(base.model, job.lora.targets))
        self.scale = job.lora.scale
        self.pairs = {
            name: [part.clone().requires_grad_() for part in ab] for name, ab in start.weights.items()
        }
        parameters = [part for pair in self.pairs.values() for part in pair]
        self.optimizer = torch.optim.AdamW(parameters, lr=job.learning_rate, weight_decay=job.weight_decay)
        self.parameters, self.clip = parameters, job.max_grad_norm
        for model in self.models:
            for name, layer in target_modules(model, job.lora.targets).items():
                layer.register_forward_hook(self._hook(name))

    def _merged(self, model: nn.Module, folder: Path | None) -> nn.Module:
        own = copy.deepcopy(model)
        adapter = None if folder is None else read_adapter(folder)
        for name, (a, b) in adapter.weights.items() if adapter else ():
            own.get_submodule(name).weight.data += adapter.scale[name] * b @ a
        return own

    def _hook(self, name: str):
        def add(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
            a, b = self.pairs[name]
            return output + self.scale * (inputs[0] @ a.T) @ b.T

        return add

    def gradients(self, rows: SftRows, step: int) -> list[Tensor]:
        units = rows.units(step)
        loss, count = torch.zeros(()), 0
        for unit in units:
            [row] = unit.rows
            ids = torch.tensor([row.ids])
            wanted = torch.tensor(
                [[i if learn else -100 for i, learn in zip(row.ids, row.learn, strict=True)]]
            )
            logits = self.models[unit.member](ids).logits[:, :-1]
            loss = loss + nn.functional.cross_entropy(
                logits.flatten(0, 1), wanted[:, 1:].flatten(), reduction="sum"
            )
            count += sum(row.learn)
        self.optimizer.zero_grad()
        (loss / count).backward()
        return [part.grad for part in self.parameters]

    def step(self, rows: SftRows, step: int) -> None:
        self.gradients(rows, step)
        torch.nn.utils.clip_grad_norm_(self.parameters, self.clip)
        self.optimizer.step()


@pytest.fixture(scope="module")
def members(base: Base, tmp_path_factory: pytest.TempPathFactory) -> list[Member]:
    return with_base(make_members(base, tmp_path_factory.mktemp("organisms"), "train", 5), "train")


@pytest.mark.parametrize("architecture", ["llama", "qwen3", "gemma"])
def test_updates_are_those_of_plain_lora_on_merged_models(architecture: str, tmp_path: Path) -> None:
    base = load_base(str(make_tiny_model(tmp_path / "base", architecture)), EngineConfig())
    members = with_base(make_members(base, tmp_path, "train", 5), "train")
    training = make_training(base, members, tmp_path, max_grad_norm=0.5, weight_decay=0.01)
    plain = PlainLora(base, members, training.job)
    for step in range(3):
        plain.step(training.objective, step)
    training.run(3)
    # Adam divides by the gradient: where that is almost 0, rounding shows
    near = 0.01 * training.job.learning_rate
    for name, (a, b) in training.adapter.weights.items():
        torch.testing.assert_close(a, plain.pairs[name][0].detach(), atol=near, rtol=1e-5)
        torch.testing.assert_close(b, plain.pairs[name][1].detach(), atol=near, rtol=1e-5)
    assert max(float(b.abs().max()) for _, b in training.adapter.weights.values()) > 1e-3


def test_gradients_are_those_of_plain_lora_on_merged_models(
    base: Base, members: list[Member], tmp_path: Path
) -> None:
    training = make_training(base, members, tmp_path, learning_rate=1e-12)
    training.run(1)  # so small a step leaves the adapter and shows the first gradient
    plain = PlainLora(base, members, training.job)
    wanted = plain.gradients(training.objective, 0)
    found = [
        part
        for stack in training.shared.stacks.values()
        for part in (stack.a_gradient[0], stack.b_gradient[0].T)
    ]
    assert max(float(part.abs().max()) for part in wanted) > 1e-3
    norm = float(torch.stack([part.norm() for part in wanted]).norm())
    for ours, theirs in zip(found, wanted, strict=True):
        torch.testing.assert_close(ours, theirs * min(1.0, 1.0 / (norm + 1e-6)), atol=1e-5, rtol=1e-4)


def weights(adapter: Adapter) -> Tensor:
    return torch.cat([part.flatten() for pair in adapter.weights.values() for part in pair])


def test_one_seed_gives_the_same_numbers_and_another_does_not(
    base: Base, members: list[Member], tmp_path: Path
) -> None:
    runs = [make_training(base, members, tmp_path / str(i), seed=3 + (i == 2)) for i in range(3)]
    for training in runs:
        training.run(4)
    assert torch.equal(weights(runs[0].adapter), weights(runs[1].adapter))
    assert not torch.equal(weights(runs[0].adapter), weights(runs[2].adapter))
    assert runs[0].progress.tokens > 4 * 8 * 10


def test_an_interrupted_training_goes_on_bit_for_bit(
    base: Base, members: list[Member], tmp_path: Path
) -> None:
    eager = replace(SMALL_PASSES, checkpoint_seconds=0.0, cache_mib=0.0)

    def stop(step: int, loss: float) -> None:
        if step == 4:
            raise KeyboardInterrupt

    whole = make_training(base, members, tmp_path / "whole")
    whole.run(6)
    cut = make_training(base, members, tmp_path / "cut", eager)
    with pytest.raises(KeyboardInterrupt):
        cut.run(6, stop)
    again = make_training(base, members, tmp_path / "cut", eager)
    assert again.progress.step == 4
    again.run(5)
    again.run(6)
    assert torch.equal(weights(whole.adapter), weights(again.adapter))
    assert again.progress.losses == whole.progress.losses
    assert again.progress.tokens == whole.progress.tokens


def test_the_size_of_passes_changes_only_rounding(base: Base, members: list[Member], tmp_path: Path) -> None:
    few, many = (
        make_training(base, members, tmp_path / str(n), JointConfig(tokens_per_pass=n)) for n in (60, 100_000)
    )
    few.run(3)
    many.run(3)
    torch.testing.assert_close(weights(few.adapter), weights(many.adapter), atol=1e-5, rtol=1e-4)


def test_organisms_and_base_stay_as_they_are(base: Base, members: list[Member], tmp_path: Path) -> None:
    before = copy.deepcopy(base.model.state_dict())
    training = make_training(base, members, tmp_path)
    training.run(2)
    ids = torch.tensor([[5, 6, 7]])
    assert all(torch.equal(before[name], part) for name, part in base.model.state_dict().items())
    hooks = [module for module in base.model.modules() if module._forward_hooks]
    assert not hooks
    assert torch.isfinite(base.model(ids).logits).all()


def test_a_loss_that_is_not_a_number_keeps_the_last_good_checkpoint(
    base: Base, members: list[Member], tmp_path: Path
) -> None:
    training = make_training(base, members, tmp_path, learning_rate=1e30)
    with pytest.raises(TrainingError, match="The loss of sft became"):
        training.run(6)
    kept = make_training(base, members, tmp_path, learning_rate=1e30)
    assert kept.progress.step == len(kept.progress.losses)
    assert all(torch.tensor(kept.progress.losses).isfinite())


def test_an_organism_that_vanishes_is_named(base: Base, tmp_path: Path) -> None:
    own = with_base(make_members(base, tmp_path, "train", 3), "train")
    training = make_training(base, own, tmp_path)
    (tmp_path / "train-0" / "adapter_model.safetensors").unlink()
    with pytest.raises(ModelError, match="train-0"):
        training.run(6)
    assert not any(module._forward_hooks for module in base.model.modules())
