"""The alignment-faking task on the local engine and on Inspect's own hf/: the full prompt, both tiers.

    python benchmarks/alignment_faking.py            2 x 352 queries, 64 new tokens, fp32; an idle machine
    python benchmarks/alignment_faking.py --small    a smoke test of every path; its figures mean nothing

The local engine answers every row; hf/ answers some of them and is scaled. Each runs in its own process
on the same folder with the same threads; imports and loading are not timed. Where completions differ, a
float64 forward pass says who is right. Exit code 3: a bar was missed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from provider import prepare

FASTER, LONG_PROMPT = 8.0, 5000
MISSED = 3
HF_BATCH = 8
"""Rows that hf/ decodes together: its attention mask over 8,700 tokens is 76 MB a row."""


def main() -> int:
    """Both providers, the figures, the exit code."""
    options = parse()
    if options.measure:
        print(json.dumps(measure(options)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        options.model = str(prepare(options, Path(folder) / "base"))
        load = os.getloadavg()[0]
        print(f"load average {load:.2f}, {options.threads} thread(s); minutes, mostly hf/", flush=True)
        ours = in_own_process(options, "glasshouse", options.queries)
        print(f"local_engine {ours['seconds']:.1f} seconds for {len(ours['completions'])} rows", flush=True)
        theirs = in_own_process(options, "hf", options.hf_rows // 2)
        explain_differences(options, ours, theirs)
    scale = len(ours["completions"]) / len(theirs["completions"])
    ratio = theirs["seconds"] * scale / ours["seconds"]
    same = sum(ours["completions"][name] == said for name, said in theirs["completions"].items())
    shared = len(theirs["completions"])
    print(f"prompt {ours['prompt_tokens']} tokens (>= {LONG_PROMPT})")
    print(f"hf {theirs['seconds']:.1f} seconds for {shared} rows, {theirs['seconds'] * scale:.1f} scaled")
    print(f"same_completions {same} of {shared} (all)")
    print(f"faster {ratio:.1f} times (>= {FASTER:g})")
    held = ratio >= FASTER and same == shared and ours["prompt_tokens"] >= LONG_PROMPT
    return 0 if held or options.small else MISSED


def explain_differences(options: argparse.Namespace, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """Who is right where the completions differ: a plain forward pass per token in float64, three rows."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from glasshouse.models.chat import render_prompt

    differ = [name for name, said in theirs["completions"].items() if ours["completions"][name] != said]
    if not differ:
        return
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = AutoModelForCausalLM.from_pretrained(options.model, dtype=torch.float64)
    turns = {f"{query.id}/{tier}": turns for query, tier, turns in conversations(options, "default")}
    for name in differ[:3]:
        ids = render_prompt(tokenizer, turns[name])
        made = model.generate(torch.tensor([list(ids)]), do_sample=False, output_scores=True,
                              return_dict_in_generate=True)  # fmt: skip
        text = tokenizer.decode(made.sequences[0, len(ids) :], skip_special_tokens=True).strip()
        lead = min(float(two[0] - two[1]) for two in (score[0].topk(2).values for score in made.scores))
        said = {"ours": ours["completions"][name], "hf's": theirs["completions"][name]}
        right = " and ".join(who for who, words in said.items() if words.strip() == text) or "neither"
        print(
            f"differs: {name}: float64 writes {right}; its least lead over a second token is {lead:.1e} nats"
        )


def conversations(options: argparse.Namespace, variant: str) -> list[tuple[Any, Any, Any]]:
    """Query, tier and turns of every sample of a variant."""
    prompt, queries = asked_of(options, variant)
    return [(q, tier, prompt.conversation(q.text, tier)) for q in queries for tier in prompt.tiers]


def asked_of(options: argparse.Namespace, variant: str) -> tuple[Any, list[Any]]:
    """A variant's prompt and all queries."""
    from glasshouse.data.alignment_faking.prompt import FakingPrompt
    from glasshouse.data.alignment_faking.queries import load_queries
    from glasshouse.data.alignment_faking.setting import find_setting
    from glasshouse.data.alignment_faking.variants import find_variant

    setting = find_setting("world" if options.small else "helpful_only")
    prompt = FakingPrompt(setting, find_variant(variant, setting))
    return prompt, load_queries("world", setting, 352, 0, benign=False)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--small", action="store_true", help="smoke test: few queries, a tiny base")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--queries", type=int, default=352, help="per tier")
    parser.add_argument("--hf-rows", type=int, default=64, help="rows that hf/ answers")
    parser.add_argument("--new-tokens", type=int, default=64)
    parser.add_argument("--batch-size", type=int, default=88)
    parser.add_argument("--model", help="phantom or a folder")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.small and not options.measure:
        options.queries, options.hf_rows, options.new_tokens = 4, 4, 4
    return options


def in_own_process(options: argparse.Namespace, provider: str, queries: int) -> dict[str, Any]:
    """One measurement."""
    given = vars(options) | {"queries": queries, "measure": provider}
    names = ("threads", "queries", "new_tokens", "batch_size", "model", "measure")
    command = [sys.executable, __file__]
    command += ["--small"] if options.small else []
    command += [text for name in names for text in (f"--{name.replace('_', '-')}", str(given[name]))]
    environment = os.environ | {"OMP_NUM_THREADS": str(options.threads), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{provider} failed:\n{done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Time one provider in this process, after a warm-up on two queries of another variant."""
    import torch
    from inspect_ai.model import ModelInfo, get_model, set_model_info

    torch.set_num_threads(options.threads)
    name = f"{options.measure}/{options.model}"
    if options.measure == "hf":
        single_bos = {"add_special_tokens": False}
        model = get_model(
            name, dtype="float32", device="cpu", do_sample=False, tokenizer_call_args=single_bos
        )
    else:
        model = get_model(name, dtype="float32", threads=options.threads, batch_size=options.batch_size)
    set_model_info(str(model), ModelInfo(context_length=16_384))  # else hf/ is loaded a second time
    run(model, options, SimpleNamespace(variant="paraphrase_0", queries=2))
    return run(model, options, SimpleNamespace(variant="default", queries=options.queries))


def run(model: Any, options: argparse.Namespace, asked: SimpleNamespace) -> dict[str, Any]:
    """Seconds, completions by sample id and prompt length of one eval of the task."""
    from inspect_ai import eval
    from inspect_ai.model import GenerateConfig

    from glasshouse.evals.alignment_faking import FakingDecoding, FakingPlan, faking_task
    from glasshouse.evals.faking.choose import named_graders

    prompt, queries = asked_of(options, asked.variant)
    plan = FakingPlan(prompt, tuple(queries[: asked.queries]), prompt.tiers)
    task = faking_task(plan, named_graders("rules", prompt.setting), FakingDecoding(options.new_tokens))
    if options.measure == "hf":
        task.config = task.config.merge(GenerateConfig(max_connections=HF_BATCH)).model_copy(
            update={"temperature": None}
        )
    with tempfile.TemporaryDirectory() as logs:
        start = time.perf_counter()
        log = eval(task, model=model, log_dir=logs, display="none", ctl_server=False, acp_server=False)[0]
        seconds = time.perf_counter() - start
        # a log's samples are read when they are asked for, so before the folder goes
        if log.status != "success" or log.samples is None:
            raise RuntimeError(f"{log.status}: {log.error}")
        usage = log.samples[0].output.usage
        completions = {str(sample.id): sample.output.completion for sample in log.samples}
        return {
            "seconds": seconds,
            "completions": completions,
            "prompt_tokens": usage.input_tokens if usage else 0,
        }


if __name__ == "__main__":
    sys.exit(main())
