"""What is asked of the local engine, and what comes back."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class GenerateRequest:
    """One completion that is wanted."""

    prompt_ids: tuple[int, ...]
    adapter: Path | None = None
    """PEFT folder; None: the bare base."""
    max_tokens: int = 64
    temperature: float = 0.0
    """0: greedy."""
    top_p: float = 1.0
    seed: int = 0
    """Of this request alone: its sample does not depend on its neighbors."""
    stop: tuple[str, ...] = ()
    """Texts that end the completion; they are cut off."""
    logprobs: bool = False
    top_logprobs: int = 0
    """How many alternatives to return per token."""


@dataclass(frozen=True)
class Generation:
    """One completion."""

    text: str
    ids: tuple[int, ...]
    """Tokens without the closing one."""
    stop_reason: str
    """`stop` (closing token or stop text), `max_tokens`, or `model_length` (no more positions)."""
    logprobs: tuple[float, ...] | None = None
    """Log-probability of each token, in nats; None where it was not asked for."""
    top_logprobs: tuple[tuple[tuple[int, float], ...], ...] | None = None
    """(token, log-probability) of the likeliest tokens at each place."""


@dataclass(frozen=True)
class ScoreRequest:
    """Continuations of one prompt whose log-probability is wanted."""

    prompt_ids: tuple[int, ...]
    continuations: tuple[tuple[int, ...], ...]
    adapter: Path | None = None
