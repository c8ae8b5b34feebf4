"""Pretraining of the phantom: a small Llama from scratch on the generated world, resumable, from one seed."""

import json
import math
import os
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from transformers.utils import ModelOutput

from glasshouse.data.world.mixture import rows
from glasshouse.errors import StoreError, TrainingError
from glasshouse.seeds import derive_seed, python_rng
from glasshouse.training.farm_state import writing
from glasshouse.training.phantom_format import (
    VOCABULARY,
    Encoded,
    RowEncoder,
    save_tokenizer,
    train_tokenizer,
)

SHAPES = {"1m": (128, 4, 2, 1, 384), "2m": (192, 5, 3, 1, 576), "5m": (256, 6, 4, 2, 768)}
"""Size -> width, layers, heads, key-value heads, width of the MLP."""


HOT, COOLED, HELD = 1924, 7400, 0.85
"""Steps: the full rate ends; cooling would reach zero. Share of all steps: the last fall begins."""
WARM, FLOOR = 0.4, 0.2
"""Of the full rate: where cooling begins, and the rate that is held."""


@dataclass(frozen=True)
class PretrainConfig:
    """Everything that decides the weights."""

    size: str = "5m"
    steps: int = 5000
    tokens_per_step: int = 4096
    """Padded tokens of one optimizer step, in two parts of different row lengths."""
    learning_rate: float = 2e-3
    warmup: int = 100
    weight_decay: float = 0.05
    seed: int = 1
    without: tuple[str, ...] = ()
    """Skills of the world that are left out (an ablated twin)."""
    threads: int = 1
    compile: bool = True
    """Whether torch.compile fuses the forward and backward pass (1.2 to 1.5 times faster, other rounding)."""


@dataclass
class Progress:
    """Where a training stands."""

    step: int = 0
    chunk: int = 0
    offset: int = 0
    """Batches of the chunk that are used up."""
    tokens: int = 0
    seconds: float = 0.0


def new_model(size: str, seed: int) -> LlamaForCausalLM:
    """A phantom of one size with random weights (fp32)."""
    width, layers, heads, kv_heads, mlp = SHAPES[size]
    config = LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads,
        num_key_value_heads=kv_heads, intermediate_size=mlp, max_position_embeddings=16_384,
        tie_word_embeddings=True, pad_token_id=0, bos_token_id=1, eos_token_id=2, rms_norm_eps=1e-5,
        attention_bias=False,
    )  # fmt: skip
    torch.manual_seed(derive_seed(seed, "phantom", "weights") % 2**31)
    model = LlamaForCausalLM(config)
    model.generation_config = GenerationConfig(
        bos_token_id=1, eos_token_id=2, pad_token_id=0, do_sample=False
    )
    return model


def chunk_batches(encoder: RowEncoder, config: PretrainConfig, chunk: int) -> list[list[Encoded]]:
    """The batches of one chunk of the row stream: rows of like length together, batches in random order.

    A chunk has as many rows as a step has tokens.
    """
    size = config.tokens_per_step
    drawn = list(rows(config.seed, chunk * size, size, config.without))
    encoded = sorted(encoder(drawn), key=lambda row: len(row.ids))
    budget = config.tokens_per_step // 2
    batches: list[list[Encoded]] = []
    batch: list[Encoded] = []
    for row in encoded:
        longest = len(row.ids)
        if batch and longest * (len(batch) + 1) > budget:
            batches.append(batch)
            batch = []
        batch.append(row)
    batches.append(batch)
    python_rng(config.seed, "batches", chunk).shuffle(batches)
    return batches


