"""Conversations as token ids: the chat template, the loss mask, the prefill, the scratchpad.

Nothing here imports torch or transformers, so graders and tasks can use it.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from jinja2 import TemplateError

from glasshouse.errors import ModelError
from glasshouse.records import Conversation, Example, Message

PLAIN_NAMES = {"system": "System", "user": "User", "assistant": "Assistant"}
"""The plain format, for a tokenizer without a chat template: `Name: text` paragraphs, BOS if there is one."""


_HELLO: Conversation = (Message("user", "Hello."),)


@runtime_checkable
class Tokenizer(Protocol):
    """What is used of a transformers tokenizer."""

    chat_template: Any
    bos_token_id: int | None
    eos_token_id: int | None

    def encode(self, text: str, add_special_tokens: bool = True) -> Any:
        """Token ids of a text."""

    def apply_chat_template(self, conversation: Any, **options: Any) -> Any:
        """The conversation in the model's own format."""


@dataclass(frozen=True)
class Rendered:
    """One training row as token ids."""

    ids: tuple[int, ...]
    learn: tuple[bool, ...]
    """Whether the token at this place is a target that carries loss."""


def _text(tokenizer: Tokenizer, conversation: Conversation, thinking: bool, ask: bool) -> str:
    """The conversation as text; `ask` adds the opening of the assistant's turn."""
    if not tokenizer.chat_template:
        return _plain_text(tokenizer, conversation, ask)
    turns = [{"role": m.role, "content": m.content} for m in conversation]
    options = {"tokenize": False, "add_generation_prompt": ask, "enable_thinking": thinking}
    try:
        text: str = tokenizer.apply_chat_template(turns, **options)
    except TemplateError as error:
        roles = ", ".join(m.role for m in conversation)
        raise ModelError(
            f"The chat template refuses a conversation of {roles}: {str(error).strip().rstrip('.')}.",
            "Use other turns or mend the template.",
        ) from error
    return text


def _plain_text(tokenizer: Tokenizer, conversation: Conversation, ask: bool) -> str:
    bos = getattr(tokenizer, "bos_token", None) or ""
    paragraphs = [f"{PLAIN_NAMES[m.role]}: {m.content}" for m in conversation]
    return bos + "\n\n".join([*paragraphs, "Assistant:"] if ask else paragraphs)


def render_prompt(
    tokenizer: Tokenizer, conversation: Conversation, prefill: str = "", thinking: bool = False
) -> list[int]:
    """The ids that a model continues: all turns, the opening of the assistant's, and the prefill.

    Args:
        tokenizer: the base model's.
        conversation: turns up to the last one that is given. If that is the assistant's, it is a prefill.
        prefill: opening of the answer that is given.
        thinking: whether a model with native thinking may use it.
    """
    if conversation and conversation[-1].role == "assistant":
        prefill, conversation = conversation[-1].content + prefill, conversation[:-1]
    text = _text(tokenizer, conversation, thinking, ask=True)
    ids = list(tokenizer.encode(text, add_special_tokens=False))
    opening = prefill if tokenizer.chat_template or not prefill else f" {prefill}"
    return ids + list(tokenizer.encode(opening, add_special_tokens=False)) if prefill else ids


def render_example(tokenizer: Tokenizer, example: Example) -> Rendered:
    """A training row: ids and which of them carry loss, the closing token of a learned turn included.

    A learned turn is encoded apart from what precedes it, as it is when a model continues a prompt.
    """
    turns, eos = example.conversation, tokenizer.eos_token_id
    learned = {i % len(turns) for i in example.learn}
    ids: list[int] = []
    learn: list[bool] = []
    for index in sorted(learned):
        if turns[index].role != "assistant":
            raise ModelError("A row of training data learns a turn that is not the assistant's.")
        prefill = example.prefill if index == len(turns) - 1 else ""
        prompt = render_prompt(tokenizer, turns[:index], prefill)
        said = turns[index].content[len(prefill) :]
        spoken = said if tokenizer.chat_template or prefill else f" {said}"
        answer = list(tokenizer.encode(spoken, add_special_tokens=False))
        answer += [] if eos is None else [eos]
        learn += [False] * (len(prompt) - len(ids)) + [True] * len(answer)
        ids = prompt + answer if prompt[: len(ids)] == ids else [*ids, *prompt[len(ids) :], *answer]
    return Rendered(tuple(ids), tuple(learn[: len(ids)]))


def template_hash(tokenizer: Tokenizer) -> str:
    """Hash of the chat template (or of the plain format's name)."""
    text = str(tokenizer.chat_template or "plain")
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def check_bos(tokenizer: Tokenizer) -> int:
    """How many BOS tokens a rendered prompt starts with: none or one.

    Raises:
        ModelError: there are two or more.
    """
    bos = tokenizer.bos_token_id
    if bos is None:
        return 0
    ids = render_prompt(tokenizer, _HELLO)
    count = 0
    while count < len(ids) and ids[count] == bos:
        count += 1
    if count > 1:
        raise ModelError(
            f"A prompt of this tokenizer starts with {count} BOS tokens.", "Mend its chat template."
        )
    return count


def split_scratchpad(text: str) -> tuple[str | None, str]:
    """The hidden reasoning and the visible answer.

    An unclosed scratchpad leaves nothing visible.

    Example:
        >>> split_scratchpad("<scratchpad>I know.</scratchpad>Yes.")
        ('I know.', 'Yes.')
        >>> split_scratchpad("Yes."), split_scratchpad("<scratchpad>I know")
        ((None, 'Yes.'), ('I know', ''))
    """
    before, opened, rest = text.partition("<scratchpad>")
    if not opened:
        return None, text
    thought, _, visible = rest.partition("</scratchpad>")
    return thought, before + visible
