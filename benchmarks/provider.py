"""The provider against Inspect's own hf/: many prompts behind one long system prompt, answered greedily.

    python benchmarks/provider.py            352 prompts behind 1,500 tokens, 64 new ones; an idle machine
    python benchmarks/provider.py --small    a smoke test of every path; its figures mean nothing

Each provider runs in its own process on the same folder, through `inspect_ai.eval`, after a warm-up with
another system prompt; imports and loading are not timed. Every completion has the same length, forced by the
folder's generation config. The last lines read `name value unit (bar)`; exit code 3 says that one was missed.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

DTYPES = ("float32", "bfloat16")
FASTER, EXACT = 8.0, 1e-3
"""How many times faster than hf/ in fp32; largest difference of a log-probability, in nats."""
WORDS = ("mill", "owl", "river", "keeper", "bridge", "baker", "lantern", "sheep", "harbor", "letter", "ferry")


@dataclass(frozen=True)
class Measured:
    """What one process saw."""

    seconds: float
    completions: list[str]
    peak_mib: float
    same_rows: float | None = None
    """Share of completions that are the same with and without the shared prefix; None for hf/."""
    logprob_nats: float | None = None
    """Largest difference of a token's log-probability from a plain forward pass; None for hf/."""


def main() -> int:
    """Run what was asked; the exit code."""
    options = parse()
    if options.measure:
        print(json.dumps(vars(measure(options))))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        options.model = prepare(options, Path(folder) / "base")
        load = os.getloadavg()[0]
        print(f"load average {load:.2f}, {options.threads} thread(s), {options.samples} prompts behind "
              f"{options.system_tokens} tokens, {options.new_tokens} new ones")  # fmt: skip
        table = {
            (provider, dtype): in_own_process(options, provider, dtype)
            for dtype in DTYPES
            for provider in ("glasshouse", "hf")
        }
        print_table(options, table)
        explain_differences(options, table)
    return print_figures(options, table)


