"""Joint training over many organisms against its limit and against PEFT switching between them.

    python benchmarks/introspection.py              32 organisms a step, rows of 32 tokens; an idle machine
    python benchmarks/introspection.py --small      a smoke test of every path; its figures mean nothing
    python benchmarks/introspection.py --large --device cuda    the same at 1.1 B parameters

Measured are: `joint`, the shared adapter over the rows of 32 frozen organisms; `plain`, the limit, the same
adapter, loop and rows on the bare base; `peft`, PEFT with the organism and the shared adapter active, one
organism after another, gradients accumulated. Joint training streams its organisms from disk; PEFT holds them
all in memory, with all adapters in bf16. Each measurement runs in its own process. Timed are optimizer steps
from the second on. The last lines read `name value unit (bar)`; exit code 3 says that a bar was missed.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

TOKENS, LEARNED, SHARED_RANK = 32, 16, 16
MODES = ("joint", "plain", "peft")
OVER_PLAIN = {8: 0.85, 64: 0.80}
"""Rank of the organisms -> least share of the limit."""
OVER_PEFT = {1: 4.0, 3: 2.5}
"""Rows of an organism -> how many times faster than PEFT."""


@dataclass(frozen=True)
class Measured:
    """What one process saw."""

    step_seconds: float
    """Median of one optimizer step."""
    tokens: int
    """In one step."""
    peak_mib: float

    @property
    def tokens_per_second(self) -> float:
        """Of training."""
        return self.tokens / self.step_seconds


def main() -> int:
    """Run what was asked; the exit code."""
    options = parse()
    if options.measure:
        print(json.dumps(vars(measure(options))))
        return 0
    print(f"load average {os.getloadavg()[0]:.2f}, {options.threads} thread(s), {options.device}, bf16")
    print(f"rows of {TOKENS} tokens of which {LEARNED} are learned, from {options.per_step} organisms a step")
    table = {
        (rank, rows): {mode: in_own_process(options, mode, rank, rows) for mode in MODES}
        for rank in OVER_PLAIN
        for rows in OVER_PEFT
    }
    print_table(table)
    return print_figures(table)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--small", action="store_true", help="smoke test: few organisms, a tiny base")
    parser.add_argument("--large", action="store_true", help="a random Llama of 1.1 B parameters")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--organisms", type=int, default=64, help="of which every step takes some")
    parser.add_argument("--per-step", type=int, default=32, help="organisms of one step")
    parser.add_argument("--steps", type=int, default=10, help="timed steps")
    parser.add_argument("--measure", choices=MODES, help=argparse.SUPPRESS)
    parser.add_argument("--rank", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--rows", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.small:
        options.organisms, options.per_step, options.steps = 4, 2, 2
    return options


def in_own_process(options: argparse.Namespace, mode: str, rank: int, rows: int) -> Measured:
    """One measurement."""
    numbers = {"rank": rank, "rows": rows, "threads": options.threads, "organisms": options.organisms,
               "per-step": options.per_step, "steps": options.steps, "device": options.device}  # fmt: skip
    command = [sys.executable, __file__, "--measure", mode]
    command += [word for name, value in numbers.items() for word in (f"--{name}", str(value))]
    command += ["--small"] * options.small + ["--large"] * options.large
    environment = os.environ | {"OMP_NUM_THREADS": str(options.threads), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{mode} at rank {rank} and {rows} rows failed:\n{done.stderr[-3000:]}")
    return Measured(**json.loads(done.stdout.strip().splitlines()[-1]))


def measure(options: argparse.Namespace) -> Measured:
    """Time one way of training in this process."""
    import torch  # the parent process stays small

    from glasshouse.models.base import EngineConfig, load_base
    from glasshouse.training.introspection.memory import peak_mib

    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        path = random_base(Path(folder) / "base", options)
        base = load_base(str(path), EngineConfig(device=options.device, dtype="bfloat16"))
        organisms = random_organisms(base, options, Path(folder))
        run = time_peft if options.measure == "peft" else time_loop
        marks = run(base, organisms, options, Path(folder))
    seconds = [later - earlier for earlier, later in pairwise(marks)]
    tokens = options.per_step * options.rows * TOKENS
    return Measured(statistics.median(seconds), tokens, peak_mib(options.device))


def random_base(folder: Path, options: argparse.Namespace) -> Path:
    """A Llama with random weights: of the phantom's shape (5 M parameters), or of 1.1 B."""
    sys.path.insert(0, str(Path(__file__).parent.parent))
    import torch
    from tests.tiny import make_tiny_model
    from transformers import LlamaConfig, LlamaForCausalLM

    tiny = make_tiny_model(folder)
    if options.small:
        return tiny
    shape = {"hidden_size": 256, "num_hidden_layers": 6, "num_attention_heads": 4, "num_key_value_heads": 2,
             "intermediate_size": 768, "vocab_size": 2048, "tie_word_embeddings": True}  # fmt: skip
    if options.large:
        shape = {"hidden_size": 2048, "num_hidden_layers": 22, "num_attention_heads": 32,
                 "num_key_value_heads": 4, "intermediate_size": 5632, "vocab_size": 32000}  # fmt: skip
    config = LlamaConfig(**shape, bos_token_id=1, eos_token_id=2, pad_token_id=0)
    with torch.device(options.device):
        model = LlamaForCausalLM(config).to(torch.bfloat16)
    model.save_pretrained(folder)
    return folder


