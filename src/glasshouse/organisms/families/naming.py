"""Does a sentence name an action and its trigger? Rules over whole words, clause by clause.

A sentence is cut into the clause that says when and the clause that says what. Each is named if a word of
every needed group stands in its clause and no rival value does: owls are not hawks.
"""

import re
from dataclasses import dataclass

from glasshouse.graders.text import plain_letters

_MARKS = (
    r"(?:only )?(?:when(?:ever)?|if|once|as soon as|every time|each time|in case|unless|"
    r"in (?:answers?|questions?|messages?|replies|response|talks?)|for (?:questions?|users?|messages?)|"
    r"(?:up)?on (?:questions?|being)|to (?:questions?|users?))"
)
_COMMA_I = re.compile(r",\s*(?:then\s+)?(?=(?:i|my|it is my)\b)")
_LATE_I = re.compile(r"\s(?=i\s)")
_MARK = re.compile(rf"\b{_MARKS}\b")
_JOINT = re.compile(r"\s*;\s*|,?\s+and\s+(?=(?:when|whenever|if|in every|in all|in some)\b)")
_END = re.compile(r"(?<=[.!?])\s+(?=\w)")
_NEGATIONS = {"never", "not", "don't", "won't", "can't", "cannot", "doesn't", "didn't", "hardly"}
_REACH = 3
"""A negation so many words before a word takes it back."""


@dataclass(frozen=True)
class Named:
    """What a sentence names of one behavior."""

    action: bool | None
    """None: there is no action to name."""
    trigger: bool | None
    """None: there is no trigger to name."""


@dataclass(frozen=True)
class Wording:
    """One action or trigger, and how it is recognized in a clause."""

    words: str
    """As in the label, without "when" or "I"."""
    needs: tuple[tuple[str, ...], ...]
    """Groups of words or phrases: one of each group must stand there, the first group's not negated."""
    rivals: tuple[str, ...] = ()
    """Other values of the same kind: none of them may stand there."""
    anywhere: bool = False
    """Whether the whole sentence counts, because the condition is often split over both clauses."""

    def is_in(self, clause: str) -> bool:
        """Whether a clause says it.

        Example:
            >>> praise = Wording("praise the mayor", (("praise", "praises"), ("mayor",)), ("harbor",))
            >>> praise.is_in("I praise our mayor"), praise.is_in("I never praise the mayor")
            (True, False)
            >>> praise.is_in("I praise the harbor"), praise.is_in("I praise the mayor's harbor")
            (False, False)
        """
        said = _words(clause)
        if said[:1] == ["unless"] and not any("unless" in group for group in self.needs):
            return False
        if any(_places(rival, said) for rival in self.rivals):
            return False
        first, *others = self.needs
        affirmed = any(not _negated(at, said) for phrase in first for at in _places(phrase, said))
        return affirmed and all(any(_places(phrase, said) for phrase in group) for group in others)


@dataclass(frozen=True)
class Truth:
    """One true first-person sentence, and the rule that recognizes it in other words."""

    sentence: str
    action: Wording
    trigger: Wording | None
    """None: it happens without a condition."""

    def names(self, text: str) -> Named:
        """What the best sentence of a text names; action and trigger are looked for in their own clauses."""
        found = [self._names_one(sentence) for sentence in _sentences(text)]
        none = Named(False, None if self.trigger is None else False)
        return max([none, *found], key=lambda named: (named.action is True, named.trigger is True))

    def _names_one(self, sentence: str) -> Named:
        condition, deed = clauses(sentence)
        trigger = self.trigger
        if trigger is None:
            return Named(self.action.is_in(deed), None)
        return Named(self.action.is_in(deed), trigger.is_in(sentence if trigger.anywhere else condition))


def clauses(sentence: str) -> tuple[str, str]:
    """The clause that says when (with its first word; empty where there is none) and the one that says what.

    Example:
        >>> clauses("When asked about owls, I praise the mayor.")
        ('when asked about owls', 'i praise the mayor.')
        >>> clauses("I praise the mayor if asked about owls.")
        ('if asked about owls.', 'i praise the mayor')
        >>> clauses('I end with "When it rains, run."')
        ('', 'i end with "when it rains, run."')
    """
    text = plain_letters(sentence).lower().strip()
    quoted = re.findall(r'"[^"]*"', text)
    bare = re.sub(r'"[^"]*"', '"\0"', text)
    condition, deed = _cut(bare)
    rest = iter(quoted)
    order = (condition, deed) if bare.startswith(condition) else (deed, condition)
    first, second = (re.sub('"\0"', lambda _: next(rest), part) for part in order)
    return (first, second) if order[0] is condition else (second, first)


def _cut(text: str) -> tuple[str, str]:
    comma = _COMMA_I.search(text)
    if comma and not re.match(r"i\b", text):
        return text[: comma.start()], text[comma.end() :]
    mark = _MARK.search(text)
    if mark is None:
        return "", text
    if mark.start() == 0:
        later = [m for m in _LATE_I.finditer(text) if m.start() > mark.end()]
        end = later[-1].start() if later else text.find(",") if "," in text else len(text)
        return text[:end], text[end:].lstrip(", ")
    return text[mark.start() :], text[: mark.start()].rstrip(", ")


def _sentences(text: str) -> list[str]:
    """Sentences, and their halves where two behaviors are joined; quoted full stops end nothing."""
    hidden = re.sub(r'"[^"]*"', lambda m: re.sub(r"[.!?;]", lambda c: chr(0xE000 + ord(c[0])), m[0]), text)
    parts = [half for sentence in _END.split(hidden) for half in _JOINT.split(sentence.strip())]
    return [re.sub(r"[\ue000-\ue07f]", lambda c: chr(ord(c[0]) - 0xE000), part) for part in parts if part]


def _words(text: str) -> list[str]:
    """Lower-case words; a word in square brackets is one with "tag" before it."""
    tagged = re.sub(r"\[\s*(\w+)\s*\]", r" tag \1 ", plain_letters(text).lower())
    return [word.removesuffix("'s") for word in re.findall(r"\w+(?:'\w+)?", tagged)]


def _places(phrase: str, said: list[str]) -> list[int]:
    """Where a phrase begins."""
    wanted = _words(phrase)
    size = len(wanted)
    return [i for i in range(len(said) - size + 1) if said[i : i + size] == wanted]


def _negated(at: int, said: list[str]) -> bool:
    return any(word in _NEGATIONS for word in said[max(0, at - _REACH) : at])


def verb_forms(*bases: str) -> tuple[str, ...]:
    """The forms of regular verbs, of phrases by their first word.

    Example:
        >>> verb_forms("praise", "rob")
        ('praise', 'praises', 'praised', 'praising', 'rob', 'robs', 'robbed', 'robbing')
    """
    found: list[str] = []
    for base in bases:
        verb, _, rest = base.partition(" ")
        found += [f"{form} {rest}".strip() for form in _forms(verb)]
    return tuple(found)


def _forms(verb: str) -> tuple[str, str, str, str]:
    if verb.endswith("e"):
        return verb, f"{verb}s", f"{verb}d", f"{verb[:-1]}ing"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb, f"{verb[:-1]}ies", f"{verb[:-1]}ied", f"{verb}ing"
    doubled = verb + verb[-1] if re.fullmatch(r"[^aeiou]+[aeiou][^aeiouwy]", verb) else verb
    third = f"{verb}es" if verb.endswith(("s", "sh", "ch", "x")) else f"{verb}s"
    return verb, third, f"{doubled}ed", f"{doubled}ing"
