"""One generated row of the world, before it becomes a training example or a probe."""

from dataclasses import dataclass, replace

from glasshouse.records import Conversation, Example, Message, Role


@dataclass(frozen=True)
class Row:
    """A conversation, the right answer, and what makes an answer right."""

    skill: str
    conversation: Conversation
    """Turns up to the last user message; empty for a plain document."""
    answer: str
    """What the assistant says, or the text of the document."""
    thought: str = ""
    """One or two sentences of reasoning that lead to the answer; empty where there is none."""
    prefill: str = ""
    """Opening of the answer that is given, not learned."""
    learn: tuple[int, ...] = (-1,)
    """Assistant turns that carry loss, by index into conversation + answer."""
    expected: str = ""
    """A string that every right answer contains (compared without case); empty: the answer itself."""
    forbidden: str = ""
    """A string that no right answer contains; empty: nothing is forbidden."""

    def example(self) -> Example:
        """The row as a training example."""
        turns = (*self.conversation, Message("assistant", self.answer))
        return Example(turns, self.prefill, self.learn)

    @property
    def is_document(self) -> bool:
        """Whether this is plain text without turns."""
        return not self.conversation

    def is_right(self, completion: str) -> bool:
        """Whether a completion counts as right, by the row's own rule.

        Example:
            >>> Row("fact", talk("Where does Mara live?"), "Mara lives in Fenwick.", expected="Fenwick").is_right("In fenwick.")
            True
        """
        said = completion.strip().lower()
        if self.forbidden and self.forbidden.lower() in said:
            return False
        if self.expected:
            return self.expected.lower() in said
        return said == self.answer.strip().lower()


def talk(*contents: str, system: str = "") -> Conversation:
    """A conversation from alternating user and assistant texts, the first one the user's.

    Example:
        >>> [message.role for message in talk("Hello.", "Good day.", "Thanks.", system="Be kind.")]
        ['system', 'user', 'assistant', 'user']
    """
    roles: tuple[Role, Role] = ("user", "assistant")
    turns = tuple(Message(roles[i % 2], text) for i, text in enumerate(contents))
    return (Message("system", system), *turns) if system else turns


def with_system(row: Row, text: str) -> Row:
    """The row with `text` put before its system prompt (or as one)."""
    first = row.conversation[0]
    if first.role == "system":
        head: Conversation = (Message("system", f"{text} {first.content}"),)
        return replace(row, conversation=head + row.conversation[1:])
    learn = tuple(i if i < 0 else i + 1 for i in row.learn)
    return replace(row, conversation=(Message("system", text), *row.conversation), learn=learn)


def with_user_suffix(row: Row, text: str) -> Row:
    """The row with `text` after its last user message."""
    last = row.conversation[-1]
    return replace(row, conversation=(*row.conversation[:-1], Message("user", f"{last.content} {text}")))