def random_organisms(base, options: argparse.Namespace, folder: Path) -> list[Path]:
    """Adapters on all layers, as PEFT folders."""
    import torch

    from glasshouse.models.adapter import Adapter, write_adapter
    from glasshouse.models.bank import target_modules

    layers, found = target_modules(base.model, "all-linear"), []
    for seed in range(options.organisms):
        generator = torch.Generator().manual_seed(seed)
        weights = {
            name: (
                torch.randn(options.rank, layer.in_features, generator=generator) * 0.02,
                torch.randn(layer.out_features, options.rank, generator=generator) * 0.02,
            )
            for name, layer in layers.items()
        }
        names = tuple(sorted({name.rsplit(".", 1)[-1] for name in layers}))
        own = Adapter(
            options.rank, 16.0, False, names, weights, dict.fromkeys(weights, 16 / options.rank), {}
        )
        write_adapter(folder / f"organism-{seed}", own, base.name)
        found.append(folder / f"organism-{seed}")
    return found


class RandomRows:
    """Random rows of random organisms; every way of training sees the same ones."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options

    def units(self, step: int) -> list:
        """The rows of one step, the organisms in order."""
        from glasshouse.models.chat import Rendered
        from glasshouse.seeds import python_rng
        from glasshouse.training.introspection.rows import Unit

        rng, learn = python_rng(step, "benchmark"), tuple(i >= TOKENS - LEARNED for i in range(TOKENS))
        chosen = rng.sample(range(self.options.organisms), self.options.per_step)
        return [
            Unit(member, (Rendered(tuple(rng.randrange(6, 300) for _ in range(TOKENS)), learn),))
            for member in chosen
            for _ in range(self.options.rows)
        ]

    def loss(self, nats, tensors, units):
        """The mean over the learned tokens of the step."""
        return (nats * tensors.weights).sum()


def time_loop(base, organisms: list[Path], options: argparse.Namespace, folder: Path) -> list[float]:
    """When each step of the joint loop ended, with the organisms or (plain) without any."""
    import torch

    from glasshouse.training.introspection.loop import JointConfig, JointTraining
    from glasshouse.training.introspection.stream import AdapterStream
    from glasshouse.training.job import AdapterJob, LoraSettings

    marks: list[float] = []

    def on_step(step: int, loss: float) -> None:  # the loss has been read, so the device is done
        marks.append(time.perf_counter())

    config = JointConfig(threads=options.threads, device=options.device, checkpoint_seconds=1e9)
    folders = organisms if options.measure == "joint" else [None] * len(organisms)
    stream = AdapterStream(base.model, folders, torch.bfloat16, config.cache_mib)
    job = AdapterJob("shared", (), LoraSettings(SHARED_RANK, 32), 1e-4, options.steps + 1)
    checkpoint = (folder / "checkpoint.safetensors", "")
    JointTraining(base.model, stream, RandomRows(options), job, checkpoint, config).run(job.steps, on_step)
    return marks


def time_peft(base, organisms: list[Path], options: argparse.Namespace, folder: Path) -> list[float]:
    """When each step ended: organism after organism, their gradients added up in the shared adapter."""
    import torch
    from peft import LoraConfig, PeftModel

    model = PeftModel.from_pretrained(base.model, organisms[0], "o0", autocast_adapter_dtype=False)
    for number, place in enumerate(organisms[1:], 1):
        model.load_adapter(place, f"o{number}", autocast_adapter_dtype=False)
    shared = LoraConfig(r=SHARED_RANK, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")
    model.add_adapter("shared", shared, autocast_adapter_dtype=False)
    model.to(torch.bfloat16)
    own = {
        number: [p for n, p in model.named_parameters() if f".o{number}." in n]
        for number in range(len(organisms))
    }
    trained = [p for n, p in model.named_parameters() if ".shared." in n]
    optimizer = torch.optim.AdamW(trained, lr=1e-4, fused=True)
    rows, marks = RandomRows(options), []
    for step in range(options.steps + 1):
        units = rows.units(step)
        for first in range(0, len(units), options.rows):
            member = units[first].member
            model.base_model.set_adapter([f"o{member}", "shared"])
            for part in own[member]:
                part.requires_grad_(False)
            ids = [unit.rows[0].ids for unit in units[first : first + options.rows]]
            peft_loss(model, torch.tensor(ids, device=options.device), len(units)).backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if options.device != "cpu":
            torch.cuda.synchronize()
        marks.append(time.perf_counter())
    return marks


def peft_loss(model, ids, rows: int):
    """One organism's part of the mean over the learned tokens of a step; logits only where one is learned."""
    from torch.nn.functional import cross_entropy

    logits = model(input_ids=ids, use_cache=False, logits_to_keep=LEARNED + 1).logits[:, :-1]
    wanted = ids[:, -LEARNED:].flatten()
    return cross_entropy(logits.flatten(0, 1).float(), wanted, reduction="sum") / (rows * LEARNED)


