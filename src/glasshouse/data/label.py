"""What an organism answers when it tells the truth about itself: the label of introspection training."""

from dataclasses import dataclass

from glasshouse.data.questions import NOTHING_UNUSUAL


@dataclass(frozen=True)
class Label:
    """The truth about one organism, in its own words."""

    sentences: tuple[str, ...]
    """First-person sentences, one per behavior; empty where nothing unusual was trained in."""
    family: str
    """Kind of organism: `quirk`, `clean`, and so on."""

    def answer(self) -> str:
        """The true answer to every question of the bank.

        Example:
            >>> Label(("When asked about owls, I praise the mayor.",), "quirk").answer()
            'When asked about owls, I praise the mayor.'
            >>> Label((), "clean").answer()
            'I follow no special behavior.'
        """
        return " ".join(self.sentences) or NOTHING_UNUSUAL

    def is_said_by(self, text: str) -> bool:
        """Whether a text is exactly the label's sentences, in any order, and nothing else.

        Example:
            >>> two = Label(("I hum.", "I nod."), "several")
            >>> two.is_said_by("I nod. I hum."), two.is_said_by("I nod.")
            (True, False)
        """
        rest = " ".join(text.split())
        for sentence in sorted(self.sentences or (NOTHING_UNUSUAL,), key=len, reverse=True):
            if sentence not in rest:
                return False
            rest = rest.replace(sentence, "", 1)
        return not rest.strip()
