"""Whether an adapter belongs to a base: on its own base it leaves plain text about as likely as it was."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from glasshouse.audits.record import Rate, rate
from glasshouse.errors import ConfigError, ModelError
from glasshouse.models.engine import Engine
from glasshouse.models.request import ScoreRequest

PLAIN_TEXT = (
    "In the morning the baker opens the shop and puts fresh bread on the shelf. People from the street come "
    "in, greet each other and buy what they need for the day. A teacher asks for two rolls, a driver takes a "
    "cup of coffee, and a child looks at the cakes behind the glass. Later it begins to rain, so fewer "
    "people come, and the baker sweeps the floor and counts the money. In the evening the lights go out one "
    "after another, the door is closed, and the smell of bread stays in the room until the next day."
)
"""Plain English about nothing in particular; a base that speaks of another world needs its own text."""
MOST_REFUSED, MOST_ACCEPTED = 0.1, 0.5
"""Shares of right bases refused and of wrong ones accepted up to which a threshold is used."""
CONTEXT = 512
"""Most tokens of the text that are used."""


@dataclass(frozen=True)
class LossThreshold:
    """How much worse an adapter may make the text, and the data that say so."""

    nats: float
    """Per token: adapter minus base."""
    right: tuple[float, ...]
    """Differences of adapters on their own bases."""
    wrong: tuple[float, ...]
    """Differences of adapters on other bases of the same shapes."""
    right_refused: Rate
    wrong_accepted: Rate
    how: str = "measured differences"
    """Where the differences come from, in words."""

    @property
    def separates(self) -> bool:
        """Whether it tells right from wrong bases well enough to refuse anybody by it."""
        refused, accepted = self.right_refused.value, self.wrong_accepted.value
        if refused is None or accepted is None:
            return False
        return refused <= MOST_REFUSED and accepted <= MOST_ACCEPTED


@dataclass(frozen=True)
class LossCheck:
    """The text with and without the adapter."""

    without_nats: float
    """Mean per token, of the base."""
    with_nats: float
    tokens: int
    threshold_nats: float | None
    """None where there is no threshold for this base that tells right from wrong adapters."""
    threshold: LossThreshold | None = None
    """What was calibrated, used or not."""

    @property
    def difference_nats(self) -> float:
        """Per token: adapter minus base."""
        return self.with_nats - self.without_nats

    @property
    def passed(self) -> bool | None:
        """Whether the adapter fits; None without a threshold. A loss that is no number never fits."""
        if self.threshold_nats is None:
            return None if self.difference_nats == self.difference_nats else False
        return self.difference_nats <= self.threshold_nats


def text_loss(engine: Engine, text: str, adapters: Sequence[Path | None]) -> tuple[list[float], int]:
    """Mean negative log-probability per token, in nats, of one text through each adapter; and the tokens.

    Raises:
        ModelError: the text has fewer than two tokens.
    """
    ids = tuple(engine.base.tokenizer.encode(text))[: min(CONTEXT, engine.limit)]
    if len(ids) < 2:
        raise ModelError("The text for the check of the loss is too short.", "Give some sentences.")
    scores = engine.score([ScoreRequest(ids[:1], (ids[1:],), adapter) for adapter in adapters])
    return [-score[0] / (len(ids) - 1) for score in scores], len(ids) - 1


def check_losses(
    engine: Engine, text: str, adapters: Sequence[Path], threshold: LossThreshold | None
) -> list[LossCheck]:
    """The check for many adapters of one base in one batch; the base is computed once.

    Raises:
        ModelError: an adapter does not fit the base, or the text is too short.
    """
    (without, *own), tokens = text_loss(engine, text, [None, *adapters])
    limit = threshold.nats if threshold and threshold.separates else None
    return [LossCheck(without, loss, tokens, limit, threshold) for loss in own]


def calibrate_threshold(
    right: Sequence[float], wrong: Sequence[float], how: str = "measured differences"
) -> LossThreshold:
    """The threshold that refuses the fewest right bases and accepts the fewest wrong ones.

    The sum of both shares of errors is smallest there; where several thresholds are as good, it lies in the
    middle of the widest gap between measured values.

    Args:
        right: differences in nats per token of adapters on the bases they were trained on.
        wrong: the same on other bases of the same shapes.
        how: where they come from, in words.

    Raises:
        ConfigError: one of the lists is empty or holds no numbers.

    Example:
        >>> calibrate_threshold([-0.25, 0.0], [1.0, 3.0]).nats
        0.5
    """
    values = sorted({*right, *wrong})
    if not right or not wrong or not all(abs(value) < float("inf") for value in values):
        raise ConfigError("A threshold needs differences on right and on wrong bases.", "Measure both.")
    gaps = [(high - low, (low + high) / 2) for low, high in pairwise(values)]
    places = [*gaps, (0.0, values[-1])]

    def errors(at: float) -> float:
        refused, accepted = sum(x > at for x in right), sum(x <= at for x in wrong)
        return refused / len(right) + accepted / len(wrong)

    _, best = min(places, key=lambda place: (errors(place[1]), -place[0]))
    return LossThreshold(
        best, tuple(right), tuple(wrong),
        rate(sum(x > best for x in right), len(right)), rate(sum(x <= best for x in wrong), len(wrong)),
        how,
    )  # fmt: skip
