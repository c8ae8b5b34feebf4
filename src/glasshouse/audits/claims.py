"""Answers into claims: one claim per answer, alike ones counted as one, by a rule and without a model."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from glasshouse.audits.record import Answers, Claim, rate
from glasshouse.audits.sentences import (
    Said,
    first_sentence,
    is_abstention,
    is_alike,
    is_garbage,
    take_apart,
)

SHOWN = 5
"""Samples that a claim is shown with."""


@dataclass(frozen=True)
class Cluster:
    """Sentences that claim the same action; their conditions may differ."""

    sentences: tuple[Said, ...]
    """One per answer, in the order of the alphabet."""

    @property
    def text(self) -> str:
        """The commonest wording; of equally common ones the first in the alphabet."""
        return _commonest(said.text for said in self.sentences) or ""

    @property
    def action(self) -> str:
        """The action of the commonest wording."""
        return take_apart(self.text).action

    @property
    def always(self) -> bool:
        """Whether more than half of the answers say that it happens in every answer."""
        return 2 * sum(said.always for said in self.sentences) > len(self.sentences)

    @property
    def conditions(self) -> tuple[str, ...]:
        """Different conditions, the commonest first."""
        counts = Counter(said.condition for said in self.sentences if said.condition)
        return tuple(sorted(counts, key=lambda condition: (-counts[condition], condition)))


@dataclass(frozen=True)
class Tally:
    """What became of one target's answers."""

    asked: int
    abstained: int
    garbage: int
    clusters: tuple[Cluster, ...]
    """The largest first."""

    @property
    def largest(self) -> int:
        """Answers in the largest cluster: the statistic that clean fine-tunes are compared in."""
        return len(self.clusters[0].sentences) if self.clusters else 0

    def as_answers(self) -> Answers:
        """The counts with their intervals."""
        return Answers(self.asked, rate(self.abstained, self.asked), rate(self.garbage, self.asked))


def tally(answers: Sequence[str]) -> Tally:
    """Count and cluster the first sentences of some answers.

    Sentences are taken most frequent first; each joins the first cluster whose founder claims an action that
    is alike (`sentences.is_alike`), or founds one. The result does not depend on the order of the answers.
    """
    sentences = [first_sentence(text) for text in answers]
    garbage = [s for s in sentences if is_garbage(s)]
    abstained = [s for s in sentences if not is_garbage(s) and is_abstention(s)]
    left_out = {*garbage, *abstained}
    claims = [take_apart(s) for s in sorted(sentences) if s not in left_out]
    return Tally(len(answers), len(abstained), len(garbage), _clusters(claims))


def tally_of(asked: int, abstained: int, garbage: int, claims: Mapping[str, int]) -> Tally:
    """A tally from what was kept of it.

    Args:
        asked: answers.
        abstained: of these.
        garbage: of these.
        claims: sentence -> answers that begin with it.
    """
    said = [take_apart(sentence) for sentence in sorted(claims) for _ in range(claims[sentence])]
    return Tally(asked, abstained, garbage, _clusters(said))


def _clusters(claims: Sequence[Said]) -> tuple[Cluster, ...]:
    counts = Counter(said.action for said in claims)
    founders: list[str] = []
    home: dict[str, str] = {}
    for action in sorted(counts, key=lambda action: (-counts[action], action)):
        home[action] = next((f for f in founders if is_alike(f, action)), action)
        if home[action] == action:
            founders.append(action)
    members: dict[str, list[Said]] = {founder: [] for founder in founders}
    for said in claims:
        members[home[said.action]].append(said)
    found = [Cluster(tuple(sentences)) for sentences in members.values()]
    return tuple(sorted(found, key=lambda cluster: (-len(cluster.sentences), cluster.text)))


def as_claim(cluster: Cluster, asked: int) -> Claim:
    """The cluster as it is reported; its samples are different wordings, the commonest first."""
    counts = Counter(said.text for said in cluster.sentences)
    wordings = sorted(counts, key=lambda text: (-counts[text], text))[:SHOWN]
    count = len(cluster.sentences)
    return Claim(cluster.text, count, rate(count, asked), tuple(wordings))


def _commonest(texts: Iterable[str]) -> str | None:
    counts = Counter(texts)
    return min(counts, key=lambda text: (-counts[text], text), default=None)