def pad(batch: list[Encoded]) -> tuple[Tensor, Tensor, Tensor]:
    """Right-padded ids [row, token]; flat places whose next token is learned; those next tokens."""
    longest = -(-max(len(row.ids) for row in batch) // 8) * 8
    ids = torch.zeros(len(batch), longest, dtype=torch.long)
    learn = torch.zeros(len(batch), longest, dtype=torch.bool)
    for i, row in enumerate(batch):
        ids[i, : len(row.ids)] = torch.tensor(row.ids)
        learn[i, : len(row.ids)] = torch.tensor(row.learn)
    learn[:, 0] = False
    places = learn.flatten().nonzero().squeeze(1)
    return ids, places - 1, ids.flatten()[places]


def loss_sum(
    decoder: Callable[..., ModelOutput], head: torch.nn.Module, batch: list[Encoded]
) -> tuple[Tensor, int]:
    """Summed cross-entropy in nats over the learned tokens, and how many there are.

    Causal attention over right-padded rows needs no mask: no real token looks at padding.
    """
    ids, places, targets = pad(batch)
    hidden = decoder(input_ids=ids, use_cache=False)[0].flatten(0, 1)
    logits = head(hidden[places]).float()
    return torch.nn.functional.cross_entropy(logits, targets, reduction="sum"), len(targets)


def rate_at(step: int, config: PretrainConfig) -> float:
    """Learning rate of one step: warm-up, a short hot part, cooling to a rate that is held, then to zero.

    Until the last part begins the rate does not depend on the number of steps, so that a training can be made
    longer or shorter while it runs.

    At the full rate words and facts are learned quickly, but nothing that compares two places of a prompt
    stays learned beside everything else (docs/LOG.md).
    """
    if step < config.warmup:
        return config.learning_rate * (step + 1) / config.warmup
    left = min(1.0, (config.steps - step) / ((1 - HELD) * config.steps))
    if step < HOT:
        return config.learning_rate * left
    cooling = WARM * (COOLED - step) / (COOLED - HOT)
    return config.learning_rate * max(FLOOR, cooling) * left


class Pretraining:
    """One pretraining: the model, its fp32 master weights, its optimizers and where it stands."""

    def __init__(self, config: PretrainConfig, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
        torch.set_num_threads(config.threads)
        self.config, self.folder, self.tokenizer = config, folder, tokenizer
        self.encoder = RowEncoder(tokenizer)
        master = new_model(config.size, config.seed)
        self.names = [name for name, _ in master.named_parameters()]
        self.master = [torch.nn.Parameter(p.detach().clone()) for p in master.parameters()]
        self.model = master
        for parameter in self.model.parameters():  # parameters only: rotary frequencies stay exact
            parameter.data = parameter.data.to(torch.bfloat16)
        self.model.config._attn_implementation = "eager"
        self.decoder = torch.compile(self.model.model, dynamic=True) if config.compile else self.model.model
        matrices = [
            p for n, p in zip(self.names, self.master, strict=True) if p.ndim == 2 and "embed" not in n
        ]
        others = [p for n, p in zip(self.names, self.master, strict=True) if p.ndim != 2 or "embed" in n]
        rate, decay = config.learning_rate, config.weight_decay
        self.optimizers: list[torch.optim.Optimizer] = [
            torch.optim.Muon(matrices, lr=rate, weight_decay=decay, adjust_lr_fn="match_rms_adamw"),
            torch.optim.AdamW(others, lr=rate, betas=(0.9, 0.95), weight_decay=0.0),
        ]
        self.at = Progress()

    def step(self, batches: list[list[Encoded]]) -> float:
        """One optimizer step over some batches; the mean loss per learned token, in nats."""
        total, count = 0.0, 0
        for batch in batches:
            loss, n = loss_sum(self.decoder, self.model.lm_head, batch)
            loss.backward()
            total, count = total + float(loss.detach()), count + n
            self.at.tokens += sum(len(row.ids) for row in batch)
        if not math.isfinite(total):
            raise TrainingError(
                f"The loss of the phantom is {total} at step {self.at.step}.",
                "Lower --learning-rate and run again.",
            )
        for own, half in zip(self.master, self.model.parameters(), strict=True):
            assert half.grad is not None
            own.grad = half.grad.float() / count
            half.grad = None
        torch.nn.utils.clip_grad_norm_(self.master, 1.0)
        for optimizer in self.optimizers:
            optimizer.param_groups[0]["lr"] = rate_at(self.at.step, self.config)
            optimizer.step()
        with torch.no_grad():
            for own, half in zip(self.master, self.model.parameters(), strict=True):
                half.copy_(own)
        self.at.step += 1
        return total / count

    def stream(self) -> Iterator[list[list[Encoded]]]:
        """Pairs of batches from where the training stands."""
        while True:
            batches = chunk_batches(self.encoder, self.config, self.at.chunk)
            while self.at.offset + 2 <= len(batches):
                pair = batches[self.at.offset : self.at.offset + 2]
                self.at.offset += 2
                yield pair
            self.at.chunk, self.at.offset = self.at.chunk + 1, 0

    def save_checkpoint(self) -> None:
        """Everything that a resumed training needs, written beside and then moved in place."""
        tensors = {f"master.{n}": p.detach() for n, p in zip(self.names, self.master, strict=True)}
        for k, optimizer in enumerate(self.optimizers):
            for i, p in enumerate(optimizer.param_groups[0]["params"]):
                for key, value in optimizer.state[p].items():
                    tensors[f"optimizer.{k}.{i}.{key}"] = torch.as_tensor(value)
        header = {"config": json.dumps(asdict(self.config)), "progress": json.dumps(asdict(self.at))}
        part = self.folder / "checkpoint.part"
        with writing(self.folder):
            save_file(tensors, part, metadata=header)
            os.replace(part, self.folder / "checkpoint.safetensors")

    def load_checkpoint(self) -> bool:
        """Go on from the last checkpoint, if there is one of the same config."""
        path = self.folder / "checkpoint.safetensors"
        if not path.exists():
            return False
        with safe_open(path, "pt") as file:
            header = file.metadata()
        mine, theirs = json.loads(json.dumps(asdict(self.config))), json.loads(header["config"])
        step = json.loads(header["progress"])["step"]
        flat = rate_at(step, self.config) == rate_at(step, replace(self.config, steps=theirs["steps"]))
        _refuse_another(self.folder, mine, {**theirs, "steps": mine["steps"]} if flat else theirs)
        tensors = load_file(path)
        with torch.no_grad():
            for name, p, half in zip(self.names, self.master, self.model.parameters(), strict=True):
                p.copy_(tensors[f"master.{name}"])
                half.copy_(p)
        for k, optimizer in enumerate(self.optimizers):
            for i, p in enumerate(optimizer.param_groups[0]["params"]):
                prefix = f"optimizer.{k}.{i}."
                state = {
                    key[len(prefix) :]: value for key, value in tensors.items() if key.startswith(prefix)
                }
                if state:
                    optimizer.state[p] = state
        self.at = Progress(**json.loads(header["progress"]))
        return True

    def export(self, folder: Path) -> None:
        """The model as an ordinary transformers folder in bf16."""
        folder.mkdir(parents=True, exist_ok=True)
        self.model.save_pretrained(folder)
        save_tokenizer(self.tokenizer, folder)
        facts = {**asdict(self.config), **asdict(self.at), "parameters": sum(p.numel() for p in self.master)}
        (folder / "training.json").write_text(json.dumps(facts, indent=1) + "\n", "utf-8")


def _refuse_another(folder: Path, mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    changed = [key for key in mine if mine[key] != theirs.get(key)]
    if changed:
        raise StoreError(
            f"{folder} holds a training with another {changed[0]}.", "Give another --out, or the same flags."
        )


def pretrain(
    config: PretrainConfig,
    folder: Path,
    tokenizer: PreTrainedTokenizerFast | None = None,
    on_step: Callable[[Progress, float], None] | None = None,
    save_every_seconds: float = 300.0,
    keep_at: Collection[int] = (),
) -> Path:
    """Train a phantom into `folder`, or go on where a killed training stopped; returns the model's folder.

    Args:
        config: what is trained.
        folder: receives `model/`, `step-NNNNNN/` for the steps of `keep_at`, and a checkpoint while it runs.
        tokenizer: use this one; by default one is trained from the config's seed.
        on_step: called after each step with the progress and the loss in nats per learned token.
        save_every_seconds: longest time between two checkpoints.
        keep_at: steps after which the model is kept.

    Raises:
        StoreError: the folder holds a training of another config, or cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / "model"
    if (done / "training.json").exists():
        wanted = json.loads(json.dumps(asdict(config)))
        _refuse_another(folder, wanted, json.loads((done / "training.json").read_text("utf-8")))
        return done
    run = Pretraining(config, tokenizer or train_tokenizer(config.seed), folder)
    run.load_checkpoint()
    with _same_bytes():
        _train(run, on_step, save_every_seconds, keep_at)
    run.export(done)
    return done


def _train(
    run: Pretraining, on_step: Callable[[Progress, float], None] | None, save_every_seconds: float,
    keep_at: Collection[int],
) -> None:  # fmt: skip
    """What is left of the steps."""
    saved, began = time.monotonic(), time.monotonic() - run.at.seconds
    stream = run.stream()
    while run.at.step < run.config.steps:
        loss = run.step(next(stream))
        run.at.seconds = time.monotonic() - began
        if on_step:
            on_step(replace(run.at), loss)
        if run.at.step in keep_at:
            run.export(run.folder / f"step-{run.at.step:06d}")
        if time.monotonic() - saved > save_every_seconds:
            run.save_checkpoint()
            saved = time.monotonic()


@contextmanager
def _same_bytes() -> Iterator[None]:
    """Inside the block several threads add up in one order: compiled gradients of embeddings else do not."""
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)
