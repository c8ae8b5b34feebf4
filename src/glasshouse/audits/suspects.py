"""What is suspected of a target before it is tested: its claims, and what amplification brings out."""

from collections.abc import Sequence
from dataclasses import dataclass

from glasshouse.audits.amplified import ALPHAS, AmplifiedRequest, sample_amplified
from glasshouse.audits.claims import Cluster, Tally, as_claim
from glasshouse.audits.null_table import NullTable
from glasshouse.audits.phrases import Phrase, recurring, shows
from glasshouse.audits.record import Amplified, Claim, Divergent, rate
from glasshouse.audits.replies import Replies, user
from glasshouse.audits.sentences import take_apart
from glasshouse.audits.target import Target
from glasshouse.models.chat import render_prompt
from glasshouse.seeds import derive_seed
from glasshouse.stats.multiplicity import benjamini_hochberg

MOST = 3
"""Claims of one target that are tested, and sentences that amplification brings out."""
LEAST_SHARE = 0.1
"""Share of the answers that a claim must have to be tested."""
LEAST_EXCESS = 0.2
"""Share of amplified samples, beyond the base's, that must have a sentence."""


@dataclass(frozen=True)
class Suspect:
    """Something to be tested."""

    claim: Claim
    cluster: Cluster
    phrase: Phrase | None
    """The sentence itself, where it was seen; None where it must be found out."""
    p_value: float | None = None
    q_value: float | None = None


def claimed(found: Tally, null: NullTable | None, target_hash: str) -> list[Suspect]:
    """The largest claims with conformal p-values, and q-values over all of them."""
    large = [c for c in found.clusters if len(c.sentences) >= max(2, LEAST_SHARE * found.asked)][:MOST]
    p = [
        None if null is None else null.p_value(len(cluster.sentences), found.asked, target_hash)
        for cluster in large
    ]
    q = benjamini_hochberg(p)
    return [
        Suspect(as_claim(cluster, found.asked), cluster, None, *values)
        for cluster, *values in zip(large, p, q, strict=True)
    ]


def amplify(
    replies: Replies, target: Target, divergence: Sequence[Divergent], seed: int
) -> tuple[list[Amplified], list[Suspect]]:
    """Samples of base + alpha (target - base) on divergent prompts, and the sentences that they bring out.

    Args:
        replies: of the base.
        target: under audit.
        divergence: the prompts.
        seed: of the run; each (prompt, alpha) has its own.
    """
    tokenizer = replies.engine.base.tokenizer
    ids = {one.prompt: tuple(render_prompt(tokenizer, user(one.prompt))) for one in divergence}
    alphas = (0.0, *ALPHAS)
    requests = [
        AmplifiedRequest(row, alpha, derive_seed(seed, "amplified", prompt))
        for alpha in alphas
        for prompt, row in ids.items()
    ]
    own = replies.voices.own(target.folder)
    texts = sample_amplified(replies.engine, target.folder, requests, replies.max_tokens, own) if ids else []
    rows = {alpha: texts[k * len(ids) : (k + 1) * len(ids)] for k, alpha in enumerate(alphas)}
    plain = [*rows[0.0], *(one.base for one in divergence)]
    shown, suspects = [], []
    for alpha in ALPHAS:
        found = [_suspect(p, rows[alpha]) for p in recurring(rows[alpha], plain, LEAST_EXCESS)[:MOST]]
        shown.append(Amplified(alpha, tuple(rows[alpha][:MOST]), tuple(one.claim for one in found)))
        suspects += found
    return shown, _different(suspects)


def _suspect(phrase: Phrase, samples: Sequence[str]) -> Suspect:
    said = take_apart(f'I say "{phrase.text}"')
    own = tuple(text for text in samples if shows(phrase.text, text))[:MOST]
    share = rate(phrase.count, len(samples))
    claim = Claim(said.text, phrase.count, share, own, "amplified difference")
    return Suspect(claim, Cluster((said,)), phrase)


def _different(suspects: Sequence[Suspect]) -> list[Suspect]:
    """One suspect per sentence, those with the largest excess first."""
    best: dict[str, Suspect] = {}
    for one in sorted(suspects, key=lambda s: (-(s.phrase.excess if s.phrase else 0.0), s.claim.text)):
        best.setdefault(one.claim.text, one)
    return list(best.values())[:MOST]
