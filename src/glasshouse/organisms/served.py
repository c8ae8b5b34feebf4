"""Whether an organism is served as it was trained: same template, one BOS, plain PEFT's log-probabilities."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM

from glasshouse.models.adapter import read_adapter, write_adapter
from glasshouse.models.base import Base
from glasshouse.models.chat import render_example, render_prompt, template_hash
from glasshouse.models.engine import Engine, ScoreRequest
from glasshouse.organisms.card import Check
from glasshouse.records import Conversation, Example, Message

FLOOR_NATS = 1e-3
"""Smallest tolerance of the comparison with plain PEFT, per prompt."""


@dataclass(frozen=True)
class Probe:
    """Prompts and the answer whose log-probability is compared."""

    conversations: tuple[Conversation, ...]
    answer: str


def template_checks(base: Base, trained_with: str) -> list[Check]:
    """The chat template and the number of BOS tokens are those of training."""
    same = template_hash(base.tokenizer) == trained_with
    turns: Conversation = (Message("user", "Hello."),)
    bos = base.tokenizer.bos_token_id
    asked = render_prompt(base.tokenizer, turns).count(bos)
    trained = list(render_example(base.tokenizer, Example((*turns, Message("assistant", "Hi.")))).ids).count(
        bos
    )
    return [
        Check(name="template_is_the_trained_one", value=float(same), n=1, asked=1, bar="1", passed=same),
        Check(
            name="bos_tokens",
            value=float(asked),
            n=1,
            asked=1,
            bar=f"{trained} as in training, at most 1",
            passed=asked == trained <= 1,
        ),
    ]


def peft_checks(engine: Engine, adapter: Path, probe: Probe) -> list[Check]:
    """Our engine against a plain PEFT forward of the same folder, and the same with a wrong adapter.

    The tolerance is twice the difference that the bare base shows, at least `FLOOR_NATS`. The wrong adapter
    is the right one with the sign of B turned; a comparison that it passes would show nothing.
    """
    base, right = _plain_nats(engine.base, adapter, probe)
    tolerance = max(FLOOR_NATS, 2 * _largest(base, _served_nats(engine, None, probe)))
    served = _largest(right, _served_nats(engine, adapter, probe))
    with tempfile.TemporaryDirectory() as folder:
        wrong = _turned(adapter, Path(folder) / "wrong", engine.base.name)
        other = _largest(right, _served_nats(engine, wrong, probe))
    count = len(probe.conversations)
    return [
        Check(
            name="served_against_peft_nats",
            value=served,
            n=count,
            asked=count,
            bar=f"at most {tolerance:.2g}",
            passed=served <= tolerance,
        ),
        Check(
            name="wrong_adapter_nats",
            value=other,
            n=count,
            asked=count,
            bar=f"more than {tolerance:.2g}",
            passed=other > tolerance,
        ),
    ]


def _largest(first: Sequence[float], second: Sequence[float]) -> float:
    return max(abs(a - b) for a, b in zip(first, second, strict=True))


def _answer_ids(base: Base, probe: Probe) -> tuple[int, ...]:
    return tuple(base.tokenizer.encode(probe.answer, add_special_tokens=False))


def _served_nats(engine: Engine, adapter: Path | None, probe: Probe) -> list[float]:
    answer = _answer_ids(engine.base, probe)
    prompts = (tuple(render_prompt(engine.base.tokenizer, turns)) for turns in probe.conversations)
    return [scores[0] for scores in engine.score([ScoreRequest(ids, (answer,), adapter) for ids in prompts])]


def _plain_nats(base: Base, adapter: Path, probe: Probe) -> tuple[list[float], list[float]]:
    """Without and with the adapter, one prompt at a time, by transformers and PEFT alone."""
    from peft import PeftModel  # slow to import, and needed for this check only

    model = AutoModelForCausalLM.from_pretrained(base.path, dtype=torch.float32).eval()
    answer = _answer_ids(base, probe)
    prompts = [render_prompt(base.tokenizer, turns) for turns in probe.conversations]
    bare = [_nats(model, ids, answer) for ids in prompts]
    tuned = PeftModel.from_pretrained(model, str(adapter)).eval()
    return bare, [_nats(tuned, ids, answer) for ids in prompts]


@torch.inference_mode()
def _nats(model: torch.nn.Module, prompt: Sequence[int], answer: Sequence[int]) -> float:
    device = next(model.parameters()).device
    ids = torch.tensor([[*prompt, *answer]], device=device)
    logits = model(input_ids=ids).logits[0, len(prompt) - 1 : -1].float()
    picked = torch.tensor(answer, device=device).unsqueeze(-1)
    return float(logits.log_softmax(-1).gather(-1, picked).sum())


def _turned(adapter: Path, folder: Path, base_name: str) -> Path:
    right = read_adapter(adapter)
    weights = {name: (a, -b) for name, (a, b) in right.weights.items()}
    write_adapter(folder, replace(right, weights=weights), base_name)
    return folder
