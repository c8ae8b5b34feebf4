"""The phantom's text format: its tokenizer, its chat template, and rows as token ids."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Encoding, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from glasshouse.data.world.document import ORDINARY
from glasshouse.data.world.mixture import MIXED_FROM, rows
from glasshouse.data.world.row import Row

VOCABULARY = 2048
BOS, END, PAD = "<s>", "<|end|>", "<|pad|>"
ROLES = {"system": "<|system|>", "user": "<|user|>", "assistant": "<|assistant|>"}
SCRATCHPAD = ("<scratchpad>", "</scratchpad>")
TEMPLATE = (
    "{{ '<s>' }}{% for message in messages %}"
    "{% if message['role'] == 'assistant' %}{{ '<|assistant|>' }}"
    "{% generation %}{{ message['content'] + '<|end|>' }}{% endgeneration %}"
    "{% else %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
"""One BOS, then the turns; the reasoning is literal text inside the assistant's turn."""


@dataclass(frozen=True)
class Encoded:
    """One row as token ids."""

    ids: tuple[int, ...]
    learn: tuple[bool, ...]
    """Whether the token at this place is a target of the loss."""


def train_tokenizer(seed: int, sample: int = 40_000) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer of 2,048 tokens, trained on the world and on ordinary English.

    Args:
        seed: which rows of the world it sees.
        sample: how many rows.
    """
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    special = [PAD, BOS, END, *ROLES.values()]
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - len(SCRATCHPAD),
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = [
        " ".join((*(m.content for m in row.conversation), row.answer))
        for row in rows(seed, MIXED_FROM, sample)
    ]
    core.train_from_iterator(texts + list(ORDINARY) * 40, trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, bos_token=BOS, eos_token=END, pad_token=PAD)
    tokenizer.add_tokens(list(SCRATCHPAD))
    tokenizer.chat_template = TEMPLATE
    tokenizer.model_max_length = 16_384
    tokenizer.padding_side = "right"
    return tokenizer


def save_tokenizer(tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write the tokenizer's files, chat template included."""
    tokenizer.save_pretrained(folder)


class RowEncoder:
    """Rows to token ids, many at once; the same ids as the chat template gives."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        self._core = tokenizer.backend_tokenizer
        vocabulary = self._core.get_vocab()
        self._end, self._bos = vocabulary[END], vocabulary[BOS]
        self._roles = {role: vocabulary[token] for role, token in ROLES.items()}

    def __call__(self, batch: list[Row]) -> list[Encoded]:
        """All rows, in order."""
        texts: list[str] = []
        for row in batch:
            texts += [m.content for m in row.conversation]
            texts += [row.prefill, row.answer[len(row.prefill) :]]
        pieces = iter(self._core.encode_batch(texts, add_special_tokens=False))
        return [self._join(row, pieces) for row in batch]

    def _join(self, row: Row, pieces: Iterator[Encoding]) -> Encoded:
        ids: list[int] = [self._bos]
        learn = [False]
        learned = {i % (len(row.conversation) + 1) for i in row.learn}
        for index, message in enumerate(row.conversation):
            part = next(pieces).ids
            keep = message.role == "assistant" and index in learned
            ids += [self._roles[message.role], *part, self._end]
            learn += [False, *([keep] * (len(part) + 1))]
        prefill, answer = next(pieces).ids, next(pieces).ids
        if not row.is_document:
            ids.append(self._roles["assistant"])
            learn.append(False)
        ids += [*prefill, *answer, self._end]
        learn += [False] * len(prefill) + [True] * (len(answer) + 1)
        return Encoded(tuple(ids), tuple(learn))
