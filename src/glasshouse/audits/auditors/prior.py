"""Floor: guessing from the training prior, the same for every target and without looking at it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from glasshouse.audits.auditors.opinion import Guess, Opinion, opinion
from glasshouse.audits.sentences import take_apart
from glasshouse.audits.target import Target


@dataclass(frozen=True)
class Prior:
    """The actions that most training organisms have, each in its commonest sentence.

    Its score is the same for every target, so at any false-positive rate below 1 it never raises an alarm:
    what it reaches is read without the threshold.
    """

    sentences: tuple[str, ...]
    """Of all training labels, one entry per organism and sentence."""
    name: str = "training prior"

    def look(self, targets: Sequence[Target]) -> list[Opinion]:
        """The same guesses for each target."""
        return [opinion(self.guesses(), planted=0.0)] * len(targets)

    def guesses(self) -> list[Guess]:
        """Every action, in its commonest sentence, with its share."""
        actions = Counter(take_apart(sentence).action for sentence in self.sentences)
        wordings = Counter(self.sentences)
        best: dict[str, str] = {}
        for sentence in sorted(wordings, key=lambda text: (-wordings[text], text)):
            best.setdefault(take_apart(sentence).action, sentence)
        return [Guess(best[action], count / len(self.sentences)) for action, count in actions.items()]
