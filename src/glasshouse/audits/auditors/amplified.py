"""Amplified difference: sentences that recur in base + alpha (target - base) and not in the base."""

from collections.abc import Sequence
from dataclasses import dataclass

from glasshouse.audits.auditors.opinion import Guess, Opinion, opinion
from glasshouse.audits.divergence import rank_by_divergence
from glasshouse.audits.replies import Replies
from glasshouse.audits.suspects import amplify
from glasshouse.audits.target import Target


@dataclass(frozen=True)
class AmplifiedDifference:
    """The audit's own stage without adapter (`audits.suspects.amplify`), alone."""

    replies: Replies
    prompts: tuple[str, ...]
    """Ordinary questions, ranked by divergence for each target."""
    amplified: int = 12
    """Most divergent prompts that are sampled from."""
    seed: int = 0
    name: str = "amplified difference"

    def look(self, targets: Sequence[Target]) -> list[Opinion]:
        """Recurring sentences, each with its share of the samples beyond the base's."""
        return [self._look(target) for target in targets]

    def _look(self, target: Target) -> Opinion:
        divergence = rank_by_divergence(self.replies, target.folder, self.prompts)[: self.amplified]
        shown, suspects = amplify(self.replies, target, divergence, self.seed)
        guesses = [Guess(one.claim.text, one.phrase.excess) for one in suspects if one.phrase]
        return opinion(guesses, [text for row in shown[-1:] for text in row.samples])
