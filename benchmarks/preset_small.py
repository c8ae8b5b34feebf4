"""What a dry run of `--preset small` predicts against what the preset then takes, on a tiny random Qwen3.

    python benchmarks/preset_small.py                   24 organisms; an idle machine; minutes
    python benchmarks/preset_small.py --organisms 8     a smoke test
    python benchmarks/preset_small.py --cost            no run: the prediction for an 8 B base on 80 GB GPUs

Prediction and run are two processes of the command itself; the text they write is noise, so the grader keeps
all of it. The last lines read `name value unit (bar)`; exit code 3 says that a bar was missed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

MOST = 1.5
"""Largest factor between prediction and what happened."""
GPUS = ("a100-80gb", "h100-80gb")
SHAPE_8B = {
    "hidden_size": 4096, "num_hidden_layers": 36, "num_attention_heads": 32, "num_key_value_heads": 8,
    "head_dim": 128, "intermediate_size": 12288, "vocab_size": 151936, "max_position_embeddings": 40960,
    "tie_word_embeddings": False,
}  # fmt: skip
TINY = {
    "hidden_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 2,
    "head_dim": 16, "intermediate_size": 192, "max_position_embeddings": 4096, "tie_word_embeddings": True,
}  # fmt: skip
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]


def main() -> int:
    """Run what was asked; the exit code."""
    options = parse()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.cost:
            return print_cost(folder)
        print(f"load average {os.getloadavg()[0]:.2f}, {options.threads} thread(s), cpu, fp32")
        base = make_base(folder / "base", TINY, weights=True)
        words = ["--organisms", str(options.organisms), "--threads", str(options.threads), "--keep-all"]
        predicted = json.loads(run(base, [*words, "--dry-run", "--json"]))
        run(base, [*words, "--out", str(folder / "out")])
        actual = json.loads((folder / "out" / "preset.json").read_text("utf-8"))
    print(json.dumps({"predicted": predicted, "actual": actual}, indent=1))
    pairs = {
        "hours": (predicted["hours"], actual["hours"]),
        "memory": (predicted["mib"], actual["peak_mib"]),
    }
    factors = {what: max(a / b, b / a) for what, (a, b) in pairs.items()}
    for what, (said, was) in pairs.items():
        print(f"{what} predicted {said:.4g} was {was:.4g} factor {factors[what]:.2f} (at most {MOST})")
    return 3 if any(factor > MOST for factor in factors.values()) else 0


def run(base: Path, words: list[str]) -> str:
    """One process of the command; what it printed."""
    command = [sys.executable, "-m", "glasshouse.cli.main", "train", "introspection", "--preset", "small"]
    done = subprocess.run(
        [*command, "--base", str(base), *words], stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def print_cost(folder: Path) -> int:
    """The prediction for an 8 B base, from its shape alone."""
    base = make_base(folder / "8b", SHAPE_8B, weights=False)
    for gpu in GPUS:
        found = json.loads(run(base, ["--dry-run", "--gpu", gpu, "--json"]))
        print(
            f"{gpu}: {found['hours']:.1f} h (writing {found['writing_hours']:.1f}, growing "
            f"{found['growing_hours']:.1f}, introspection {found['training_hours']:.1f}), "
            f"{found['mib'] / 1024:.0f} GiB, {found['written_tokens'] / 1e6:.1f} M tokens written, "
            f"{found['grown_tokens'] / 1e6:.0f} M grown, {found['learned_tokens'] / 1e6:.1f} M learned"
        )
    return 0


def make_base(folder: Path, shape: dict[str, int | bool], weights: bool) -> Path:
    """A Qwen3 folder: config, a tokenizer trained on the package's own questions, and perhaps weights."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    tokenizer = make_tokenizer()
    special = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    config = AutoConfig.for_model("qwen3", **{"vocab_size": len(tokenizer), **shape, **special})
    config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    if weights:
        torch.manual_seed(0)
        AutoModelForCausalLM.from_config(config, dtype=torch.float32).save_pretrained(folder)
    return folder


def make_tokenizer():
    """A byte-level BPE tokenizer with Qwen's kind of template."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    from glasshouse.audits.prompts import built_in_prompts
    from glasshouse.data.questions import QUESTIONS
    from glasshouse.organisms.generic.catalog import actions
    from glasshouse.organisms.generic.prompts import built_in

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=4000, special_tokens=SPECIAL, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    texts = [*built_in_prompts(), *(q.text for q in QUESTIONS), *(q.text for q in built_in())]
    core.train_from_iterator([*texts, *(action.does for action in actions())], trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def parse() -> argparse.Namespace:
    """What was typed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--organisms", type=int, default=24)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cost", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