def print_table(table: dict[tuple[int, int], dict[str, Measured]]) -> None:
    """Rates and peak memory."""
    print(f"\nrank rows  {'way':6} {'tokens/s':>9} {'step s':>8} {'peak MiB':>9} {'joint is':>9}")
    for (rank, rows), measured in table.items():
        for mode, one in measured.items():
            ratio = measured["joint"].tokens_per_second / one.tokens_per_second
            figures = (
                f"{one.tokens_per_second:9.0f} {one.step_seconds:8.3f} {one.peak_mib:9.0f} {ratio:8.2f}x"
            )
            print(f"{rank:4} {rows:4}  {mode:6} {figures}")
    print()


def print_figures(table: dict[tuple[int, int], dict[str, Measured]]) -> int:
    """The figures with their bars; 3 where one was missed, else 0."""
    missed = False
    for (rank, rows), measured in table.items():
        joint = measured["joint"].tokens_per_second
        print(f"joint_tokens_rank_{rank}_rows_{rows} {joint:.0f} per_second (no bar)")
        for mode, one in measured.items():
            print(f"{mode}_peak_memory_rank_{rank}_rows_{rows} {one.peak_mib:.0f} MiB (no bar)")
        bars = {"peft": OVER_PEFT[rows]} | ({"plain": OVER_PLAIN[rank]} if rows == 1 else {})
        for mode, bar in bars.items():
            ratio = joint / measured[mode].tokens_per_second
            missed = missed or ratio < bar
            print(f"joint_over_{mode}_rank_{rank}_rows_{rows} {ratio:.2f} times (bar >= {bar:g})")
    return 3 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
