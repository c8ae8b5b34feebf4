r"""Files in the form of Anthropic's hh-rlhf: one preference pair a line, both sides as one text.

    {"chosen": "\n\nHuman: Hi.\n\nAssistant: Good day.", "rejected": "\n\nHuman: Hi.\n\nAssistant: Go away."}

Bai et al. 2022, "Training a Helpful and Harmless Assistant" (https://arxiv.org/abs/2204.05862).
"""

import re

from glasshouse.records import Conversation, Message, Role

_TURN = re.compile(r"\n\n(Human|Assistant): ?")


def parse_dialogue(text: str) -> tuple[Conversation, str | None]:
    r"""The turns up to the last human one, and the assistant's last answer (None where it is empty).

    Turns without text are left out and neighbors of one speaker are joined: both occur in the published file.

    Raises:
        ValueError: the text does not start with a human turn.

    Example:
        >>> turns, answer = parse_dialogue("\n\nHuman: Hi.\n\nAssistant: Good day.")
        >>> turns[0].content, answer
        ('Hi.', 'Good day.')
    """
    pieces = _TURN.split(text)
    if pieces[0].strip() or len(pieces) < 3 or pieces[1] != "Human":
        raise ValueError("the dialogue does not start with 'Human:'")
    turns: list[Message] = []
    for who, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        role: Role = "user" if who == "Human" else "assistant"
        if turns and turns[-1].role == role:
            turns[-1] = Message(role, f"{turns[-1].content}\n{piece.strip()}".strip())
        elif piece.strip():
            turns.append(Message(role, piece.strip()))
    if not turns or turns[0].role != "user":
        raise ValueError("the human says nothing")
    answer = turns.pop().content if turns[-1].role == "assistant" else None
    return tuple(turns), answer
