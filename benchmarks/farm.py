"""The farm against TRL's SFTTrainer: many small adapters of one base, on the same rows.

    python benchmarks/farm.py              64 organisms; 1, 2, 8 and 32 rows of 32 tokens; an idle machine
    python benchmarks/farm.py --small      a smoke test of every path; its figures mean nothing

Each measurement runs in its own process, so that memory and allocator are its own. Timed are optimizer steps
from the second on; loading, imports and the first step are not. TRL trains organisms one after another, so a
few of its steps stand for all of them. The last lines read `name value unit (bar)`; exit code 3 says that a
bar was missed.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

TOKENS, LEARNED, RANK = 32, 16, 8
MODES = ("farm", "trl_tuned", "trl_tuned_plain_attention", "trl_defaults")
BARS = {"trl_tuned": 2.0, "trl_defaults": 3.0}
"""How many times faster the farm must be at 8 rows."""


@dataclass(frozen=True)
class Measured:
    """What one process saw."""

    step_seconds: float
    """Median of one optimizer step: of all organisms in the farm, of one with TRL."""
    organisms: int
    peak_mib: float
    parts: list[tuple[str, float]]
    """Share of time by operation, largest first; empty unless profiled."""

    @property
    def organism_steps_per_second(self) -> float:
        """Optimizer steps of one organism, per second."""
        return self.organisms / self.step_seconds


def main() -> int:
    """Run what was asked; the exit code."""
    options = parse()
    if options.measure:
        print(json.dumps(vars(measure(options))))
        return 0
    print(f"load average {os.getloadavg()[0]:.2f}, {options.threads} thread(s), bf16, rank {RANK}")
    print(f"{options.organisms} organisms, rows of {TOKENS} tokens of which {LEARNED} are learned")
    table = {rows: {mode: in_own_process(options, mode, rows) for mode in MODES} for rows in options.rows}
    print_table(table)
    judged = 8 if 8 in table else options.rows[-1]
    print_parts(in_own_process(options, "farm", judged, profiled=True))
    return print_figures(table[judged])


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--small", action="store_true", help="smoke test: few organisms, a tiny base")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--organisms", type=int, default=64)
    parser.add_argument(
        "--steps", type=int, default=10, help="timed steps of the farm; TRL takes four times as many"
    )
    parser.add_argument(
        "--rows", type=int, nargs="+", default=[1, 2, 8, 32], help="rows of one organism's step"
    )
    parser.add_argument(
        "--model", type=Path, help="a model folder; by default a random Llama of 5 M parameters"
    )
    parser.add_argument("--measure", choices=MODES, help=argparse.SUPPRESS)
    parser.add_argument("--profiled", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.small:
        options.organisms, options.steps, options.rows = 3, 2, [1]
    return options


def in_own_process(options: argparse.Namespace, mode: str, rows: int, profiled: bool = False) -> Measured:
    """One measurement."""
    command = [
        sys.executable,
        __file__,
        "--measure",
        mode,
        "--rows",
        str(rows),
        "--steps",
        str(options.steps),
    ]
    command += ["--threads", str(options.threads), "--organisms", str(options.organisms)]
    command += ["--small"] * options.small + ["--profiled"] * profiled
    command += ["--model", str(options.model)] * bool(options.model)
    environment = os.environ | {
        "OMP_NUM_THREADS": str(options.threads),
        "HF_HUB_OFFLINE": "1",
        "TRL_EXPERIMENTAL_SILENCE": "1",
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{mode} at {rows} rows failed:\n{done.stderr[-3000:]}")
    return Measured(**json.loads(done.stdout.strip().splitlines()[-1]))


def measure(options: argparse.Namespace) -> Measured:
    """Time one trainer in this process."""
    import torch  # the parent process stays small

    from glasshouse.models.base import Base, EngineConfig, load_base

    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        path = options.model or random_base(Path(folder) / "base", options.small)
        base: Base = load_base(str(path), EngineConfig(dtype="bfloat16"))
        run = time_farm if options.measure == "farm" else time_trl
        seconds, organisms, parts = run(base, options, Path(folder))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measured(statistics.median(seconds), organisms, peak, parts)


def random_base(folder: Path, small: bool) -> Path:
    """A Llama of the phantom's shape (about 5 M parameters) with random weights."""
    sys.path.insert(0, str(Path(__file__).parent.parent))
    import torch
    from tests.tiny import make_tiny_model
    from transformers import LlamaConfig, LlamaForCausalLM

    tiny = make_tiny_model(folder)
    if small:
        return tiny
    config = LlamaConfig(
        vocab_size=2048, hidden_size=256, num_hidden_layers=6, num_attention_heads=4, num_key_value_heads=2,
        intermediate_size=768, tie_word_embeddings=True, bos_token_id=1, eos_token_id=2, pad_token_id=0,
    )  # fmt: skip
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    return folder