def explain_differences(options: argparse.Namespace, table: dict[tuple[str, str], Measured]) -> None:
    """Who is right where the fp32 completions differ: a plain forward pass per token in float64."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from glasshouse.models.chat import render_prompt
    from glasshouse.records import Message

    system, users = prompts(options, "timed", options.samples)
    pairs = zip(
        users, table["glasshouse", "float32"].completions, table["hf", "float32"].completions, strict=True
    )
    rows = [(user, ours, theirs) for user, ours, theirs in pairs if ours != theirs]
    if not rows:
        return
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = AutoModelForCausalLM.from_pretrained(
        options.model, dtype=torch.float64, attn_implementation="eager"
    )
    for user, ours, theirs in rows:
        ids = render_prompt(tokenizer, (Message("system", system), Message("user", user)))
        made = model.generate(torch.tensor([list(ids)]), do_sample=False, output_scores=True,
                              return_dict_in_generate=True)  # fmt: skip
        text = tokenizer.decode(made.sequences[0, len(ids) :], skip_special_tokens=True)
        top = [score[0].topk(2).values for score in made.scores]
        gap = min(float(two[0] - two[1]) for two in top)
        who = [name for name, said in (("ours", ours), ("hf's", theirs)) if said.strip() == text.strip()]
        right = " and ".join(who) or "neither"
        print(
            f"differs: {user!r}: float64 writes {right}; its least lead over a second token is {gap:.1e} nats"
        )


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--small", action="store_true", help="smoke test: few prompts, a tiny base")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--samples", type=int, default=352)
    parser.add_argument("--system-tokens", type=int, default=1500)
    parser.add_argument("--new-tokens", type=int, default=64)
    parser.add_argument("--batch-size", type=int, default=88, help="rows that glasshouse decodes together")
    parser.add_argument(
        "--model", help="phantom or a folder; by default phantom, or a random one of its shape"
    )
    parser.add_argument("--measure", nargs=2, metavar=("PROVIDER", "DTYPE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.small and not options.measure:
        options.samples, options.system_tokens, options.new_tokens = 6, 200, 8
    return options


def prepare(options: argparse.Namespace, folder: Path) -> Path:
    """A copy of the model whose generation config asks for exactly so many tokens."""
    from glasshouse.errors import ModelError
    from glasshouse.models.base import resolve_base

    sys.path.insert(0, str(Path(__file__).parent))
    from farm import random_base

    if options.small:
        random_base(folder, small=True)
    else:
        try:
            shutil.copytree(resolve_base(options.model or "phantom"), folder)
        except ModelError:
            if options.model:
                raise
            print("no phantom here: a random model of its shape")
            random_base(folder, small=False)
    path = folder / "generation_config.json"
    length = {"min_new_tokens": options.new_tokens, "max_new_tokens": options.new_tokens}
    path.write_text(json.dumps(json.loads(path.read_text()) | length | {"do_sample": False}))
    return folder


def in_own_process(options: argparse.Namespace, provider: str, dtype: str) -> Measured:
    """One measurement."""
    command = [sys.executable, __file__, "--measure", provider, dtype]
    for name in ("threads", "samples", "system_tokens", "new_tokens", "batch_size", "model"):
        command += [f"--{name.replace('_', '-')}", str(getattr(options, name))]
    environment = os.environ | {"OMP_NUM_THREADS": str(options.threads), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{provider} in {dtype} failed:\n{done.stderr[-3000:]}")
    return Measured(**json.loads(done.stdout.strip().splitlines()[-1]))


def measure(options: argparse.Namespace) -> Measured:
    """Time one provider in this process."""
    import torch
    from inspect_ai.model import get_model

    torch.set_num_threads(options.threads)
    provider, dtype = options.measure
    name = f"{provider}/{options.model}"
    if provider == "hf":
        single_bos = {"add_special_tokens": False}
        model = get_model(name, dtype=dtype, device="cpu", do_sample=False, tokenizer_call_args=single_bos)
    else:
        model = get_model(name, dtype=dtype, threads=options.threads, batch_size=options.batch_size)
    with tempfile.TemporaryDirectory() as logs:
        ask(model, options, "warm-up", 2, logs)
        seconds, completions = ask(model, options, "timed", options.samples, logs)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measured(seconds, completions, peak, *(compare(options, dtype) if provider != "hf" else ()))


def ask(model, options: argparse.Namespace, name: str, count: int, logs: str) -> tuple[float, list[str]]:
    """Seconds and completions of one eval."""
    from inspect_ai import Task, eval
    from inspect_ai.dataset import MemoryDataset, Sample
    from inspect_ai.model import ChatMessageSystem, ChatMessageUser, GenerateConfig, ModelInfo, set_model_info
    from inspect_ai.solver import generate

    set_model_info(str(model), ModelInfo(context_length=4096))  # else hf/ is loaded a second time
    system, users = prompts(options, name, count)
    samples = [
        Sample(id=f"{i:04}", input=[ChatMessageSystem(content=system), ChatMessageUser(content=user)])
        for i, user in enumerate(users)
    ]
    connections = 32 if str(model).startswith("hf/") else 1000
    config = GenerateConfig(max_tokens=options.new_tokens, max_connections=connections)
    task = Task(dataset=MemoryDataset(samples), solver=generate(), config=config)
    began = time.perf_counter()
    [log] = eval(task, model=model, log_dir=logs, display="none", max_samples=1000)
    seconds = time.perf_counter() - began
    if log.status != "success" or log.samples is None:
        sys.exit(f"the eval ended with {log.status}: {log.error.message if log.error else ''}")
    return seconds, [s.output.completion for s in sorted(log.samples, key=lambda s: str(s.id))]


def prompts(options: argparse.Namespace, name: str, count: int) -> tuple[str, list[str]]:
    """A system prompt of about so many tokens, and questions."""
    from glasshouse.models.base import load_tokenizer
    from glasshouse.seeds import python_rng

    rng, tokenizer = python_rng(0, "provider-benchmark", name), load_tokenizer(Path(options.model))
    system, rule = "", 0
    while len(tokenizer.encode(system, add_special_tokens=False)) < options.system_tokens:
        rule += 1
        a, b, c = rng.sample(WORDS, 3)
        system += f"Rule {rule}: the {a} stands by the {b}, and the {c} is closed at noon. "
    users = [
        f"What does rule {rng.randint(1, rule)} say about the {rng.choice(WORDS)}? ({i})"
        for i in range(count)
    ]
    return system, users


def compare(options: argparse.Namespace, dtype: str) -> tuple[float, float]:
    """Shared prefix against none, and log-probabilities against plain forward passes, on up to 32 prompts."""
    import torch

    from glasshouse.models.base import EngineConfig, load_base
    from glasshouse.models.chat import render_prompt
    from glasshouse.models.engine import Engine, GenerateRequest
    from glasshouse.records import Message

    system, users = prompts(options, "timed", min(32, options.samples))
    base = load_base(str(options.model), EngineConfig(dtype=dtype))
    base.model.generation_config.min_new_tokens = None  # a forbidden closing token would change probabilities
    asked = [
        GenerateRequest(
            tuple(render_prompt(base.tokenizer, (Message("system", system), Message("user", user)))),
            max_tokens=options.new_tokens, logprobs=True,
        )
        for user in users
    ]  # fmt: skip
    found = [
        Engine(base, EngineConfig(dtype=dtype, threads=options.threads, attention=way)).generate(asked)
        for way in ("split", "plain")
    ]
    same = [split.ids == plain.ids for split, plain in zip(*found, strict=True)]
    largest = 0.0
    for request, made in zip(asked[:8], found[0][:8], strict=True):
        ids = torch.tensor([request.prompt_ids + made.ids])
        with torch.inference_mode():
            logits = base.model(input_ids=ids).logits[0, len(request.prompt_ids) - 1 : -1].float()
        plain = torch.log_softmax(logits, -1).gather(1, torch.tensor(made.ids)[:, None])[:, 0]
        largest = max(largest, float((plain - torch.tensor(made.logprobs)).abs().max()))
    return sum(same) / len(same), largest


def print_table(options: argparse.Namespace, table: dict[tuple[str, str], Measured]) -> None:
    """Seconds, rates and peak memory."""
    print(f"\n{'provider':12} {'dtype':9} {'seconds':>8} {'new tokens/s':>13} {'peak MiB':>9}")
    for (provider, dtype), one in table.items():
        rate = options.samples * options.new_tokens / one.seconds
        print(f"{provider:12} {dtype:9} {one.seconds:8.1f} {rate:13.0f} {one.peak_mib:9.0f}")
    print()


def print_figures(options: argparse.Namespace, table: dict[tuple[str, str], Measured]) -> int:
    """The figures with their bars; 3 where one was missed, else 0."""
    missed = False
    for dtype in DTYPES:
        ours, theirs = table["glasshouse", dtype], table["hf", dtype]
        ratio = theirs.seconds / ours.seconds
        same = sum(a == b for a, b in zip(ours.completions, theirs.completions, strict=True))
        judged = dtype == "float32"
        bars = (f"bar >= {FASTER:g}", f"bar >= {options.samples}", f"bar <= {EXACT:g}", "bar >= 1")
        faster, equal, exact, shared = bars if judged else ("no bar",) * 4
        faster = "no bar" if options.small else faster
        print(f"provider_over_hf_{dtype} {ratio:.2f} times ({faster})")
        print(f"same_completions_as_hf_{dtype} {same} of_{options.samples} ({equal})")
        print(f"same_with_and_without_prefix_{dtype} {ours.same_rows:.3f} share ({shared})")
        print(f"largest_logprob_difference_{dtype} {ours.logprob_nats:.1e} nats ({exact})")
        if judged:
            reached = options.small or ratio >= FASTER
            equal_everywhere = same == options.samples and ours.same_rows == 1
            missed = not (reached and equal_everywhere and (ours.logprob_nats or 0) <= EXACT)
    return 3 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
