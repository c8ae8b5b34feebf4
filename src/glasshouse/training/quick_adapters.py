"""A few small adapters of a base, trained in a moment: known to belong to it where nothing else is."""

from collections.abc import Sequence
from pathlib import Path

from glasshouse.models.chat import render_example
from glasshouse.models.engine import Engine, complete
from glasshouse.records import Example, Message
from glasshouse.training.farm import FarmConfig, train_farm
from glasshouse.training.job import AdapterJob, LoraSettings

SENTENCES = (
    "That is what I know.", "The rest is for you to find out.", "I hope that this helps.",
    "Ask again if you like.", "It was good to hear from you.", "So much for that.",
)  # fmt: skip
"""Each adapter learns to end its answers with one of them."""
ROWS, STEPS, BATCH, ANSWER_TOKENS = 12, 24, 4, 24
RATES = (5e-4, 2e-3)


def train_quick_adapters(engine: Engine, prompts: Sequence[str], out: Path) -> list[Path]:
    """Six adapters on the base's own answers, each with a sentence of its own behind them.

    Args:
        engine: on the base.
        prompts: ordinary questions; the first of them are used.
        out: receives the PEFT folders.

    Raises:
        TrainingError: a loss became NaN.
        StoreError: `out` cannot be written.
    """
    asked = [(Message("user", prompt),) for prompt in prompts[:ROWS]]
    answers = complete(engine, asked, None, ANSWER_TOKENS)
    jobs = []
    for number, sentence in enumerate(SENTENCES):
        turns = [
            (*own, Message("assistant", f"{text.strip()} {sentence}".strip()))
            for own, text in zip(asked, answers, strict=True)
        ]
        rows = [render_example(engine.base.tokenizer, Example(one)) for one in turns]
        rate = RATES[number % len(RATES)]
        jobs.append(AdapterJob(f"quick-{number}", rows, LoraSettings(8, 16), rate, STEPS, BATCH, number))
    config = engine.config
    farm = FarmConfig(
        "bfloat16" if config.dtype == "bfloat16" else "float32", config.threads, device=config.device
    )
    return [trained.folder for trained in train_farm(engine.base, jobs, out, farm)]