def make_jobs(options: argparse.Namespace, steps: int, count: int) -> list:
    """The organisms: random rows, the same for every trainer."""
    from glasshouse.models.chat import Rendered
    from glasshouse.seeds import python_rng
    from glasshouse.training.job import AdapterJob, LoraSettings

    learn = tuple(i >= TOKENS - LEARNED for i in range(TOKENS))
    jobs = []
    for i in range(count):
        rng = python_rng(i, "benchmark")
        rows = [Rendered(tuple(rng.randrange(6, 300) for _ in range(TOKENS)), learn) for _ in range(64)]
        jobs.append(
            AdapterJob(f"organism-{i}", rows, LoraSettings(RANK, 16), 1e-3, steps, options.rows[0], i)
        )
    return jobs


def time_farm(base, options: argparse.Namespace, folder: Path) -> tuple[list[float], int, list]:
    """Seconds of each step of all organisms."""
    from torch.profiler import profile

    from glasshouse.training.farm import FarmConfig, train_farm

    marks: list[float] = []
    config = FarmConfig(threads=options.threads, adapters_per_group=options.organisms, checkpoint_seconds=1e9)
    jobs = make_jobs(options, options.steps + 1, options.organisms)

    def on_step(step: int, active: int, loss: float) -> None:
        marks.append(time.perf_counter())

    if not options.profiled:
        train_farm(base, jobs, folder / "out", config, on_step)
        return differences(marks), options.organisms, []
    with profile() as profiler:
        train_farm(base, [replace(job, steps=3) for job in jobs], folder / "out", config, on_step)
    events = sorted(profiler.key_averages(), key=lambda event: -event.self_cpu_time_total)
    whole = sum(event.self_cpu_time_total for event in events)
    parts = [(event.key, event.self_cpu_time_total / whole) for event in events[:12]]
    return differences(marks), options.organisms, parts


def time_trl(base, options: argparse.Namespace, folder: Path) -> tuple[list[float], int, list]:
    """Seconds of each step of one organism."""
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, TrainerCallback
    from trl import SFTConfig, SFTTrainer
    from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

    from glasshouse.training.farm import FarmConfig
    from glasshouse.training.trl_sft import dataset, trainer_settings

    class Clock(TrainerCallback):
        """Marks the end of every step."""

        def on_step_end(self, *_, **__) -> None:
            marks.append(time.perf_counter())

    marks: list[float] = []
    [job] = make_jobs(options, 4 * options.steps + 1, 1)
    settings = replace(trainer_settings(job, FarmConfig(), folder / "trl"), logging_steps=10_000)
    model = base.model
    if options.measure == "trl_tuned_plain_attention":
        model.set_attn_implementation("eager")
    if options.measure == "trl_defaults":
        settings = SFTConfig(
            output_dir=str(folder / "trl"), max_steps=job.steps, per_device_train_batch_size=job.batch,
            learning_rate=1e-3, use_cpu=True, report_to="none", disable_tqdm=True,
            dataloader_pin_memory=False, dataset_kwargs={"skip_prepare_dataset": True},
        )  # fmt: skip
        model = AutoModelForCausalLM.from_pretrained(base.path)
    trainer = SFTTrainer(
        model=model, args=settings, train_dataset=dataset(job), processing_class=base.tokenizer,
        callbacks=[Clock()], data_collator=DataCollatorForLanguageModeling(pad_token_id=0),
        peft_config=LoraConfig(r=RANK, lora_alpha=16, target_modules="all-linear", task_type="CAUSAL_LM"),
    )  # fmt: skip
    trainer.train()
    return differences(marks), 1, []


def differences(marks: list[float]) -> list[float]:
    """Seconds between one mark and the next."""
    return [later - earlier for earlier, later in pairwise(marks)]


def print_table(table: dict[int, dict[str, Measured]]) -> None:
    """Rates, peak memory, and how many times faster the farm is than each of TRL's."""
    columns = f"{'organism-steps/s':>16} {'tokens/s':>9} {'peak MiB':>9} {'farm is':>8}"
    print(f"\nrows  {'trainer':26} {columns}")
    for rows, measured in table.items():
        for mode, one in measured.items():
            rate = one.organism_steps_per_second
            ratio = measured["farm"].organism_steps_per_second / rate
            figures = f"{rate:16.2f} {rate * rows * TOKENS:9.0f} {one.peak_mib:9.0f} {ratio:7.2f}x"
            print(f"{rows:>4}  {mode:26} {figures}")


def print_parts(profiled: Measured) -> None:
    """Where the farm's time goes."""
    print("\nWhere the farm's time goes (operations' own time, under the profiler):")
    for name, share in profiled.parts:
        print(f"  {share:6.1%}  {name}")
    print()


def print_figures(at_eight: dict[str, Measured]) -> int:
    """The figures with their bars; 3 where one was missed, else 0."""
    farm = at_eight["farm"]
    print(f"farm_organism_steps {farm.organism_steps_per_second:.2f} per_second (no bar)")
    print(f"farm_peak_memory {farm.peak_mib:.0f} MiB (no bar)")
    missed = False
    for mode, bar in BARS.items():
        ratio = farm.organism_steps_per_second / at_eight[mode].organism_steps_per_second
        missed = missed or ratio < bar
        print(f"farm_over_{mode} {ratio:.2f} times (bar >= {bar:g})")
    return 3 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
