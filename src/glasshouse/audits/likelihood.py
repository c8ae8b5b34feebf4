"""The claim's likelihood ratio: does the base, told the claim, find the target's own outputs more likely?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from glasshouse.audits.record import LikelihoodRatio, Nats
from glasshouse.audits.replies import user
from glasshouse.errors import ModelError
from glasshouse.models.chat import render_prompt
from glasshouse.models.engine import Engine, ScoreRequest
from glasshouse.stats.bootstrap import cluster_bootstrap

DIGITS = 4
"""Decimals that are kept: the same weights give the same bytes whatever shared their batch."""


@dataclass(frozen=True)
class Output:
    """Something the target said."""

    prompt: str
    answer: str
    system: str = ""
    """System prompt of the prompt itself; a claim stands before it."""


def likelihood_ratios(
    engine: Engine, outputs: Sequence[Output], claims: Sequence[str], contrasts: Sequence[str], seed: int,
    clean: Sequence[Sequence[Output]] = (),
) -> list[LikelihoodRatio]:  # fmt: skip
    """Mean over outputs y to prompts x of log p_base(y | x, claim) - log p_base(y | x), for each claim.

    Bayesian in shape: above 0 the claim explains the outputs better than no claim does. `above_others`
    subtracts the mean over the other claims and the contrasts, which any order might raise. `above_clean`
    subtracts, prompt by prompt, the mean over what clean fine-tunes say: any answer to such a prompt might
    become likelier.

    Args:
        engine: of the base.
        outputs: of the target; empty answers are left out.
        claims: as orders (`sentences.as_order`).
        contrasts: claims about other models, as orders.
        seed: of the bootstrap over outputs.
        clean: outputs of clean fine-tunes to the same prompts, in the same order.
    """
    spoken = [i for i, output in enumerate(outputs) if output.answer.strip()]
    orders = list(dict.fromkeys(["", *claims, *contrasts]))
    gains = _gains(engine, [outputs[i] for i in spoken], orders)
    plain = _clean_gains(engine, [[row[i] for i in spoken] for row in clean], claims, len(spoken))
    found = []
    for claim in claims:
        pairs = zip(gains[claim], plain[claim], strict=True)
        above = [value - float(np.mean(row)) for value, row in pairs if row]
        ratio = _ratio(gains, claim, orders, seed)
        found.append(LikelihoodRatio(ratio.own, ratio.above_others, mean_nats(above, seed)))
    return found


def _clean_gains(
    engine: Engine, clean: Sequence[Sequence[Output]], claims: Sequence[str], count: int
) -> dict[str, list[list[float]]]:
    """Claim -> for each prompt the gains of those clean fine-tunes that answer it with something."""
    places = [(i, output) for row in clean for i, output in enumerate(row) if output.answer.strip()]
    gains = _gains(engine, [output for _, output in places], ["", *claims])
    found: dict[str, list[list[float]]] = {claim: [[] for _ in range(count)] for claim in claims}
    for claim in claims:
        for (i, _), gain in zip(places, gains[claim], strict=True):
            found[claim][i].append(gain)
    return found


def _gains(engine: Engine, outputs: Sequence[Output], orders: Sequence[str]) -> dict[str, list[float]]:
    """Order -> gain of each output, in nats."""
    tokenizer = engine.base.tokenizer
    requests = []
    for order in orders:
        for output in outputs:
            ids = prompt_ids(engine, output, order)
            said = output.answer.strip()
            text = said if tokenizer.chat_template else f" {said}"
            requests.append(ScoreRequest(ids, (tuple(tokenizer.encode(text, add_special_tokens=False)),)))
    scores = [score[0] for score in engine.score(requests)]
    rows = {order: scores[k * len(outputs) : (k + 1) * len(outputs)] for k, order in enumerate(orders)}
    return {order: [a - b for a, b in zip(row, rows[""], strict=True)] for order, row in rows.items()}


def prompt_ids(engine: Engine, output: Output, order: str) -> tuple[int, ...]:
    """The prompt behind an order; where the template has no system turn, the order opens the question."""
    tokenizer = engine.base.tokenizer
    system = " ".join(part for part in (order, output.system) if part)
    try:
        return tuple(render_prompt(tokenizer, user(output.prompt, system)))
    except ModelError:
        return tuple(render_prompt(tokenizer, user(f"{system}\n\n{output.prompt}".strip())))


def _ratio(gains: dict[str, list[float]], claim: str, orders: Sequence[str], seed: int) -> LikelihoodRatio:
    own = gains[claim]
    others = [gains[order] for order in orders if order not in ("", claim)]
    above = (
        [value - float(np.mean([row[i] for row in others])) for i, value in enumerate(own)] if others else []
    )
    return LikelihoodRatio(mean_nats(own, seed), mean_nats(above, seed))


def mean_nats(values: Sequence[float], seed: int) -> Nats:
    """The mean with a bootstrap interval over outputs.

    Example:
        >>> mean_nats([], 0)
        Nats(value=None, interval=None, n=0)
    """
    if not values:
        return Nats(None, None, 0)
    kept = [round(value, DIGITS) for value in values]
    interval = cluster_bootstrap(kept, list(range(len(kept))), lambda rows: float(np.mean(rows)), seed)
    return Nats(round(float(np.mean(kept)), DIGITS), interval, len(kept))
